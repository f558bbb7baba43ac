// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Values that hold others.
extension ShapeReader {
    mutating func list(
        _ value: SourceValue,
        _ key: String,
        _ element: ValueType,
        _ count: ClosedRange<Int>,
        _ part: Shape.Part
    ) -> JSONValue? {
        guard let items = value.items else { return mismatch(value, key, .list(element), part) }
        if items.count < count.lowerBound {
            let least = count.lowerBound == 1 ? "one element" : "\(count.lowerBound) elements"
            sink.report(part.invalidValue, at: value, "`\(key)` needs at least \(least)")
        } else if items.count > count.upperBound {
            let message = "`\(key)` has \(items.count) elements; at most \(count.upperBound) are allowed"
            sink.report(part.invalidValue, at: value, message)
        }
        var result: [JSONValue] = []
        result.reserveCapacity(items.count)
        for item in items {
            if let read = self.value(item, key, element, part) { result.append(read) }
        }
        return .array(result)
    }

    mutating func table(
        _ value: SourceValue,
        _ key: String,
        _ rule: ValueType.KeyRule,
        _ element: ValueType,
        _ part: Shape.Part
    ) -> JSONValue? {
        guard let members = value.members else { return mismatch(value, key, .table(keys: rule, element), part) }
        var result = JSONObject()
        for (entry, member) in members {
            check(entry, member, key, rule, part)
            if let read = self.value(member, entry.key, element, part) { result.append(entry.key, read) }
        }
        return .object(result)
    }

    private func check(
        _ entry: SourceEntry,
        _ value: SourceValue,
        _ key: String,
        _ rule: ValueType.KeyRule,
        _ part: Shape.Part
    ) {
        switch rule {
        case .id where !Name.isID(entry.key):
            let message = "`\(entry.key)` is no valid name in `\(key)`; \(Name.idRule)"
            sink.report(.invalidName, at: value, position: entry.keyPosition, message)
        case .text(let limit) where entry.key.isEmpty || entry.key.utf8.count > limit:
            let message = "keys of `\(key)` have 1 to \(limit) bytes, not \(entry.key.utf8.count)"
            sink.report(part.invalidValue, at: value, position: entry.keyPosition, message)
        default: break
        }
    }

    mutating func either(
        _ value: SourceValue,
        _ key: String,
        _ types: [ValueType],
        _ part: Shape.Part
    ) -> JSONValue? {
        guard let type = types.first(where: { $0.accepts(value.node) }) else {
            return mismatch(value, key, .either(types), part)
        }
        return self.value(value, key, type, part)
    }

    mutating func computed(
        _ value: SourceValue,
        _ key: String,
        _ type: ValueType,
        _ locals: [String],
        _ part: Shape.Part
    ) -> JSONValue? {
        guard case .text(let text) = value.node.content, text.utf8.contains(UInt8(ascii: "$")) else {
            guard type.accepts(value.node) else { return mismatch(value, key, .computed(type, locals), part) }
            return self.value(value, key, type, part)
        }
        guard let template = expressions.template(value, locals: locals) else { return nil }
        guard template.slots.isEmpty else { return template.source }
        return self.value(value, key, type, part)
    }

    mutating func objectTemplate(
        _ value: SourceValue,
        _ key: String,
        _ locals: [String],
        _ part: Shape.Part
    ) -> JSONValue? {
        guard let template = expressions.template(value, locals: locals) else { return nil }
        if case .mapping = value.node.content { return template.source }
        if case .text = value.node.content, template.slots.first?.pointer == "" { return template.source }
        return mismatch(value, key, .objectTemplate(locals), part)
    }

    private func mismatch(_ value: SourceValue, _ key: String, _ type: ValueType, _ part: Shape.Part) -> JSONValue? {
        sink.report(part.invalidValue, at: value, "`\(key)` must be \(type.expectation), not \(value.node.kindName)")
        return nil
    }
}
