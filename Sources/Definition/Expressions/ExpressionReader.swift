// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// An expression with where it stands, kept until the nodes are known.
struct ExpressionUse {
    let expression: CELExpression
    /// The text that holds it, or a value that does.
    let value: SourceValue
    /// The way from `value` to the text.
    let pointer: String
    /// Where the expression starts in the text, in bytes.
    let offset: Int
    /// Variables that exist only here.
    let locals: [String]
    /// The value must be true or false.
    var isCondition = false
    /// The text was a shorthand, so that offsets in the expression are not offsets in the text.
    var isRewritten = false

    /// Where a part of the expression stands.
    func position(_ part: Int) -> (value: SourceValue, position: SourcePosition) {
        let place = (try? JSONPointer(pointer)).map { value.descendant($0) } ?? value
        return (place, place.node.position(atByte: isRewritten ? offset : offset + part))
    }
}

/// Reads expressions and templates and remembers what they refer to.
struct ExpressionReader {
    let sink: DiagnosticSink
    /// What shorthands are resolved with.
    var names: ExpressionNames
    /// Variables that exist in everything that is read now, such as `item` in the body of a map.
    var outerLocals: [String] = []
    /// Local variables that the document calls otherwise.
    var renamedLocals: [String: String] = [:]
    /// What `$.field` means: the value before the field, or nothing.
    var subject: String?
    private(set) var uses: [ExpressionUse] = []
    private let parsed: ParsedExpressions

    init(
        sink: DiagnosticSink,
        names: ExpressionNames = ExpressionNames(),
        parsed: ParsedExpressions = ParsedExpressions()
    ) {
        self.sink = sink
        self.names = names
        self.parsed = parsed
    }

    /// Begins with a part of the document that has its own variables.
    mutating func start(locals: [String], subject: String?) {
        outerLocals = locals
        self.subject = subject
        uses = []
    }

    /// The uses since the last call.
    mutating func takeUses() -> [ExpressionUse] {
        defer { uses = [] }
        return uses
    }

    /// One expression, bare or as `${…}`; a number or a boolean stands for itself.
    mutating func expression(
        _ value: SourceValue,
        _ key: String,
        _ part: Shape.Part,
        locals: [String] = []
    ) -> CELExpression? {
        read(value, key, part, locals, isCondition: false)
    }

    /// An expression that is true or false.
    mutating func condition(
        _ value: SourceValue,
        _ key: String,
        _ part: Shape.Part,
        locals: [String] = []
    ) -> CELExpression? {
        guard let expression = read(value, key, part, locals, isCondition: true) else { return nil }
        guard expression.isConstant else { return expression }
        do {
            _ = try expression.condition(in: EmptyScope())
        } catch {
            report(error, at: value, offset: uses.last?.offset)
        }
        return expression
    }

    /// A value in which texts may hold `${…}`.
    mutating func template(_ value: SourceValue, locals: [String] = []) -> ValueTemplate? {
        template(value.node.json, at: value, locals: locals)
    }

    /// A template put together from parts of `value`; what it shares with `value` is at the same pointers.
    mutating func template(_ json: JSONValue, at value: SourceValue, locals: [String] = []) -> ValueTemplate? {
        let (rewritten, changed) = rewritten(json, at: value)
        do {
            let template = try ValueTemplate(rewritten, parsed: parsed)
            for slot in template.slots {
                uses.append(
                    .init(
                        expression: slot.expression,
                        value: value,
                        pointer: slot.pointer,
                        offset: slot.offset,
                        locals: all(locals),
                        isRewritten: changed.contains(slot.pointer)
                    )
                )
            }
            return template
        } catch {
            let place = (try? JSONPointer(error.pointer)).map { value.descendant($0) } ?? value
            report(error.cause, at: place, offset: changed.contains(error.pointer) ? nil : error.offset)
            return nil
        }
    }

    private mutating func read(
        _ value: SourceValue,
        _ key: String,
        _ part: Shape.Part,
        _ locals: [String],
        isCondition: Bool
    ) -> CELExpression? {
        let text: String
        switch value.node.content {
        case .text(let written): text = written
        case .bool, .int, .double: text = value.node.json.text
        case .null, .list, .mapping:
            sink.report(part.invalidValue, at: value, "`\(key)` must be an expression, not \(value.node.kindName)")
            return nil
        }
        let unwrapped = Self.unwrapped(text)
        let locals = all(locals)
        var shorthand = Shorthand(names: names, subject: subject, locals: locals)
        let (source, isRewritten) = shorthand.rewrite(unwrapped.source, isBraced: unwrapped.offset > 0, isCondition)
        if isRewritten {
            let fix = Fix.replace(value, with: .string(source))
            sink.report(.alias, at: value, "`\(text)` is read as `\(source)`", fix: fix)
        }
        do {
            let expression = try parsed.expression(source)
            uses.append(
                .init(
                    expression: expression,
                    value: value,
                    pointer: "",
                    offset: unwrapped.offset,
                    locals: locals,
                    isCondition: isCondition,
                    isRewritten: isRewritten
                )
            )
            return expression
        } catch {
            let offset = isRewritten ? unwrapped.offset : unwrapped.offset + (error.offset ?? 0)
            report(error, at: value, offset: offset)
            return nil
        }
    }

