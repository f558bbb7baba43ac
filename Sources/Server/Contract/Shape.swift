// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// The JSON Schema of a value: checks requests and describes answers.
struct Shape: Sendable {
    /// One member of an object.
    struct Field: Sendable {
        let name: String
        let shape: Shape
        let isRequired: Bool

        /// A member that may be left out.
        static func optional(_ name: String, _ shape: Shape, _ meaning: String? = nil) -> Self {
            Field(name: name, shape: meaning.map(shape.meaning) ?? shape, isRequired: false)
        }

        /// A member that must be there.
        static func required(_ name: String, _ shape: Shape, _ meaning: String? = nil) -> Self {
            Field(name: name, shape: meaning.map(shape.meaning) ?? shape, isRequired: true)
        }
    }

    let schema: JSONObject

    init(_ schema: JSONObject) { self.schema = schema }

    /// Whatever it is.
    static let any = Shape([:])
    /// `true` or `false`.
    static let flag = Shape(["type": "boolean"])
    /// RFC 3339, UTC.
    static let time = Shape(["type": "string", "format": "date-time"])
    /// An object of any members.
    static let anyObject = Shape(["type": "object"])
    /// An amount in dollars: a decimal number as text.
    static let money = Shape(["type": "string", "pattern": "^[0-9]{1,6}(\\.[0-9]{1,12})?$"])

    /// Text with so many characters, in a query or a header: NUL cannot be there.
    static func word(_ lengths: ClosedRange<Int>) -> Shape { text(lengths, pattern: "^[^\\x00]*$") }

    /// Text with so many characters.
    static func text(_ lengths: ClosedRange<Int>, pattern: String? = nil) -> Shape {
        var schema: JSONObject = ["type": "string", "maxLength": .int(Int64(lengths.upperBound))]
        if lengths.lowerBound > 0 { schema["minLength"] = .int(Int64(lengths.lowerBound)) }
        schema["pattern"] = pattern.map(JSONValue.string)
        return Shape(schema)
    }

    /// Text of an answer.
    static let text = Shape(["type": "string"])

    static func integer(_ range: ClosedRange<Int64>) -> Shape {
        Shape(["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)])
    }

    /// A whole number of an answer.
    static let integer = Shape(["type": "integer"])

    /// One of some words.
    static func choice(_ words: [String]) -> Shape {
        Shape(["type": "string", "enum": .array(words.map(JSONValue.string))])
    }

    /// One of the spellings of an enumeration.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> Shape {
        choice(Choice.allCases.map(\.rawValue))
    }

    /// An id with its prefix and the 26 characters of a time-ordered number.
    static func id(_ prefix: String) -> Shape {
        Shape(["type": "string", "pattern": .string("^\(prefix)_[0-7][0-9a-hjkmnp-tv-z]{25}$")])
    }

    static func list(_ items: Shape, _ counts: ClosedRange<Int>? = nil) -> Shape {
        var schema: JSONObject = ["type": "array", "items": .object(items.schema)]
        if let counts {
            if counts.lowerBound > 0 { schema["minItems"] = .int(Int64(counts.lowerBound)) }
            schema["maxItems"] = .int(Int64(counts.upperBound))
        }
        return Shape(schema)
    }

    /// An object whose members have free names.
    static func map(_ values: Shape, upTo count: Int? = nil, names: ClosedRange<Int>? = nil) -> Shape {
        var schema: JSONObject = ["type": "object", "additionalProperties": .object(values.schema)]
        schema["maxProperties"] = count.map { .int(Int64($0)) }
        if let names { schema["propertyNames"] = .object(text(names).schema) }
        return Shape(schema)
    }

    /// An object of a request: no other members are taken.
    static func object(_ fields: Field...) -> Shape { members(fields, isClosed: true) }

    /// The same, with at least one member.
    static func change(_ fields: Field...) -> Shape {
        var schema = members(fields, isClosed: true).schema
        schema["minProperties"] = 1
        return Shape(schema)
    }

    /// One of several shapes.
    static func either(_ shapes: Shape...) -> Shape {
        Shape(["anyOf": .array(shapes.map { .object($0.schema) })])
    }

    /// An object of an answer: later versions may add members.
    static func answer(_ fields: Field...) -> Shape { members(fields, isClosed: false) }

    static func members(_ fields: [Field], isClosed: Bool) -> Shape {
        var (properties, required) = (JSONObject(), [JSONValue]())
        for field in fields {
            properties[field.name] = .object(field.shape.schema)
            if field.isRequired { required.append(.string(field.name)) }
        }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { schema["required"] = .array(required) }
        if isClosed { schema["additionalProperties"] = false }
        return Shape(schema)
    }

    /// One of the ``Components``.
    static func named(_ name: String) -> Shape { Shape(["$ref": .string("#/components/schemas/\(name)")]) }

    /// A page of a list.
    static func page(of item: Shape) -> Shape {
        answer(.required("items", .list(item)), .required("next_cursor", Shape(["type": ["string", "null"]])))
    }

    /// The same with a sentence for readers.
    func meaning(_ text: String) -> Shape {
        var schema = schema
        schema["description"] = .string(text)
        return Shape(schema)
    }

    /// The same with an example.
    func example(_ value: JSONValue) -> Shape {
        var schema = schema
        schema["examples"] = .array([value])
        return Shape(schema)
    }

    /// Operations of RFC 6902, of which `add`, `remove`, `replace` and `test` are taken.
    static let operations = list(
        object(
            .required("op", choice(["add", "remove", "replace", "test"])),
            .required("path", text(1...1000, pattern: "^/")),
            .optional("value", any)
        ),
        1...1000
    )
}
