// Baton
// SPDX-License-Identifier: Apache-2.0

/// All schemas that take part in a compilation, by URI. Documents come from the registry when somebody refers to them.
struct SchemaLibrary {
    /// A place in a document, as a key.
    struct Place: Hashable {
        let document: Int
        let pointer: String
    }

    /// A schema with a URI of its own and what is in it up to the next such schema.
    struct Resource {
        let uri: SchemaURI
        let place: Place
        let value: JSONValue
        let dialect: SchemaDialect
        /// Places by the name after `#`.
        var anchors: [String: JSONPointer] = [:]
        /// The names that `$dynamicRef` may find here; the empty one is `$recursiveAnchor`.
        var dynamicAnchors: Set<String> = []
    }

    /// Where a reference leads.
    struct Target {
        let document: Int
        let pointer: JSONPointer
        let resource: Int
        let value: JSONValue
    }

    /// Why a reference leads nowhere or a document cannot be read.
    struct Failure: Error {
        let message: String
    }

    private let registry: JSONSchema.Registry
    private(set) var documents: [(uri: String, value: JSONValue)] = []
    private(set) var resources: [Resource] = []
    private var byURI: [String: Int] = [:]
    private var roots: [Place: Int] = [:]

    init(_ registry: JSONSchema.Registry) {
        self.registry = registry
    }

    /// The resource that starts at a place, if one does.
    func resource(at document: Int, _ pointer: JSONPointer) -> Int? {
        roots[Place(document: document, pointer: pointer.description)]
    }

    /// Takes in a document; gives its resource.
    @discardableResult
    mutating func add(_ value: JSONValue, uri: String, dialect: SchemaDialect = .standard) throws(Failure) -> Int {
        documents.append((uri, value))
        var scan = SchemaScan(document: documents.count - 1)
        let base = SchemaURI(uri)
        let id = scan.resourceURI(value, base: base, dialect) ?? base
        let first = try addResource(value, at: .root, uri: id, document: documents.count - 1, dialect)
        if byURI[base.withoutFragment] == nil { byURI[base.withoutFragment] = first }
        try scan.visit(value, at: .root, resource: first, &self)
        return first
    }

    mutating func addResource(
        _ value: JSONValue,
        at pointer: JSONPointer,
        uri: SchemaURI,
        document: Int,
        _ outer: SchemaDialect
    ) throws(Failure) -> Int {
        let place = Place(document: document, pointer: pointer.description)
        let dialect = try value["$schema"]?.stringValue.map { name throws(Failure) in try self.dialect(name) } ?? outer
        resources.append(Resource(uri: uri, place: place, value: value, dialect: dialect))
        roots[place] = resources.count - 1
        if byURI[uri.withoutFragment] == nil { byURI[uri.withoutFragment] = resources.count - 1 }
        return resources.count - 1
    }

    mutating func addAnchor(_ name: String, at pointer: JSONPointer, in resource: Int, isDynamic: Bool = false) {
        if resources[resource].anchors[name] == nil { resources[resource].anchors[name] = pointer }
        if isDynamic { resources[resource].dynamicAnchors.insert(name) }
    }

    private func dialect(_ name: String) throws(Failure) -> SchemaDialect {
        let uri = SchemaURI(name).withoutFragment
        if let published = SchemaDialect.published(uri) { return published }
        guard let metaschema = registry.schemas[uri] else {
            throw Failure(message: "\"$schema\" names the dialect \(name), which is not known")
        }
        let (dialect, unknown) = SchemaDialect.described(by: metaschema)
        if let unknown { throw Failure(message: "the dialect \(name) needs the vocabulary \(unknown)") }
        return dialect
    }

    // MARK: References

    /// Follows a reference that stands in a resource.
    mutating func resolve(_ reference: String, from resource: Int) throws(Failure) -> Target {
        let uri = SchemaURI(reference).resolved(against: resources[resource].uri)
        guard let target = try find(uri.withoutFragment) else {
            throw Failure(message: "refers to \(reference), which is not there")
        }
        guard let fragment = uri.decodedFragment else {
            throw Failure(message: "refers to \(reference), which has wrong escapes")
        }
        if fragment.isEmpty { return try self.target(.root, in: target, reference) }
        if let pointer = resources[target].anchors[fragment] {
            // Anchors are noted with their place in the document.
            return try walk(.root, pointer.tokens, documentOf: target, reference)
        }
        guard fragment.hasPrefix("/"), let pointer = try? JSONPointer(fragment) else {
            throw Failure(message: "refers to \(reference), which is not there")
        }
        return try self.target(pointer, in: target, reference)
    }

    private func target(_ pointer: JSONPointer, in resource: Int, _ reference: String) throws(Failure) -> Target {
        guard let root = try? JSONPointer(resources[resource].place.pointer) else {
            throw Failure(message: "refers to \(reference), which is not there")
        }
        return try walk(root, pointer.tokens, documentOf: resource, reference)
    }

    /// Goes down from a place and notices on the way where another resource starts.
    private func walk(
        _ start: JSONPointer,
        _ tokens: [String],
        documentOf resource: Int,
        _ reference: String
    ) throws(Failure) -> Target {
        let document = resources[resource].place.document
        var resource = self.resource(at: document, start) ?? resource
        var place = start
        var value = documents[document].value[start]
        for token in tokens {
            place = place.appending(token)
            value = value?[JSONPointer(tokens: [token])]
            resource = self.resource(at: document, place) ?? resource
        }
        guard let value else { throw Failure(message: "refers to \(reference), which is not there") }
        return Target(document: document, pointer: place, resource: resource, value: value)
    }

    private mutating func find(_ uri: String) throws(Failure) -> Int? {
        if let known = byURI[uri] { return known }
        guard let schema = registry.schemas[uri] ?? Metaschemas.schema(uri) else { return nil }
        return try add(schema, uri: uri)
    }
}
