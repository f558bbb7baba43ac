// Baton
// SPDX-License-Identifier: Apache-2.0

extension Digraph {
    /// Numbers the strongly connected components: two nodes have the same number if each reaches the other.
    ///
    /// Tarjan's algorithm with its call stack kept in arrays. O(nodes + edges).
    func components() -> [Int] {
        var search = ComponentSearch(nodeCount: nodeCount)
        for root in 0..<nodeCount where search.order[root] < 0 {
            search.enter(root)
            while let node = search.path.last {
                let edges = successors(of: node)
                let next = search.nextEdge[node]
                if next < edges.count {
                    search.nextEdge[node] += 1
                    search.follow(from: node, to: edges[edges.startIndex + next])
                } else {
                    search.leave(node)
                }
            }
        }
        return search.component
    }
}

private struct ComponentSearch {
    /// When a node was first seen; negative before.
    private(set) var order: [Int]
    /// The earliest node on the stack that is reachable.
    private(set) var low: [Int]
    /// The number of the component; negative until it is complete.
    private(set) var component: [Int]
    /// The next edge to follow.
    var nextEdge: [Int]
    /// The nodes that are being explored: what would be the call stack.
    private(set) var path: [Int] = []
    /// Nodes seen whose component is not complete.
    private var stack: [Int] = []
    private var seen = 0
    private var complete = 0

    init(nodeCount: Int) {
        order = [Int](repeating: -1, count: nodeCount)
        low = order
        component = order
        nextEdge = [Int](repeating: 0, count: nodeCount)
    }

    mutating func enter(_ node: Int) {
        order[node] = seen
        low[node] = seen
        seen += 1
        path.append(node)
        stack.append(node)
    }

    mutating func follow(from node: Int, to target: Int) {
        if order[target] < 0 {
            enter(target)
        } else if component[target] < 0 {
            low[node] = min(low[node], order[target])
        }
    }

    mutating func leave(_ node: Int) {
        path.removeLast()
        if let parent = path.last { low[parent] = min(low[parent], low[node]) }
        guard low[node] == order[node] else { return }
        while let member = stack.popLast() {
            component[member] = complete
            if member == node { break }
        }
        complete += 1
    }
}
