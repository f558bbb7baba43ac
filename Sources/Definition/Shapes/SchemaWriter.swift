// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Writes shapes as JSON Schema (draft 2020-12), for editors and forms.
///
/// A document that the schema refuses is refused by the reader too. The reader knows more: bounds of durations, whether
/// names exist, expressions.
struct SchemaWriter {
    /// What stands under `$defs`, by name.
    private(set) var definitions = JSONObject()
    private var names: [ObjectIdentifier: String] = [:]
    /// The schema of a document that stands inside another.
    private let document: JSONValue

    /// - Parameter document: The schema of a document that stands inside another.
    init(document: JSONValue) {
        self.document = document
    }

    /// The schema of a value.
    ///
    /// - Parameter owner: The name of the definition it belongs to, to tell shapes of one name apart.
    mutating func schema(of type: ValueType, in owner: String) -> JSONObject {
        switch type {
        case .flag: ["type": "boolean"]
        case .integer(let bounds): Self.integer(bounds)
        case .number(let bounds):
            ["type": "number", "minimum": Self.number(bounds.lowerBound), "maximum": Self.number(bounds.upperBound)]
        case .text(let limit), .textTemplate(let limit, _): ["type": "string", "maxLength": .int(Int64(limit))]
        case .choice(let words): ["type": "string", "enum": .array(words.map { .string($0) })]
        case .id: ["type": "string", "pattern": .string(SchemaPattern.id)]
        case .end: ["type": "string", "pattern": .string(SchemaPattern.end)]
        case .name: ["type": "string", "pattern": .string(SchemaPattern.name)]
        case .duration: ["$ref": .string("#/$defs/\(defineDuration())")]
        case .time: ["type": "string", "format": "date-time", "pattern": .string(SchemaPattern.time)]
        case .money: ["type": ["string", "number"], "pattern": .string(SchemaPattern.money), "minimum": 0]
        case .pointer: ["type": "string", "maxLength": 2000, "pattern": .string(SchemaPattern.pointer)]
        case .schema: ["type": ["object", "boolean"]]
        case .anything, .template: [:]
        case .expression: ["type": ["string", "boolean", "number"]]
        case .condition: ["type": ["string", "boolean"]]
        case .objectTemplate: ["type": ["object", "string"], "pattern": .string(SchemaPattern.template)]
        case .null: ["type": "null"]
        case .document: document.objectValue ?? [:]
        case .list(let element, let count): list(element, count, owner)
        case .table(let rule, let element): table(rule, element, owner)
        case .shape(let shape): ["$ref": .string("#/$defs/\(define(shape, in: owner))")]
        case .either(let types): either(types, owner)
        case .computed(let type, _): computed(type, owner)
        case .nodes: list(.shape(WorkflowShapes.node), 0...Int.max, "")
        case .edges: list(.shape(WorkflowShapes.edge), 0...Int.max, "")
        }
    }

    /// The schema of a mapping, written out.
    mutating func schema(of shape: Shape, named name: String) -> JSONObject {
        var properties = JSONObject()
        for field in shape.fields {
            properties.append(field.key, .object(property(field, name)))
            for alias in field.aliases { properties.append(alias.key, .object(self.alias(alias, field, name))) }
        }
        var result: JSONObject = ["type": "object", "properties": .object(properties)]
        let required = shape.fields.filter { $0.isRequired && $0.aliases.isEmpty }
        if !required.isEmpty { result["required"] = .array(required.map { .string($0.key) }) }
        if !shape.isOpen {
            if shape.part == .document { result["patternProperties"] = ["^x-": true] }
            result["additionalProperties"] = false
        }
        let rules = rules(of: shape)
        if !rules.isEmpty { result["allOf"] = .array(rules) }
        return result
    }

    private mutating func property(_ field: Shape.Field, _ owner: String) -> JSONObject {
        var result = schema(of: field.type, in: owner)
        result["description"] = .string(field.schemaDescription)
        if let initial = field.documentDefault { result["default"] = initial }
        if field.isDeprecated { result["deprecated"] = true }
        return result
    }

