// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// Turns schemas into a program, one after the other, so that references cost no call stack.
struct SchemaCompiler {
    typealias Failure = SchemaLibrary.Failure

    /// A schema whose turn has not come.
    private struct Pending {
        let index: Int
        let target: SchemaLibrary.Target
    }

    /// The most schemas in a program.
    private static let nodeLimit = 200_000

    let options: JSONSchema.Options
    private(set) var library: SchemaLibrary
    private var nodes: [SchemaNode?] = []
    private var indices: [SchemaLibrary.Place: Int] = [:]
    private var pending: [Pending] = []

    static func compile(
        _ schema: JSONValue,
        _ registry: JSONSchema.Registry,
        _ options: JSONSchema.Options
    ) throws(JSONSchemaError) -> SchemaProgram {
        var compiler = SchemaCompiler(options: options, library: SchemaLibrary(registry))
        let resource: Int
        do throws(Failure) { resource = try compiler.library.add(schema, uri: "") } catch {
            throw JSONSchemaError(pointer: .root, message: error.message)
        }
        let root = SchemaLibrary.Target(document: 0, pointer: .root, resource: resource, value: schema)
        return try compiler.program(from: root)
    }

    private init(options: JSONSchema.Options, library: SchemaLibrary) {
        self.options = options
        self.library = library
    }

    private mutating func program(from target: SchemaLibrary.Target) throws(JSONSchemaError) -> SchemaProgram {
        let root = node(target)
        try compilePending()
        var nodes = self.nodes.compactMap { $0 }
        try checkCycles(nodes)
        let dynamicAnchors = try dynamicAnchors(nodes)
        nodes = self.nodes.compactMap { $0 }
        try checkCycles(nodes)
        if !nodes.contains(where: \.usesDynamicScope) { nodes = Self.withoutAliases(nodes) }
        return SchemaProgram(
            nodes: nodes,
            root: root,
            dynamicAnchors: dynamicAnchors,
            documentURIs: library.documents.map(\.uri),
            stepLimit: options.stepLimit
        )
    }

    private mutating func compilePending() throws(JSONSchemaError) {
        while let next = pending.popLast() {
            guard nodes.count <= Self.nodeLimit else {
                throw failure(next.target, "the schema has more than \(Self.nodeLimit) parts")
            }
            nodes[next.index] = try SchemaReader.read(next.target, &self)
        }
    }

    /// What `$dynamicRef` may find. Reading those schemas may bring in others, with more to find.
    private mutating func dynamicAnchors(_ nodes: [SchemaNode]) throws(JSONSchemaError) -> [[String: Int]] {
        guard nodes.contains(where: \.usesDynamicScope) else { return [] }
        var anchors: [[String: Int]] = []
        while anchors.count < library.resources.count {
            let index = anchors.count
            var found: [String: Int] = [:]
            for name in library.resources[index].dynamicAnchors.sorted() {
                guard let target = try? library.resolve("#\(name)", from: index) else { continue }
                found[name] = node(target)
            }
            anchors.append(found)
            try compilePending()
        }
        return anchors
    }

    /// References that do nothing else are skipped over.
    private static func withoutAliases(_ nodes: [SchemaNode]) -> [SchemaNode] {
        nodes.map { node in
            var node = node
            while let target = node.alias { node = nodes[target] }
            return node
        }
    }

    // MARK: For the reader

    /// The position of a schema, which is compiled later unless that is done.
    mutating func node(_ target: SchemaLibrary.Target) -> Int {
        let place = SchemaLibrary.Place(document: target.document, pointer: target.pointer.description)
        if let known = indices[place] { return known }
        indices[place] = nodes.count
        pending.append(Pending(index: nodes.count, target: target))
        nodes.append(nil)
        return nodes.count - 1
    }

    /// Where a reference in a resource leads.
    mutating func resolve(_ reference: String, from resource: Int) throws(Failure) -> SchemaLibrary.Target {
        try library.resolve(reference, from: resource)
    }

    func failure(_ target: SchemaLibrary.Target, _ message: String) -> JSONSchemaError {
        JSONSchemaError(
            pointer: target.pointer,
            message: message,
            schemaURI: library.documents[target.document].uri
        )
    }

    // MARK: Cycles

    /// Refuses schemas that apply themselves to the same value, on which no validation would end.
    private func checkCycles(_ nodes: [SchemaNode]) throws(JSONSchemaError) {
        enum State { case new, open, done }
        var states = [State](repeating: .new, count: nodes.count)
        var stack: [(node: Int, next: [Int])] = []
        for start in nodes.indices where states[start] == .new {
            states[start] = .open
            stack = [(start, nodes[start].inPlace)]
            while let (node, next) = stack.last {
                guard let following = next.last else {
                    states[node] = .done
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next.removeLast()
                if states[following] == .open {
                    throw JSONSchemaError(
                        pointer: nodes[following].place,
                        message: "the schema applies itself to the same value, without end",
                        schemaURI: library.documents[nodes[following].document].uri
                    )
                }
                guard states[following] == .new else { continue }
                states[following] = .open
                stack.append((following, nodes[following].inPlace))
            }
        }
    }
}
