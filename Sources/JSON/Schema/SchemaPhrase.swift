// Baton
// SPDX-License-Identifier: Apache-2.0

/// Phrases of messages.
enum SchemaPhrase {
    static func kind(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "a number"
        case .double: "a number with a fraction"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    static func relation(_ rule: SchemaNumberRule) -> String {
        switch rule {
        case .minimum: "at least"
        case .maximum: "at most"
        case .exclusiveMinimum: "above"
        case .exclusiveMaximum: "below"
        case .multipleOf: "a multiple of"
        }
    }

    static func choice(_ values: [JSONValue]) -> String {
        let texts = values.prefix(10).map(excerpt) + (values.count > 10 ? ["…"] : [])
        return texts.count == 1 ? texts[0] : "one of \(texts.joined(separator: ", "))"
    }

    static func list(_ problems: [String]) -> String {
        (problems.prefix(5) + (problems.count > 5 ? ["…"] : [])).joined(separator: "; ")
    }

    /// The start of the value's text.
    static func excerpt(_ value: JSONValue) -> String {
        guard JSONExtent(value, byteLimit: 4_096) != nil else { return large(value) }
        let text = value.text
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }

    /// Large values are not written to show their start.
    private static func large(_ value: JSONValue) -> String {
        guard let string = value.stringValue else { return "\(kind(of: value)) of some size" }
        return "\(JSONValue.string(String(string.unicodeScalars.prefix(58))).text.dropLast())…"
    }
}
