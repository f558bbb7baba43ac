// Baton
// SPDX-License-Identifier: Apache-2.0

/// A directed graph over the numbers `0 ..< nodeCount`; parallel edges and self-loops are allowed.
///
/// This module is also compiled as Embedded Swift: only typed throws, no Foundation, and nothing that compares or
/// hashes strings. Names are turned into numbers before they come here. Nothing here recurses, so that a chain of
/// 100,000 nodes is fine, and every answer depends only on the order of the nodes and edges.
public struct Digraph: Sendable {
    /// A connection of two nodes.
    public struct Edge: Sendable, Equatable {
        /// Where it starts.
        public let from: Int
        /// Where it ends.
        public let to: Int

        /// Connects two nodes.
        public init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }
    }

    /// The number of nodes.
    public let nodeCount: Int
    /// All edges; an edge's position is its index.
    public let edges: [Edge]

    let outgoing: Adjacency
    let incoming: Adjacency

    /// Builds the graph in O(nodes + edges). Both ends of every edge must be nodes.
    public init(nodeCount: Int, edges: [Edge]) {
        self.nodeCount = nodeCount
        self.edges = edges
        outgoing = Adjacency(nodeCount: nodeCount, edgeCount: edges.count) { (edges[$0].from, edges[$0].to) }
        incoming = Adjacency(nodeCount: nodeCount, edgeCount: edges.count) { (edges[$0].to, edges[$0].from) }
    }

    /// The targets of the edges that start at `node`, in edge order; a target of two edges appears twice.
    public func successors(of node: Int) -> ArraySlice<Int> { outgoing.neighbours[outgoing.range(of: node)] }

    /// The sources of the edges that end at `node`, in edge order; a source of two edges appears twice.
    public func predecessors(of node: Int) -> ArraySlice<Int> { incoming.neighbours[incoming.range(of: node)] }

    /// Positions of the edges that start at `node`, rising.
    public func edges(from node: Int) -> ArraySlice<Int> { outgoing.edges[outgoing.range(of: node)] }

    /// Positions of the edges that end at `node`, rising.
    public func edges(to node: Int) -> ArraySlice<Int> { incoming.edges[incoming.range(of: node)] }
}

/// The edges at one side of every node, in one array.
final class Adjacency: Sendable {
    /// Where the part of each node starts, and the end of the last.
    private let starts: [Int]
    /// The other end of each edge.
    let neighbours: [Int]
    /// The position of each edge.
    let edges: [Int]

    init(nodeCount: Int, edgeCount: Int, ends: (Int) -> (node: Int, neighbour: Int)) {
        var starts = [Int](repeating: 0, count: nodeCount + 1)
        var neighbours = [Int](repeating: 0, count: edgeCount)
        var edges = neighbours
        for edge in 0..<edgeCount { starts[ends(edge).node + 1] += 1 }
        for node in 0..<nodeCount { starts[node + 1] += starts[node] }
        var next = starts
        for edge in 0..<edgeCount {
            let (node, neighbour) = ends(edge)
            neighbours[next[node]] = neighbour
            edges[next[node]] = edge
            next[node] += 1
        }
        self.starts = starts
        self.neighbours = neighbours
        self.edges = edges
    }

    func range(of node: Int) -> Range<Int> { starts[node]..<starts[node + 1] }
}
