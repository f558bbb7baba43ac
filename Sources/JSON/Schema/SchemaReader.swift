// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// Reads the keywords of one schema.
struct SchemaReader {
    let target: SchemaLibrary.Target
    private(set) var schema: JSONObject
    let dialect: SchemaDialect
    var checks: [SchemaCheck] = []

    static func read(
        _ target: SchemaLibrary.Target,
        _ compiler: inout SchemaCompiler
    ) throws(JSONSchemaError) -> SchemaNode {
        var checks: [SchemaCheck] = []
        switch target.value {
        case .bool(true): break
        case .bool(false): checks = [.nothing]
        case .object(let object):
            let dialect = compiler.library.resources[target.resource].dialect
            var reader = SchemaReader(target: target, schema: object, dialect: dialect)
            try reader.read(&compiler)
            checks = reader.checks
        default: throw compiler.failure(target, "a schema must be an object, true or false")
        }
        return SchemaNode(checks, resource: target.resource, document: target.document, place: target.pointer)
    }

    private mutating func read(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        if dialect.draft == .draft7, schema["$ref"] != nil {
            return try addReferences(&compiler)
        }
        if !compiler.options.allowsUnknownKeywords { try refuseUnknown(compiler) }
        if dialect.vocabularies.contains(.validation) {
            try addValueChecks(compiler)
            try addNumberChecks(compiler)
            try addTextChecks(compiler)
        }
        addFormat(compiler)
        try addArrayChecks(&compiler)
        try addObjectChecks(&compiler)
        try addReferences(&compiler)
        if dialect.vocabularies.contains(.applicator) { try addCombinations(&compiler) }
        if dialect.vocabularies.contains(.unevaluated) { try addUnevaluated(&compiler) }
        if target.document == 0 { try compileDefinitions(&compiler) }
    }

    private func refuseUnknown(_ compiler: SchemaCompiler) throws(JSONSchemaError) {
        for keyword in schema.keys where !Self.keywords.contains(keyword) {
            guard SchemaDialect.descriptions.contains(keyword) || keyword.hasPrefix("x-") else {
                throw failure(keyword, "is not a known keyword", compiler)
            }
        }
    }

    private static let keywords: Set<String> = [
        "type", "enum", "const", "properties", "required", "additionalProperties", "minProperties", "maxProperties",
        "items", "prefixItems", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
        "pattern", "patternProperties", "propertyNames", "contains", "minContains", "maxContains", "dependentRequired",
        "dependentSchemas", "dependencies", "unevaluatedItems", "unevaluatedProperties", "additionalItems",
        "$recursiveRef", "$recursiveAnchor",
    ]

    // MARK: References

    private mutating func addReferences(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        if let reference = try text("$ref", compiler) {
            checks.append(.reference(compiler.node(try resolve(reference, "$ref", &compiler))))
        }
        if dialect.draft == .draft2020, let reference = try text("$dynamicRef", compiler) {
            let found = try resolve(reference, "$dynamicRef", &compiler)
            let name = SchemaURI(reference).decodedFragment ?? ""
            let isDynamic = found.value["$dynamicAnchor"]?.stringValue == name
            let node = compiler.node(found)
            checks.append(isDynamic ? .dynamicReference(name, node) : .reference(node))
        }
        if dialect.draft == .draft2019, let reference = try text("$recursiveRef", compiler) {
            let found = try resolve(reference, "$recursiveRef", &compiler)
            let node = compiler.node(found)
            checks.append(found.value["$recursiveAnchor"] == true ? .dynamicReference("", node) : .reference(node))
        }
    }

    private func resolve(
        _ reference: String,
        _ keyword: String,
        _ compiler: inout SchemaCompiler
    ) throws(JSONSchemaError) -> SchemaLibrary.Target {
        do throws(SchemaLibrary.Failure) { return try compiler.resolve(reference, from: target.resource) } catch {
            throw failure(keyword, error.message, compiler)
        }
    }

    /// What nobody refers to is read too, so that its mistakes are found.
    private func compileDefinitions(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) {
        for keyword in ["$defs", "definitions"] { _ = try nodesByName(keyword, &compiler) }
    }

    /// Narrows an object of schemas to some of its members.
    mutating func keepOnly(_ keyword: String, _ members: [JSONObject.Member]) {
        schema[keyword] = .object(JSONObject(members: members))
    }

    // MARK: Parts

    func failure(_ keyword: String, _ problem: String, _ compiler: SchemaCompiler) -> JSONSchemaError {
        JSONSchemaError(
            pointer: target.pointer.appending(keyword),
            message: "\"\(keyword)\" \(problem)",
            schemaURI: compiler.library.documents[target.document].uri
        )
    }

    private func text(_ keyword: String, _ compiler: SchemaCompiler) throws(JSONSchemaError) -> String? {
        guard let value = schema[keyword] else { return nil }
        guard let text = value.stringValue else { throw failure(keyword, "must be a string", compiler) }
        return text
    }

    /// The position of a schema inside of this one.
    private func child(_ value: JSONValue, _ place: JSONPointer, _ compiler: inout SchemaCompiler) -> Int {
        let resource = compiler.library.resource(at: target.document, place) ?? target.resource
        return compiler.node(.init(document: target.document, pointer: place, resource: resource, value: value))
    }

    func node(_ keyword: String, _ compiler: inout SchemaCompiler) -> Int? {
        schema[keyword].map { child($0, target.pointer.appending(keyword), &compiler) }
    }

    func nodes(_ keyword: String, _ compiler: inout SchemaCompiler) throws(JSONSchemaError) -> [Int]? {
        guard let value = schema[keyword] else { return nil }
        guard let schemas = value.arrayValue, !schemas.isEmpty else {
            throw failure(keyword, "must be an array with one schema or more", compiler)
        }
        let inside = target.pointer.appending(keyword)
        return schemas.enumerated().map { child($1, inside.appending($0), &compiler) }
    }

    func nodesByName(
        _ keyword: String,
        _ compiler: inout SchemaCompiler
    ) throws(JSONSchemaError) -> [(name: String, node: Int)]? {
        guard let value = schema[keyword] else { return nil }
        guard let schemas = value.objectValue else { throw failure(keyword, "must be an object", compiler) }
        let inside = target.pointer.appending(keyword)
        return schemas.map { ($0.key, child($0.value, inside.appending($0.key), &compiler)) }
    }

    func names(_ value: JSONValue, _ keyword: String, _ compiler: SchemaCompiler) throws(JSONSchemaError) -> [String] {
        let names = value.arrayValue?.compactMap(\.stringValue)
        guard let names, names.count == value.arrayValue?.count else {
            throw failure(keyword, "must be an array of names", compiler)
        }
        return names
    }

    func range(
        _ least: String,
        _ most: String,
        _ compiler: SchemaCompiler
    ) throws(JSONSchemaError) -> SchemaRange? {
        let range = SchemaRange(least: try size(least, compiler), most: try size(most, compiler))
        return range.least == nil && range.most == nil ? nil : range
    }

    private func size(_ keyword: String, _ compiler: SchemaCompiler) throws(JSONSchemaError) -> Int? {
        guard let value = schema[keyword] else { return nil }
        if let number = value.doubleValue, number >= 1e18, number.rounded() == number { return .max }
        guard let size = value.intValue, size >= 0 else {
            throw failure(keyword, "must be an integer from 0", compiler)
        }
        return Int(size)
    }
}