    private mutating func alias(_ alias: Shape.Alias, _ field: Shape.Field, _ owner: String) -> JSONObject {
        var result: JSONObject
        if let unit = alias.unit, case .duration(let bounds) = field.type {
            let (least, most) = (bounds.lowerBound / unit, min(1e12, bounds.upperBound / unit))
            result = ["type": "number", "minimum": Self.number(least), "maximum": Self.number(most)]
        } else {
            result = schema(of: field.type, in: owner)
        }
        result["description"] = .string("older spelling of `\(field.key)`")
        result["deprecated"] = true
        return result
    }

    /// The name under which a shape is defined.
    private mutating func define(_ shape: Shape, in owner: String) -> String {
        if let known = names[ObjectIdentifier(shape)] { return known }
        var name = shape.definitionName
        if definitions[name] != nil { name = "\(owner)_\(name)" }
        names[ObjectIdentifier(shape)] = name
        // Takes the name while what is inside is written, which may refer to it.
        definitions.append(name, true)
        var schema = schema(of: shape, named: name)
        if shape === WorkflowShapes.node { addKinds(&schema) }
        definitions[name] = .object(schema)
        return name
    }

    private mutating func defineDuration() -> String {
        definitions["duration"] = [
            "type": "string", "minLength": 1, "pattern": .string(SchemaPattern.duration),
            "examples": ["250ms", "10s", "1h30m", "PT10S"],
        ]
        return "duration"
    }

    /// What `config` holds, by the type of the node.
    private mutating func addKinds(_ node: inout JSONObject) {
        let names = NodeType.allCases.flatMap { [$0.rawValue] + $0.description.aliases }
        node[pointer: ["properties", "type"]] = [
            "anyOf": [["enum": .array(names.map { .string($0) })], ["type": "string", "maxLength": 200]],
            "description": "kind of node, or the name of a tool",
        ]
        let rules = NodeType.allCases.map { type -> JSONValue in
            let shape = type.description.config
            let name = "\(type.rawValue)_config"
            self.names[ObjectIdentifier(shape)] = name
            definitions.append(name, true)
            definitions[name] = .object(schema(of: shape, named: type.rawValue))
            var properties: JSONObject = ["config": ["$ref": .string("#/$defs/\(name)")]]
            if type != .tool { properties["inputs"] = false }
            var then: JSONObject = ["properties": .object(properties)]
            if shape.needsSomething { then["required"] = ["config"] }
            let spellings = ([type.rawValue] + type.description.aliases).map { JSONValue.string($0) }
            return [
                "if": ["properties": ["type": ["enum": .array(spellings)]], "required": ["type"]],
                "then": .object(then),
            ]
        }
        node["allOf"] = .array((node["allOf"]?.arrayValue ?? []) + rules)
    }
}

extension SchemaWriter {
    private static func integer(_ bounds: ClosedRange<Int>) -> JSONObject {
        var result: JSONObject = ["type": "integer"]
        if bounds.lowerBound != .min { result["minimum"] = .int(Int64(bounds.lowerBound)) }
        if bounds.upperBound != .max { result["maximum"] = .int(Int64(bounds.upperBound)) }
        return result
    }

    private static func number(_ number: Double) -> JSONValue {
        Int64(exactly: number).map { .int($0) } ?? .double(number)
    }

    private mutating func list(_ element: ValueType, _ count: ClosedRange<Int>, _ owner: String) -> JSONObject {
        var result: JSONObject = ["type": "array"]
        let items = schema(of: element, in: owner)
        if !items.isEmpty { result["items"] = .object(items) }
        if count.lowerBound > 0 { result["minItems"] = .int(Int64(count.lowerBound)) }
        if count.upperBound < .max { result["maxItems"] = .int(Int64(count.upperBound)) }
        return result
    }