    private func all(_ locals: [String]) -> [String] {
        let own = renamedLocals.isEmpty ? locals : locals.map { renamedLocals[$0] ?? $0 }
        return outerLocals.isEmpty ? own : own + outerLocals
    }

    /// The value with shorthands replaced, and the pointers of the texts that changed.
    private func rewritten(_ json: JSONValue, at value: SourceValue) -> (JSONValue, Set<String>) {
        var changed: Set<String> = []
        let result = rewritten(json, JSONPointer.root, value, &changed)
        return (result ?? json, changed)
    }

    /// `nil` when nothing changes.
    private func rewritten(
        _ json: JSONValue,
        _ pointer: @autoclosure () -> JSONPointer,
        _ value: SourceValue,
        _ changed: inout Set<String>
    ) -> JSONValue? {
        switch json {
        case .string(let text):
            guard let new = rewritten(text) else { return nil }
            let pointer = pointer()
            changed.insert(pointer.description)
            let place = value.descendant(pointer)
            let fix = place.text == text ? Fix.replace(place, with: .string(new)) : nil
            sink.report(.alias, at: place, "`\(text)` is read as `\(new)`", fix: fix)
            return .string(new)
        case .array(let items):
            var result: [JSONValue]?
            for (index, item) in items.enumerated() {
                guard let new = rewritten(item, pointer().appending(index), value, &changed) else { continue }
                if result == nil { result = items }
                result?[index] = new
            }
            return result.map { .array($0) }
        case .object(let object):
            var result: JSONObject?
            for member in object {
                guard let new = rewritten(member.value, pointer().appending(member.key), value, &changed) else {
                    continue
                }
                if result == nil { result = object }
                result?[member.key] = new
            }
            return result.map { .object($0) }
        default: return nil
        }
    }

    /// A text of a template with shorthands replaced; `nil` when there are none.
    private func rewritten(_ text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
        let locals = renamedLocals.isEmpty ? outerLocals : outerLocals + Array(renamedLocals.values)
        var shorthand = Shorthand(names: names, subject: subject, locals: locals)
        if let bare = shorthand.bare(text) { return "${ \(bare) }" }
        guard let segments = try? TemplateText(text).segments else { return nil }
        var result: [TemplateText.Segment]?
        for (index, segment) in segments.enumerated() {
            guard case .expression(let source, let offset) = segment else { continue }
            let (new, isRewritten) = shorthand.rewrite(source, isBraced: true, false)
            guard isRewritten else { continue }
            if result == nil { result = segments }
            result?[index] = .expression(" \(new) ", offset: offset)
        }
        return result?.reduce(into: "") { text, segment in
            switch segment {
            case .text(let plain): text += Self.escaped(plain)
            case .expression(let source, _): text += "${\(source)}"
            }
        }
    }

    /// Text in which `${` means itself.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
    }

    private func report(_ error: CELError, at value: SourceValue, offset: Int?) {
        let code: Diagnostic.Code =
            switch error.code {
            case .syntax: .expressionSyntax
            case .limit: .expressionLimit
            case .unknownFunction: .unknownFunction
            case .failed, .cost: .expressionType
            }
        sink.report(code, at: value, position: value.node.position(atByte: offset), error.message)
    }

    /// The expression inside `${…}` and where it starts, or the text itself.
    private static func unwrapped(_ text: String) -> (source: String, offset: Int) {
        guard text.utf8.contains(UInt8(ascii: "$")), let segments = try? TemplateText(text).segments else {
            return (text, 0)
        }
        let parts = segments.filter { segment in
            guard case .text(let text) = segment else { return true }
            return !text.utf8.allSatisfy { $0 == 0x20 || $0 == 0x0a }
        }
        guard parts.count == 1, case .expression(let source, let offset) = parts[0] else { return (text, 0) }
        return (source, offset)
    }
}

/// A scope without variables.
struct EmptyScope: CELScope {
    func variable(_ name: String) -> CELValue? { nil }
}
