// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
import Model

/// A key of a mapping in words, for help texts and forms.
public struct FieldDescription: Sendable {
    /// The key.
    public let key: String
    /// What it holds: `integer`, `duration`, `list of ids`.
    public let type: String
    /// Its bounds, such as `1 to 10`; `nil` when there are none to name.
    public let bounds: String?
    /// It must be there.
    public let isRequired: Bool
    /// What holds when it is not there.
    public let defaultText: String?
    /// What it is, in a few words.
    public let summary: String
    /// Older spellings.
    public let aliases: [String]
    /// The keys of the mapping it holds, or of each mapping in the list it holds.
    public let fields: [FieldDescription]

    init(_ field: Shape.Field) {
        key = field.key
        type = field.type.word
        bounds = field.type.bounds
        isRequired = field.isRequired
        defaultText = field.defaultText ?? field.documentDefault?.wordText
        summary = field.summary
        aliases = field.aliases.map(\.key)
        fields = field.type.shape.map { $0.fields.map(FieldDescription.init) } ?? []
    }

    /// The form for programs; what does not apply is left out.
    public var json: JSONValue {
        var object: JSONObject = ["key": .string(key), "type": .string(type), "required": .bool(isRequired)]
        if let bounds { object["bounds"] = .string(bounds) }
        if let defaultText { object["default"] = .string(defaultText) }
        object["summary"] = .string(summary)
        if !aliases.isEmpty { object["aliases"] = .array(aliases.map { .string($0) }) }
        if !fields.isEmpty { object["fields"] = .array(fields.map(\.json)) }
        return .object(object)
    }
}

extension Shape.Field {
    /// The default as documents write it.
    var documentDefault: JSONValue? {
        if let defaultValue {
            guard case .duration = type, let count = defaultValue.intValue else { return defaultValue }
            return .string(defaultText ?? Duration.milliseconds(count).text)
        }
        guard let defaultText else { return nil }
        return type.value(of: defaultText)
    }

    /// The summary with what a schema cannot say.
    var schemaDescription: String {
        var parts = [summary]
        if case .duration = type, let bounds = type.bounds { parts.append(bounds) }
        if let defaultText, documentDefault == nil { parts.append("default: \(defaultText)") }
        return parts.joined(separator: "; ")
    }
}

extension JSONValue {
    /// Text as it is, everything else as JSON.
    fileprivate var wordText: String { stringValue.map { $0.isEmpty ? "\"\"" : $0 } ?? text }
}

extension ValueType {
    /// What it holds, in a word or a few.
    var word: String {
        switch self {
        case .flag: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .text: "text"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .id: "id"
        case .name: "name"
        case .duration: "duration"
        case .time: "time"
        case .money: "USD"
        case .pointer: "JSON Pointer"
        case .schema: "JSON Schema"
        case .anything: "any value"
        case .expression: "expression"
        case .condition: "condition"
        case .template: "template"
        case .textTemplate: "text template"
        case .objectTemplate: "mapping template"
        case .list(let element, _): "list of \(element.plural)"
        case .table(_, let element): "mapping of \(element.plural)"
        case .shape: "mapping"
        case .either(let types): types.map(\.word).joined(separator: " or ")
        case .computed(let type, _): "\(type.word), or `${…}`"
        case .null: "null"
        case .nodes: "list of nodes"
        case .edges: "list of edges"
        case .end: "id, or `ID.PORT`"
        case .document: "document"
        }
    }

    private var plural: String {
        switch self {
        case .flag, .integer, .number, .text, .id, .name, .duration, .time, .pointer, .schema, .expression, .condition,
            .template, .textTemplate, .objectTemplate, .shape, .document:
            word + "s"
        case .anything: "values"
        default: word
        }
    }

    /// The bounds in words.
    var bounds: String? {
        switch self {
        case .integer(let range): Self.text(range)
        case .number(let range): "\(Self.numberText(range.lowerBound)) to \(Self.numberText(range.upperBound))"
        case .duration(let range): "\(range.lowerBound.text) to \(range.upperBound.text)"
        case .text(let limit), .textTemplate(let limit, _): "at most \(limit) bytes"
        case .list(_, let count) where count.lowerBound > 0 || count.upperBound < .max:
            Self.text(count).map { "\($0) elements" }
        case .computed(let type, _): type.bounds
        case .either(let types): types.lazy.compactMap(\.bounds).first
        default: nil
        }
    }

    private static func text(_ range: ClosedRange<Int>) -> String? {
        if range.upperBound == .max { return range.lowerBound == 0 ? nil : "at least \(range.lowerBound)" }
        return "\(range.lowerBound) to \(range.upperBound)"
    }

    /// The keys that a reader wants to see below this one.
    fileprivate var shape: Shape? {
        switch self {
        case .shape(let shape): shape
        case .list(let element, _), .computed(let element, _): element.shape
        case .either(let types): types.lazy.compactMap(\.shape).first
        default: nil
        }
    }

    /// The value that a default names in words; `nil` when the words only describe it.
    fileprivate func value(of text: String) -> JSONValue? {
        switch self {
        case .flag: text == "true" ? true : text == "false" ? false : nil
        case .integer, .number: (try? JSONValue(parsing: text)).flatMap { $0.doubleValue == nil ? nil : $0 }
        case .choice(let words): words.contains(text) ? .string(text) : nil
        case .either(let types): types.lazy.compactMap { $0.value(of: text) }.first
        default: nil
        }
    }
}
