// Baton
// SPDX-License-Identifier: Apache-2.0

/// Turns schemas into checks. Cheap checks come first, so that messages go from the general to the special.
struct SchemaCompiler {
    private let schema: JSONObject
    private let place: JSONPointer

    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "format", "deprecated", "readOnly", "writeOnly", "$schema",
        "$id", "$comment",
    ]

    private static let keywords: Set<String> = [
        "type", "enum", "const", "properties", "required", "additionalProperties", "minProperties", "maxProperties",
        "items", "prefixItems", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "allOf", "anyOf", "oneOf", "not",
    ]

    static func compile(_ schema: JSONValue, at place: JSONPointer) throws(JSONSchemaError) -> SchemaNode {
        switch schema {
        case .bool(true): return SchemaNode()
        case .bool(false): return SchemaNode(checks: [.nothing])
        case .object(let object): return try SchemaCompiler(schema: object, place: place).compile()
        default: throw JSONSchemaError(pointer: place, message: "a schema must be an object, true or false")
        }
    }

    private func compile() throws(JSONSchemaError) -> SchemaNode {
        for keyword in schema.keys where !Self.keywords.contains(keyword) {
            guard Self.annotations.contains(keyword) || keyword.hasPrefix("x-") else {
                throw failure(keyword, "is not a supported keyword")
            }
        }
        var node = SchemaNode()
        try addValueChecks(&node)
        try addNumberChecks(&node)
        try addArrayChecks(&node)
        try addObjectChecks(&node)
        try addCombinations(&node)
        return node
    }

    private func addValueChecks(_ node: inout SchemaNode) throws(JSONSchemaError) {
        if let types = schema["type"] { node.checks.append(.type(try self.types(types))) }
        if let const = schema["const"] { node.checks.append(.oneOfValues([const])) }
        if let values = schema["enum"] {
            guard let values = values.arrayValue else { throw failure("enum", "must be an array") }
            node.checks.append(.oneOfValues(values))
        }
        if let length = try range("minLength", "maxLength") { node.checks.append(.length(length)) }
    }

    private func addNumberChecks(_ node: inout SchemaNode) throws(JSONSchemaError) {
        let rules: [SchemaNumberRule] = [.minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf]
        for rule in rules {
            guard let limit = schema[rule.rawValue] else { continue }
            guard let number = limit.doubleValue else { throw failure(rule.rawValue, "must be a number") }
            if rule == .multipleOf, number <= 0 { throw failure(rule.rawValue, "must be above 0") }
            node.checks.append(.number(rule, limit: limit))
        }
    }

    private func addArrayChecks(_ node: inout SchemaNode) throws(JSONSchemaError) {
        if let count = try range("minItems", "maxItems") { node.checks.append(.itemCount(count)) }
        if let unique = schema["uniqueItems"] {
            guard let unique = unique.boolValue else { throw failure("uniqueItems", "must be true or false") }
            if unique { node.checks.append(.uniqueItems) }
        }
        let prefix = try nodes("prefixItems") ?? []
        let rest = try optionalNode("items")
        if !prefix.isEmpty || rest != nil { node.checks.append(.items(prefix: prefix, rest: rest)) }
    }

    private func addObjectChecks(_ node: inout SchemaNode) throws(JSONSchemaError) {
        if let count = try range("minProperties", "maxProperties") { node.checks.append(.memberCount(count)) }
        if let required = schema["required"] {
            let names = required.arrayValue?.compactMap(\.stringValue)
            guard let names, names.count == required.arrayValue?.count else {
                throw failure("required", "must be an array of names")
            }
            node.checks.append(.required(names))
        }
        var members = SchemaMembers(additional: try optionalNode("additionalProperties"))
        guard let properties = schema["properties"] else {
            if members.additional != nil { node.checks.append(.members(members)) }
            return
        }
        guard let properties = properties.objectValue else { throw failure("properties", "must be an object") }
        let inside = place.appending("properties")
        for member in properties {
            members.append(member.key, try Self.compile(member.value, at: inside.appending(member.key)))
        }
        node.checks.append(.members(members))
    }

    private func addCombinations(_ node: inout SchemaNode) throws(JSONSchemaError) {
        if let all = try nodes("allOf") { node.checks.append(.all(all)) }
        if let any = try nodes("anyOf") { node.checks.append(.any(any)) }
        if let one = try nodes("oneOf") { node.checks.append(.one(one)) }
        if let not = try optionalNode("not") { node.checks.append(.not(not)) }
    }

    private func types(_ value: JSONValue) throws(JSONSchemaError) -> SchemaTypes {
        var types: SchemaTypes = []
        for name in value.arrayValue ?? [value] {
            guard let type = name.stringValue.flatMap(SchemaTypes.init(name:)) else {
                throw failure("type", "must name types, \(name.text) is none")
            }
            types.formUnion(type)
        }
        guard !types.isEmpty else { throw failure("type", "must name a type") }
        return types
    }

    private func range(_ least: String, _ most: String) throws(JSONSchemaError) -> SchemaRange? {
        let range = SchemaRange(least: try size(least), most: try size(most))
        return range.least == nil && range.most == nil ? nil : range
    }

    private func size(_ keyword: String) throws(JSONSchemaError) -> Int? {
        guard let value = schema[keyword] else { return nil }
        guard let size = value.intValue, size >= 0 else { throw failure(keyword, "must be an integer from 0") }
        return Int(size)
    }

    private func optionalNode(_ keyword: String) throws(JSONSchemaError) -> SchemaNode? {
        guard let schema = schema[keyword] else { return nil }
        return try Self.compile(schema, at: place.appending(keyword))
    }

    private func nodes(_ keyword: String) throws(JSONSchemaError) -> [SchemaNode]? {
        guard let value = schema[keyword] else { return nil }
        guard let schemas = value.arrayValue, !schemas.isEmpty else {
            throw failure(keyword, "must be an array with one schema or more")
        }
        var nodes: [SchemaNode] = []
        for (index, schema) in schemas.enumerated() {
            nodes.append(try Self.compile(schema, at: place.appending(keyword).appending(index)))
        }
        return nodes
    }

    private func failure(_ keyword: String, _ problem: String) -> JSONSchemaError {
        JSONSchemaError(pointer: place.appending(keyword), message: "\"\(keyword)\" \(problem)")
    }
}
