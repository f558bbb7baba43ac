// Baton
// SPDX-License-Identifier: Apache-2.0

/// Walks through a document and notes every schema that has a name: `$id`, `$anchor` and their kin. Only places where
/// the draft expects schemas are looked at, so that an `$id` in an `enum` is none.
struct SchemaScan {
    let document: Int

    private static let single: Set<String> = [
        "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "items", "contains", "propertyNames",
        "not", "if", "then", "else", "contentSchema", "additionalItems",
    ]

    private static let many: Set<String> = [
        "allOf", "anyOf", "oneOf", "prefixItems", "items", "properties", "patternProperties", "$defs", "definitions",
        "dependentSchemas", "dependencies",
    ]

    init(document: Int) {
        self.document = document
    }

    /// The URI that a schema gives itself; `nil` when it gives none.
    func resourceURI(_ value: JSONValue, base: SchemaURI, _ dialect: SchemaDialect) -> SchemaURI? {
        guard let id = value["$id"]?.stringValue else { return nil }
        let draft = value["$schema"]?.stringValue.flatMap { SchemaDialect.published(SchemaURI($0).withoutFragment) }
        if (draft ?? dialect).draft == .draft7, id.hasPrefix("#") || value["$ref"] != nil { return nil }
        return SchemaURI(id).resolved(against: base)
    }

    /// Notes what is in a schema; if it is a resource of its own, that is already noted.
    mutating func visit(
        _ value: JSONValue,
        at place: JSONPointer,
        resource: Int,
        _ library: inout SchemaLibrary
    ) throws(SchemaLibrary.Failure) {
        guard let object = value.objectValue else { return }
        noteAnchors(object, at: place, resource, &library)
        for member in object {
            let inside = place.appending(member.key)
            switch member.value {
            case .object(let schemas):
                if Self.single.contains(member.key) {
                    try enter(member.value, at: inside, resource, &library)
                } else if Self.many.contains(member.key) {
                    for schema in schemas {
                        try enter(schema.value, at: inside.appending(schema.key), resource, &library)
                    }
                }
            case .array(let schemas) where Self.many.contains(member.key):
                for (index, schema) in schemas.enumerated() {
                    try enter(schema, at: inside.appending(index), resource, &library)
                }
            default: break
            }
        }
    }

    private mutating func enter(
        _ value: JSONValue,
        at place: JSONPointer,
        _ outer: Int,
        _ library: inout SchemaLibrary
    ) throws(SchemaLibrary.Failure) {
        guard value.objectValue != nil else { return }
        let dialect = library.resources[outer].dialect
        guard let uri = resourceURI(value, base: library.resources[outer].uri, dialect) else {
            return try visit(value, at: place, resource: outer, &library)
        }
        let resource = try library.addResource(value, at: place, uri: uri, document: document, dialect)
        try visit(value, at: place, resource: resource, &library)
    }

    private func noteAnchors(
        _ object: JSONObject,
        at place: JSONPointer,
        _ resource: Int,
        _ library: inout SchemaLibrary
    ) {
        if let name = object["$anchor"]?.stringValue { library.addAnchor(name, at: place, in: resource) }
        if let name = object["$dynamicAnchor"]?.stringValue {
            library.addAnchor(name, at: place, in: resource, isDynamic: true)
        }
        if object["$recursiveAnchor"] == true { library.addAnchor("", at: place, in: resource, isDynamic: true) }
        let isOld = library.resources[resource].dialect.draft == .draft7
        if isOld, let id = object["$id"]?.stringValue, id.hasPrefix("#"), object["$ref"] == nil {
            library.addAnchor(String(id.dropFirst()), at: place, in: resource)
        }
    }
}
