// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a value of a document may be.
///
/// One description serves three purposes: documents are read by it, the published JSON Schemas are made from it, and
/// help texts print its bounds.
indirect enum ValueType: Sendable {
    /// `true` or `false`.
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// Text of at most so many bytes, taken as it is.
    case text(limit: Int)
    /// One of these words.
    case choice([String])
    /// An id of a node, case, variable (spec 3.1).
    case id
    /// The name of a definition.
    case name
    case duration(ClosedRange<Duration>)
    /// RFC 3339.
    case time
    /// Decimal USD.
    case money
    /// JSON Pointer (RFC 6901).
    case pointer
    /// JSON Schema 2020-12.
    case schema
    /// Any JSON, taken as it is.
    case anything
    /// CEL, bare or as `${…}`, with the variables that exist only here.
    case expression([String])
    /// CEL that is true or false.
    case condition([String])
    /// Any JSON whose texts may hold `${…}`.
    case template([String])
    /// Text that may hold `${…}`.
    case textTemplate(limit: Int, [String])
    /// A mapping whose values may hold `${…}`, or one `${…}` that gives it.
    case objectTemplate([String])
    case list(ValueType, ClosedRange<Int>)
    /// A mapping with free keys.
    case table(keys: KeyRule, ValueType)
    case shape(Shape)
    /// The first alternative that fits the kind of the value.
    case either([ValueType])
    /// The value itself, or text that is one `${…}` and gives it.
    case computed(ValueType, [String])
    /// Nothing.
    case null
    /// A list of nodes, of edges.
    case nodes, edges
    /// The id of a node, or `ID.PORT`.
    case end
    /// A whole document.
    case document

    /// What keys of a table must be.
    enum KeyRule: Sendable {
        case id, text(limit: Int)
    }

    /// A list of any length.
    static func list(_ element: ValueType) -> ValueType { .list(element, 0...Int.max) }

    /// Text in words of a reader.
    static let line = ValueType.text(limit: 200)
    static let note = ValueType.text(limit: 2000)
}

extension ValueType {
    /// Whether a value of this form can be of the type at all; decides between alternatives.
    func accepts(_ node: SourceNode) -> Bool {
        switch (self, node.content) {
        case (.flag, .bool), (.integer, .int), (.integer, .double), (.number, .int), (.number, .double): true
        case (.money, .int), (.money, .double), (.money, .text): true
        case (.choice(let words), .text(let text)): words.contains(text) || words.count > 1
        case (.text, .text), (.id, .text), (.name, .text), (.duration, .text), (.time, .text), (.pointer, .text): true
        case (.textTemplate, .text), (.expression, .text), (.condition, .text): true
        case (.expression, .bool), (.expression, .int), (.expression, .double), (.condition, .bool): true
        case (.objectTemplate, .mapping), (.objectTemplate, .text): true
        case (.list, .list), (.nodes, .list), (.edges, .list): true
        case (.table, .mapping), (.shape, .mapping), (.document, .mapping), (.end, .text): true
        case (.schema, .mapping), (.schema, .bool): true
        case (.null, .null): true
        case (.anything, _), (.template, _): true
        case (.computed(let type, _), _): type.accepts(node) || node.isText
        case (.either(let types), _): types.contains { $0.accepts(node) }
        default: false
        }
    }

    /// What is expected, for messages: `a list`.
    var expectation: String {
        switch self {
        case .flag: "true or false"
        case .integer: "an integer"
        case .number: "a number"
        case .text, .id, .name, .time, .pointer, .textTemplate, .end: "text"
        case .choice(let words): "one of " + words.map { "`\($0)`" }.joined(separator: ", ")
        case .duration: "a duration such as `10s`"
        case .money: "an amount in USD such as `0.50`"
        case .schema: "a JSON Schema"
        case .anything, .template: "a value"
        case .expression, .condition: "an expression"
        case .objectTemplate, .table, .shape, .document: "a mapping"
        case .list, .nodes, .edges: "a list"
        case .either(let types): types.map(\.expectation).joined(separator: ", or ")
        case .computed(let type, _): type.expectation + ", or one `${…}`"
        case .null: "null"
        }
    }
}

extension SourceNode {
    var isText: Bool {
        if case .text = content { true } else { false }
    }
}
