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
}

/// Reads expressions and templates and remembers what they refer to.
struct ExpressionReader {
    let sink: DiagnosticSink
    private(set) var uses: [ExpressionUse] = []

    init(sink: DiagnosticSink) {
        self.sink = sink
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
        _ codes: MappingReader.Codes,
        locals: [String] = []
    ) -> CELExpression? {
        let text: String
        switch value.node.content {
        case .text(let written): text = written
        case .bool, .int, .double: text = value.node.json.text
        case .null, .list, .mapping:
            sink.report(codes.invalidValue, at: value, "`\(key)` must be an expression, not \(value.node.kindName)")
            return nil
        }
        let (source, offset) = Self.unwrapped(text)
        do {
            let expression = try CELExpression(source)
            uses.append(.init(expression: expression, value: value, pointer: "", offset: offset, locals: locals))
            return expression
        } catch {
            report(error, at: value, offset: offset + (error.offset ?? 0))
            return nil
        }
    }

    /// An expression that is true or false.
    mutating func condition(
        _ value: SourceValue,
        _ key: String,
        _ codes: MappingReader.Codes,
        locals: [String] = []
    ) -> CELExpression? {
        guard let expression = expression(value, key, codes, locals: locals) else { return nil }
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
        do {
            let template = try ValueTemplate(json)
            for slot in template.slots {
                uses.append(
                    .init(
                        expression: slot.expression,
                        value: value,
                        pointer: slot.pointer,
                        offset: slot.offset,
                        locals: locals
                    )
                )
            }
            return template
        } catch {
            let place = (try? JSONPointer(error.pointer)).map { value.descendant($0) } ?? value
            report(error.cause, at: place, offset: error.offset)
            return nil
        }
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
