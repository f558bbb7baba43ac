// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

// What is about the value alone.
extension SchemaReader {
    mutating func addValueChecks(_ compiler: SchemaCompiler) throws(JSONSchemaError) {
        if let types = schema["type"] { checks.append(.type(try self.types(types, compiler))) }
        if dialect.draft >= .draft7, let const = schema["const"] {
            checks.append(.values(SchemaValues([const], keyword: "const")))
        }
        if let values = schema["enum"] {
            guard let values = values.arrayValue else { throw failure("enum", "must be an array", compiler) }
            checks.append(.values(SchemaValues(values, keyword: "enum")))
        }
    }

    private func types(_ value: JSONValue, _ compiler: SchemaCompiler) throws(JSONSchemaError) -> SchemaTypes {
        var types: SchemaTypes = []
        for name in value.arrayValue ?? [value] {
            guard let type = name.stringValue.flatMap(SchemaTypes.init(name:)) else {
                throw failure("type", "must name types, \(name.text) is none", compiler)
            }
            types.formUnion(type)
        }
        guard !types.isEmpty else { throw failure("type", "must name a type", compiler) }
        return types
    }

    mutating func addNumberChecks(_ compiler: SchemaCompiler) throws(JSONSchemaError) {
        let rules: [SchemaNumberRule] = [.minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf]
        for rule in rules {
            guard let limit = schema[rule.rawValue] else { continue }
            guard let number = limit.doubleValue else { throw failure(rule.rawValue, "must be a number", compiler) }
            if rule == .multipleOf, number <= 0 { throw failure(rule.rawValue, "must be above 0", compiler) }
            checks.append(.number(rule, limit: limit))
        }
    }

    mutating func addTextChecks(_ compiler: SchemaCompiler) throws(JSONSchemaError) {
        if let length = try range("minLength", "maxLength", compiler) { checks.append(.length(length)) }
        if let pattern = schema["pattern"] {
            guard let text = pattern.stringValue else { throw failure("pattern", "must be a string", compiler) }
            checks.append(.pattern(try self.pattern(text, "pattern", compiler)))
        }
    }

    func pattern(_ text: String, _ keyword: String, _ compiler: SchemaCompiler) throws(JSONSchemaError) -> Pattern {
        do throws(PatternError) { return try Pattern(text, syntax: .ecma) } catch {
            throw failure(keyword, "cannot be used: \(error.message)", compiler)
        }
    }

    /// Formats that are not known describe only.
    mutating func addFormat(_ compiler: SchemaCompiler) {
        guard compiler.options.assertsFormat || dialect.vocabularies.contains(.formatAssertion) else { return }
        if let format = schema["format"]?.stringValue.flatMap(SchemaFormat.init(rawValue:)) {
            checks.append(.format(format))
        }
    }
}

// What is about elements.
extension SchemaReader {
    mutating func addArrayChecks(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        if dialect.vocabularies.contains(.validation) {
            if let count = try range("minItems", "maxItems", compiler) { checks.append(.itemCount(count)) }
            if let unique = schema["uniqueItems"] {
                guard let unique = unique.boolValue else {
                    throw failure("uniqueItems", "must be true or false", compiler)
                }
                if unique { checks.append(.uniqueItems) }
            }
        }
        guard dialect.vocabularies.contains(.applicator) else { return }
        try addItems(&compiler)
        guard let node = node("contains", &compiler) else { return }
        var count = SchemaRange(least: 1)
        if dialect.vocabularies.contains(.validation), dialect.draft > .draft7 {
            let given = try range("minContains", "maxContains", compiler)
            count = SchemaRange(least: given?.least ?? 1, most: given?.most)
        }
        checks.append(.contains(node, count))
    }

    private mutating func addItems(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        var prefix: [Int] = []
        var rest: Int?
        if dialect.draft == .draft2020 {
            prefix = try nodes("prefixItems", &compiler) ?? []
            rest = node("items", &compiler)
        } else if schema["items"]?.arrayValue?.isEmpty == false {
            prefix = try nodes("items", &compiler) ?? []
            rest = node("additionalItems", &compiler)
        } else if schema["items"]?.arrayValue == nil {
            rest = node("items", &compiler)
        }
        if !prefix.isEmpty || rest != nil { checks.append(.items(prefix: prefix, rest: rest)) }
    }
}

// What is about members.
extension SchemaReader {
    mutating func addObjectChecks(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        if dialect.vocabularies.contains(.validation) {
            if let count = try range("minProperties", "maxProperties", compiler) { checks.append(.memberCount(count)) }
            if let required = schema["required"] {
                checks.append(.required(try names(required, "required", compiler)))
            }
            try addDependentNames(compiler)
        }
        guard dialect.vocabularies.contains(.applicator) else { return }
        try addMembers(&compiler)
        if let node = node("propertyNames", &compiler) { checks.append(.memberNames(node)) }
        try addDependentSchemas(&compiler)
    }

    private mutating func addMembers(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        let named = try nodesByName("properties", &compiler) ?? []
        var patterns: [(pattern: Pattern, node: Int)] = []
        for (source, node) in try nodesByName("patternProperties", &compiler) ?? [] {
            patterns.append((try pattern(source, "patternProperties", compiler), node))
        }
        let additional = node("additionalProperties", &compiler)
        guard !named.isEmpty || !patterns.isEmpty || additional != nil else { return }
        checks.append(.members(SchemaMembers(names: named, patterns: patterns, additional: additional)))
    }

    private mutating func addDependentNames(_ compiler: SchemaCompiler) throws(JSONSchemaError) {
        var list: [SchemaDependency] = []
        for keyword in ["dependentRequired", "dependencies"] {
            guard let value = schema[keyword] else { continue }
            guard let object = value.objectValue else { throw failure(keyword, "must be an object", compiler) }
            for member in object where keyword == "dependentRequired" || member.value.arrayValue != nil {
                let names = try names(member.value, keyword, compiler)
                list.append(SchemaDependency(name: member.key, required: names))
            }
        }
        if !list.isEmpty { checks.append(.dependentRequired(list)) }
    }

    private mutating func addDependentSchemas(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        var list: [SchemaDependentSchema] = []
        for (name, node) in try nodesByName("dependentSchemas", &compiler) ?? [] {
            list.append(SchemaDependentSchema(name: name, node: node))
        }
        if let schemas = schema["dependencies"]?.objectValue {
            var others = self
            others.keepOnly("dependencies", schemas.members.filter { $0.value.arrayValue == nil })
            for (name, node) in try others.nodesByName("dependencies", &compiler) ?? [] {
                list.append(SchemaDependentSchema(name: name, node: node))
            }
        }
        if !list.isEmpty { checks.append(.dependentSchemas(list)) }
    }
}

// Other schemas for the same value.
extension SchemaReader {
    mutating func addCombinations(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        if let all = try nodes("allOf", &compiler) { checks.append(.all(all)) }
        if let any = try nodes("anyOf", &compiler) { checks.append(.any(any)) }
        if let one = try nodes("oneOf", &compiler) { checks.append(.one(one)) }
        if let not = node("not", &compiler) { checks.append(.not(not)) }
        let then = node("then", &compiler)
        let otherwise = node("else", &compiler)
        if let condition = node("if", &compiler) {
            checks.append(.condition(condition, then: then, otherwise: otherwise))
        }
    }

    mutating func addUnevaluated(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        guard dialect.draft > .draft7 else { return }
        if let node = node("unevaluatedItems", &compiler) { checks.append(.unevaluatedItems(node)) }
        if let node = node("unevaluatedProperties", &compiler) { checks.append(.unevaluatedMembers(node)) }
    }
}
