// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension CELType {
    /// Schemas inside each other that are looked into.
    private static let schemaDepthLimit = 32

    /// What a JSON Schema says about a value; whatever it leaves open, or says in a way not looked at, is `dyn`.
    ///
    /// Looked at: `type`, `properties`, `additionalProperties`, `patternProperties`, `items`, `prefixItems`, and `enum`
    /// and `const` where there is no `type`. A list of types, or `nullable`, is `dyn`.
    public init(schema: JSONValue) {
        self = Self.type(schema, depth: 0)
    }

    private static func type(_ schema: JSONValue, depth: Int) -> CELType {
        guard case .object(let object) = schema, depth < schemaDepthLimit, object["nullable"] != .bool(true) else {
            return .dyn
        }
        guard let type = object["type"] else {
            if let value = object["const"] { return CELType(of: CELValue(value)).withoutFields }
            if case .array(let values)? = object["enum"] {
                return joined(values.map { CELType(of: CELValue($0)).withoutFields })
            }
            return object["properties"] == nil ? .dyn : self.object(object, depth: depth)
        }
        guard case .string(let name) = type else { return .dyn }
        switch name {
        case "null": return .null
        case "boolean": return .bool
        case "integer": return .int
        case "number": return .number
        case "string": return .string
        case "array": return .list(elements(object, depth: depth))
        case "object": return self.object(object, depth: depth)
        default: return .dyn
        }
    }

    private static func elements(_ schema: JSONObject, depth: Int) -> CELType {
        guard schema["prefixItems"] == nil, let items = schema["items"] else { return .dyn }
        return type(items, depth: depth + 1)
    }

    private static func object(_ schema: JSONObject, depth: Int) -> CELType {
        var fields: [String: CELType] = [:]
        if case .object(let properties)? = schema["properties"] {
            for property in properties.members { fields[property.key] = type(property.value, depth: depth + 1) }
        } else if case .object? = schema["additionalProperties"], schema["patternProperties"] == nil {
            return .map(key: .string, value: type(schema["additionalProperties"] ?? true, depth: depth + 1))
        }
        let isClosed = schema["additionalProperties"] == .bool(false) && schema["patternProperties"] == nil
        return .object(Shape(fields: fields, isClosed: isClosed))
    }

    /// Numbers of a document as such, and maps as `dyn`, because other documents may have other members.
    private var withoutFields: CELType {
        switch self {
        case .int, .double: .number
        case .bool, .string, .number: self
        default: .dyn
        }
    }
}
