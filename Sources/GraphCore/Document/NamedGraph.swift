// Baton
// SPDX-License-Identifier: Apache-2.0

/// The graph of a document: ids turned into positions, `depends_on` into edges, and edges written twice merged.
final class NamedGraph {
    struct Edge {
        let from: Int
        let to: Int
        let place: Place
        /// It is taken or not, whatever else is.
        let isConditional: Bool
        /// Its condition is the constant false.
        let isNever: Bool
        /// Whether it carries data beside order, where that is known.
        let data: Bool?
    }

    /// An end that is no node.
    struct UnknownEnd {
        let id: Text
        /// The port after the id, with its dot.
        let port: Text
        let place: Place
    }

    let document: GraphDocument
    let names: NameIndex
    /// Written ones first, in the order of the document.
    let edges: [Edge]
    /// From a loop back to the start of its body; these are no dependencies.
    let loops: [Edge]
    /// Edges that say nothing new.
    let repeated: [Edge]
    let unknownEnds: [UnknownEnd]
    /// The graph of ``edges``.
    let digraph: Digraph

    init(_ document: GraphDocument) {
        var resolver = EdgeResolver(document)
        resolver.resolve()
        self.document = document
        names = resolver.names
        edges = resolver.edges
        loops = resolver.loops
        repeated = resolver.repeated
        unknownEnds = resolver.unknownEnds
        digraph = Digraph(nodeCount: document.nodes.count, edges: edges.map { .init(from: $0.from, to: $0.to) })
    }

    func name(_ node: Int) -> ArraySlice<UInt8> { document.texts[document.nodes[node].id] }

    /// Edges that others imply, and those written twice. The graph must have no cycle.
    ///
    /// Only edges that always count imply another: those without a condition, to nodes that wait for all. One that
    /// carries data, or may for its ports, is never left out.
    func redundantEdges() -> [Edge] {
        let plain = edges.filter { !$0.isConditional && document.nodes[$0.to].join == .all }
        let digraph = Digraph(nodeCount: document.nodes.count, edges: plain.map { .init(from: $0.from, to: $0.to) })
        return digraph.redundantEdges().map { plain[$0] }.filter { $0.data != true }
    }

    /// For each node whether edges with the constant condition false keep it from ever running. The graph must have
    /// no cycle.
    func unreachableNodes() -> [Bool] {
        var isUnreachable = [Bool](repeating: false, count: document.nodes.count)
        guard edges.contains(where: { $0.isNever }), let order = digraph.topologicalOrder() else {
            return isUnreachable
        }
        for node in order {
            let incoming = digraph.edges(to: node)
            let needed =
                switch document.nodes[node].join {
                case .all, .any: 1
                case .done: 0
                case .quorum(let count): count
                }
            let possible = incoming.count { !edges[$0].isNever && !isUnreachable[edges[$0].from] }
            isUnreachable[node] = !incoming.isEmpty && possible < min(needed, incoming.count)
        }
        return isUnreachable
    }
}
