// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Checks values of a document against their types and gives them in the form that graphs store: durations in
/// milliseconds, older spellings replaced, fixed defaults filled in. Everything wrong is reported.
struct ShapeReader {
    let sink: DiagnosticSink
    var expressions: ExpressionReader

    init(
        sink: DiagnosticSink,
        names: ExpressionNames = ExpressionNames(),
        parsed: ParsedExpressions = ParsedExpressions()
    ) {
        self.sink = sink
        expressions = ExpressionReader(sink: sink, names: names, parsed: parsed)
    }

    /// The members of a mapping; `nil` when the value is none. Members that are wrong are left out.
    ///
    /// - Parameter skipping: Keys whose values somebody else reads; they count as known and are left out.
    mutating func object(_ value: SourceValue, as shape: Shape, skipping: [String] = []) -> JSONObject? {
        members(value, as: shape, skipping: skipping)?.stored
    }

    /// The same, and which fields there are.
    ///
    /// - Parameter room: How many members there will be, if that is known.
    mutating func members(
        _ value: SourceValue,
        as shape: Shape,
        skipping: [String],
        room: Int = 0
    ) -> (stored: JSONObject, present: FieldSet)? {
        guard case .mapping(let entries) = value.node.content else {
            sink.report(
                shape.invalidValue,
                at: value,
                "\(shape.name) must be a mapping, not \(value.node.kindName)"
            )
            return nil
        }
        var result = JSONObject(capacity: room)
        var present = FieldSet()
        for position in entries.indices {
            let isSkipped = skipping.contains(entries[position].key)
            guard let found = shape.find(entries[position].key) else {
                if !isSkipped { reportUnknown(entries[position], shape, value) }
                continue
            }
            guard present.insert(found.field) else {
                reportTwice(entries[position], entries[..<position], found.field, shape, value)
                continue
            }
            if isSkipped { continue }
            let entry = entries[position]
            let place = SourceValue(node: entry.value, path: SourcePath(value.path, .key(entry.key)))
            let field = shape.fields[found.field]
            read(place, entry, field, found.alias.map { field.aliases[$0] }, shape, into: &result)
        }
        checkPresence(present, shape, value, &result)
        return (result, present)
    }

    private mutating func read(
        _ place: SourceValue,
        _ entry: SourceEntry,
        _ field: Shape.Field,
        _ alias: Shape.Alias?,
        _ shape: Shape,
        into result: inout JSONObject
    ) {
        if let alias, let unit = alias.unit {
            guard let span = self.span(place, entry.key, field, unit, shape) else { return }
            result.append(field.storedKey, .int(span.milliseconds))
            let fix = Fix.rename(place, to: field.key, .string(span.text))
            note(entry, place, "`\(alias.key)` is read as `\(field.key): \(span.text)`", fix)
            return
        }
        if let alias {
            note(entry, place, "`\(alias.key)` is read as `\(field.key)`", Fix.rename(place, to: field.key))
        }
        if let read = self.value(place, entry.key, field.type, shape.part) { result.append(field.storedKey, read) }
    }

    /// A number of an older key that counts in a unit.
    private func span(
        _ place: SourceValue,
        _ key: String,
        _ field: Shape.Field,
        _ unit: Duration,
        _ shape: Shape
    ) -> Duration? {
        guard case .duration(let bounds) = field.type else { return nil }
        guard let count = place.node.json.doubleValue, (0...1e12).contains(count) else {
            sink.report(shape.invalidValue, at: place, "`\(key)` must be a number from 0 to 1e12")
            return nil
        }
        return checked(unit * count, key, bounds, place, shape.part)
    }

    private func note(_ entry: SourceEntry, _ place: SourceValue, _ message: String, _ fix: JSONValue) {
        sink.report(.alias, at: place, position: entry.keyPosition, message, fix: fix)
    }

    private func reportUnknown(_ entry: SourceEntry, _ shape: Shape, _ value: SourceValue) {
        if shape.isOpen || shape.part == .document && entry.key.hasPrefix("x-") { return }
        let place = SourceValue(node: entry.value, path: SourcePath(value.path, .key(entry.key)))
        let near = sink.nearest(to: entry.key, among: shape.fields.map(\.key))
        let suggestion = near.map { "; did you mean `\($0)`?" } ?? ""
        let isFree = near.map { value.member($0) == nil } ?? false
        sink.report(
            shape.unknownKey,
            at: place,
            position: entry.keyPosition,
            "unknown key `\(entry.key)` in \(shape.name)\(suggestion)",
            fix: isFree ? near.map { Fix.rename(place, to: $0) } : nil
        )
    }

    private func reportTwice(
        _ entry: SourceEntry,
        _ before: ArraySlice<SourceEntry>,
        _ field: Int,
        _ shape: Shape,
        _ value: SourceValue
    ) {
        let place = SourceValue(node: entry.value, path: SourcePath(value.path, .key(entry.key)))
        let other = before.first { shape.find($0.key)?.field == field }?.key ?? ""
        let names = entry.key == shape.fields[field].key ? (other, entry.key) : (entry.key, other)
        sink.report(
            shape.invalidValue,
            at: place,
            position: entry.keyPosition,
            "`\(names.0)` is another name of `\(names.1)`; keep one of them"
        )
    }

    private func checkPresence(
        _ present: FieldSet,
        _ shape: Shape,
        _ value: SourceValue,
        _ result: inout JSONObject
    ) {
        for index in shape.fieldsToFill where !present.contains(index) {
            let field = shape.fields[index]
            if let defaultValue = field.defaultValue {
                result.append(field.storedKey, defaultValue)
            } else if field.isRequired {
                let code = field.missingCode ?? shape.missingKey
                sink.report(code, at: value, "\(shape.name) needs the key `\(field.key)`")
            }
        }
        checkVariants(present, shape, value, result)
        for group in shape.groups {
            let found = group.keys.filter { key in shape.find(key).map { present.contains($0.field) } ?? false }
            let list = group.keys.map { "`\($0)`" }.joined(separator: ", ")
            if found.count > 1 {
                let message = "\(shape.name) takes only one of \(list)"
                sink.report(shape.invalidValue, at: value.member(found[1]) ?? value, message)
            } else if found.isEmpty, group.isRequired {
                sink.report(shape.missingKey, at: value, "\(shape.name) needs one of \(list)")
            }
        }
    }

    private func checkVariants(
        _ present: FieldSet,
        _ shape: Shape,
        _ value: SourceValue,
        _ result: JSONObject
    ) {
        guard let variants = shape.variants, let word = result[variants.key]?.stringValue,
            let own = variants.keys(of: word)
        else { return }
        let isPresent = { (key: String) in shape.find(key).map { present.contains($0.field) } ?? false }
        for (key, isRequired) in own where isRequired && !isPresent(key) {
            sink.report(shape.missingKey, at: value, "\(shape.name) of kind `\(word)` needs the key `\(key)`")
        }
        for key in variants.all.subtracting(own.map(\.name)).sorted() where isPresent(key) {
            let message = "`\(key)` does not belong to \(shape.name) of kind `\(word)`"
            sink.report(shape.unknownKey, at: value.member(key) ?? value, message)
        }
    }
}
