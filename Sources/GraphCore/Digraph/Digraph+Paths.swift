// Baton
// SPDX-License-Identifier: Apache-2.0

extension Digraph {
    /// The nodes along a shortest way, both ends included, or `nil` if there is none; one node to itself is a way.
    public func shortestPath(from start: Int, to end: Int) -> [Int]? {
        var source = [Int](repeating: -1, count: nodeCount)
        var queue = [start]
        var next = 0
        source[start] = start
        while source[end] < 0, next < queue.count {
            let node = queue[next]
            next += 1
            for target in successors(of: node) where source[target] < 0 {
                source[target] = node
                queue.append(target)
            }
        }
        guard source[end] >= 0 else { return nil }
        var reversed = [end]
        while let last = reversed.last, last != start { reversed.append(source[last]) }
        return reversed.reversed()
    }

    /// For each edge whether it leads back to a node from which a search in order of nodes and edges has come: without
    /// these edges there is no cycle. O(nodes + edges).
    func feedbackEdges() -> [Bool] {
        var isFeedback = [Bool](repeating: false, count: edges.count)
        var isOpen = [Bool](repeating: false, count: nodeCount)
        var isSeen = isOpen
        var nextEdge = [Int](repeating: 0, count: nodeCount)
        var path: [Int] = []
        // Where a path can begin first, so that edges drawn backwards are few.
        let starts = (0..<nodeCount).filter { predecessors(of: $0).isEmpty } + (0..<nodeCount)
        for root in starts where !isSeen[root] {
            path.append(root)
            isSeen[root] = true
            isOpen[root] = true
            while let node = path.last {
                let outgoing = edges(from: node)
                guard nextEdge[node] < outgoing.count else {
                    isOpen[node] = false
                    path.removeLast()
                    continue
                }
                let edge = outgoing[outgoing.startIndex + nextEdge[node]]
                nextEdge[node] += 1
                let target = edges[edge].to
                if isOpen[target] {
                    isFeedback[edge] = true
                } else if !isSeen[target] {
                    isSeen[target] = true
                    isOpen[target] = true
                    path.append(target)
                }
            }
        }
        return isFeedback
    }
}