    private mutating func table(_ rule: ValueType.KeyRule, _ element: ValueType, _ owner: String) -> JSONObject {
        let keys: JSONValue =
            switch rule {
            case .id: ["pattern": .string(SchemaPattern.id)]
            case .text(let limit): ["minLength": 1, "maxLength": .int(Int64(limit))]
            }
        var result: JSONObject = ["type": "object", "propertyNames": keys]
        let members = schema(of: element, in: owner)
        if !members.isEmpty { result["additionalProperties"] = .object(members) }
        return result
    }

    private mutating func either(_ types: [ValueType], _ owner: String) -> JSONObject {
        ["anyOf": .array(types.map { .object(schema(of: $0, in: owner)) })]
    }

    private mutating func computed(_ type: ValueType, _ owner: String) -> JSONObject {
        let template: JSONValue = ["type": "string", "pattern": .string(SchemaPattern.template)]
        return ["anyOf": [.object(schema(of: type, in: owner)), template]]
    }

    // MARK: Rules between keys

    private func rules(of shape: Shape) -> [JSONValue] {
        var rules: [JSONValue] = []
        for field in shape.fields where !field.aliases.isEmpty {
            let spellings = [field.key] + field.aliases.map(\.key)
            if field.isRequired { rules.append(["anyOf": .array(spellings.map(Self.has))]) }
            rules += Self.exclusive(spellings.map(Self.has))
        }
        for group in shape.groups {
            let present = group.keys.map { key in
                let field = shape.find(key).map { shape.fields[$0.field] }
                return Self.hasAny([key] + (field?.aliases.map(\.key) ?? []))
            }
            if group.isRequired { rules.append(["anyOf": .array(present)]) }
            rules += Self.exclusive(present)
        }
        return rules + variantRules(of: shape)
    }

    /// No two of some conditions hold together.
    private static func exclusive(_ conditions: [JSONValue]) -> [JSONValue] {
        conditions.indices.flatMap { first in
            conditions.indices.dropFirst(first + 1).map { second in
                ["not": ["allOf": [conditions[first], conditions[second]]]]
            }
        }
    }

    private func variantRules(of shape: Shape) -> [JSONValue] {
        guard let variants = shape.variants else { return [] }
        return variants.words.map { word, _ in
            let own = variants.keys(of: word) ?? []
            var then = JSONObject()
            let required = own.filter(\.isRequired).map { JSONValue.string($0.name) }
            if !required.isEmpty { then["required"] = .array(required) }
            var refused = JSONObject()
            for key in variants.all.subtracting(own.map(\.name)).sorted() { refused.append(key, false) }
            then["properties"] = .object(refused)
            return [
                "if": ["properties": [variants.key: ["const": .string(word)]], "required": [.string(variants.key)]],
                "then": .object(then),
            ]
        }
    }

    private static func has(_ key: String) -> JSONValue { ["required": [.string(key)]] }

    private static func hasAny(_ keys: [String]) -> JSONValue {
        keys.count == 1 ? has(keys[0]) : ["anyOf": .array(keys.map(has))]
    }
}

extension Shape {
    /// Its name as that of a definition: `edge` for "an edge", `retry` for "`retry`".
    fileprivate var definitionName: String {
        let words = name.split(separator: " ").filter { !["a", "an", "the"].contains($0) }
        return words.joined(separator: "_").filter { $0 != "`" }
    }

    /// An empty mapping is refused.
    var needsSomething: Bool { fields.contains(where: \.isRequired) || groups.contains(where: \.isRequired) }
}

extension JSONObject {
    /// A member of a member.
    fileprivate subscript(pointer path: [String]) -> JSONValue? {
        get { path.dropFirst().reduce(path.first.flatMap { self[$0] }) { $0?[$1] } }
        set {
            guard let first = path.first else { return }
            guard path.count > 1 else { return self[first] = newValue }
            var inner = self[first]?.objectValue ?? [:]
            inner[pointer: Array(path.dropFirst())] = newValue
            self[first] = .object(inner)
        }
    }
}
