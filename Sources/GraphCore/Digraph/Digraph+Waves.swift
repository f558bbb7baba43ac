// Baton
// SPDX-License-Identifier: Apache-2.0

extension Digraph {
    /// The nodes in an order in which every edge points forward, or `nil` when there is a cycle.
    ///
    /// Nodes are sorted by wave, and by number inside a wave.
    public func topologicalOrder() -> [Int]? {
        guard let waves = waves() else { return nil }
        let buckets = Adjacency(
            nodeCount: (waves.max() ?? -1) + 1,
            edgeCount: nodeCount,
            ends: { (waves[$0], $0) }
        )
        return buckets.neighbours
    }

    /// The dependency depth of every node, or `nil` when there is a cycle: 0 without predecessors, else one more
    /// than the largest wave among them. O(nodes + edges).
    public func waves() -> [Int]? {
        var waves = [Int](repeating: 0, count: nodeCount)
        var open = (0..<nodeCount).map { predecessors(of: $0).count }
        var queue = (0..<nodeCount).filter { open[$0] == 0 }
        var next = 0
        while next < queue.count {
            let node = queue[next]
            next += 1
            for successor in successors(of: node) {
                waves[successor] = max(waves[successor], waves[node] + 1)
                open[successor] -= 1
                if open[successor] == 0 { queue.append(successor) }
            }
        }
        return queue.count == nodeCount ? waves : nil
    }
}
