// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// JSON in which strings may hold `${ expression }`.
///
/// A string that is exactly one `${…}` keeps the value's type. Inside longer text strings appear as they are, numbers
/// and bools as JSON, lists and objects as canonical JSON; null is an error. Names of members are never templates.
public struct ValueTemplate: Sendable {
    /// One expression of a template.
    public struct Slot: Sendable {
        /// JSON Pointer of the string inside the template.
        public let pointer: String
        /// The parsed expression.
        public let expression: CELExpression
        /// UTF-8 byte offset of the expression's text inside that string.
        public let offset: Int
    }

    /// The template as given.
    public let source: JSONValue
    /// Every expression, in the order of the document.
    public let slots: [Slot]
    /// `nil` when no text holds a `$`, so that the value is the source itself.
    private let root: Part?

    /// Parses every expression.
    ///
    /// - Parameter parsed: Where to look for expressions that need not be parsed again.
    /// - Throws: The first failure with the pointer of its string: `syntax`, `limit` or `unknownFunction`.
    public init(_ source: JSONValue, parsed: ParsedExpressions? = nil) throws(TemplateError) {
        self.source = source
        guard TemplateBuilder.mayHoldExpressions(source) else {
            root = nil
            slots = []
            return
        }
        var builder = TemplateBuilder(parsed: parsed)
        root = try builder.part(source)
        slots = builder.slots
    }

    /// The value itself: nothing in it is taken for an expression.
    public init(constant value: JSONValue) {
        source = value
        slots = []
        root = .constant(value)
    }

    /// No expression reads a variable: the value is always the same.
    public var isConstant: Bool { slots.allSatisfy(\.expression.isConstant) }

    /// The value with every expression replaced.
    ///
    /// - Parameter stepLimit: Steps of all expressions together.
    /// - Throws: `failed` or `cost` with the place of the expression.
    public func evaluate(
        in scope: some CELScope,
        stepLimit: Int = CELExpression.defaultStepLimit
    ) throws(TemplateError) -> JSONValue {
        guard let root else { return source }
        if case .constant(let value) = root { return value }
        var evaluator = Evaluator(scope: scope, stepLimit: stepLimit)
        return try value(of: root, &evaluator)
    }

    /// A template with strings taken apart.
    enum Part: Sendable {
        /// No expression inside.
        case constant(JSONValue)
        /// Exactly one expression, by its place in `slots`.
        case slot(Int)
        case text([TextPart])
        case array([Part])
        case object([(key: String, value: Part)])
    }

    enum TextPart: Sendable {
        case text(String)
        case slot(Int)
    }

    private func value(of part: Part, _ evaluator: inout Evaluator) throws(TemplateError) -> JSONValue {
        switch part {
        case .constant(let value): return value
        case .slot(let index):
            return try located(slots[index]) { () throws(CELError) in
                try evaluator.boundedJSON(try evaluator.evaluate(slots[index].expression.root))
            }
        case .text(let parts): return .string(try text(of: parts, &evaluator))
        case .array(let parts):
            var elements: [JSONValue] = []
            elements.reserveCapacity(parts.count)
            for part in parts { elements.append(try value(of: part, &evaluator)) }
            return .array(elements)
        case .object(let parts):
            var object = JSONObject()
            for (key, part) in parts { object.append(key, try value(of: part, &evaluator)) }
            return .object(object)
        }
    }

    private func text(of parts: [TextPart], _ evaluator: inout Evaluator) throws(TemplateError) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .slot(let index):
                result += try located(slots[index]) { () throws(CELError) in
                    try evaluator.interpolated(try evaluator.evaluate(slots[index].expression.root))
                }
            }
        }
        return result
    }

    private func located<Result>(
        _ slot: Slot,
        _ body: () throws(CELError) -> Result
    ) throws(TemplateError) -> Result {
        do { return try body() } catch {
            throw TemplateError(pointer: slot.pointer, offset: slot.offset + (error.offset ?? 0), cause: error)
        }
    }
}

/// Parses the strings of a template.
private struct TemplateBuilder {
    let parsed: ParsedExpressions?
    private(set) var slots: [ValueTemplate.Slot] = []
    init(parsed: ParsedExpressions?) {
        self.parsed = parsed
    }

    /// Expressions and escapes begin with `$`.
    static func mayHoldExpressions(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .int, .double: false
        case .string(let text): text.utf8.contains(UInt8(ascii: "$"))
        case .array(let values): values.contains(where: mayHoldExpressions)
        case .object(let object): object.members.contains { mayHoldExpressions($0.value) }
        }
    }

    /// - Parameter pointer: The way to the value, as a JSON Pointer.
    mutating func part(
        _ value: JSONValue,
        at pointer: () -> String = { "" }
    ) throws(TemplateError) -> ValueTemplate.Part {
        switch value {
        case .null, .bool, .int, .double: return .constant(value)
        case .string(let text): return try part(text, at: pointer)
        case .array(let values):
            let first = slots.count
            var parts: [ValueTemplate.Part] = []
            for (index, value) in values.enumerated() {
                parts.append(try part(value, at: { pointer() + "/" + String(index) }))
            }
            guard slots.count == first else { return .array(parts) }
            return .constant(.array(parts.compactMap(\.constant)))
        case .object(let object):
            let first = slots.count
            var parts: [(key: String, value: ValueTemplate.Part)] = []
            parts.reserveCapacity(object.count)
            for member in object {
                let part = try part(member.value, at: { pointer() + "/" + Self.token(member.key) })
                parts.append((member.key, part))
            }
            guard slots.count == first else { return .object(parts) }
            var constant = JSONObject()
            for (key, part) in parts { if let value = part.constant { constant.append(key, value) } }
            return .constant(.object(constant))
        }
    }

    private mutating func part(_ text: String, at pointer: () -> String) throws(TemplateError) -> ValueTemplate.Part {
        let segments: [TemplateText.Segment]
        do { segments = try TemplateText(text).segments } catch {
            throw TemplateError(pointer: pointer(), offset: error.offset, cause: error)
        }
        if segments.count == 1 {
            switch segments[0] {
            case .text(let text): return .constant(.string(text))
            case .expression(let source, let offset):
                slots.append(try slot(source, at: pointer(), offset))
                return .slot(slots.count - 1)
            }
        }
        var parts: [ValueTemplate.TextPart] = []
        for segment in segments {
            switch segment {
            case .text(let text): parts.append(.text(text))
            case .expression(let source, let offset):
                parts.append(.slot(slots.count))
                slots.append(try slot(source, at: pointer(), offset))
            }
        }
        return parts.isEmpty ? .constant(.string("")) : .text(parts)
    }

    private func slot(_ source: String, at pointer: String, _ offset: Int) throws(TemplateError) -> ValueTemplate.Slot {
        do {
            return ValueTemplate.Slot(pointer: pointer, expression: try expression(source), offset: offset)
        } catch {
            throw TemplateError(pointer: pointer, offset: offset + (error.offset ?? 0), cause: error)
        }
    }

    private func expression(_ source: String) throws(CELError) -> CELExpression {
        guard let parsed else { return try CELExpression(source) }
        return try parsed.expression(source)
    }

    /// A name as a part of a JSON Pointer (RFC 6901, section 3).
    private static func token(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var token = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": token += "~0"
            case "/": token += "~1"
            default: token.unicodeScalars.append(scalar)
            }
        }
        return token
    }
}

extension ValueTemplate.Part {
    fileprivate var constant: JSONValue? {
        if case .constant(let value) = self { value } else { nil }
    }
}
