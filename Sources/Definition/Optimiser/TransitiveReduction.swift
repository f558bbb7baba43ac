// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore
import JSON

/// Finds order-only edges whose absence nobody can notice (H702).
///
/// Let `a → c` be an edge, and `a → p → … → c` a longer way. The edge is dropped only when
///
/// - it and the edges of the way are plain: no condition, case, port or fallback, so that all of them resolve as their
///   source does. Branches and loops choose among their edges, so none of them is `a` or on the way;
/// - `c` and the nodes on the way wait for all edges. Then `c` cannot run, nor be skipped as dead, before the way was
///   taken; and if `a` breaks, so does every node on the way, at once;
/// - `c` does not look at its edges: it is no `join`, whose output lists them, and no `agent`, which is given the
///   results of what it depends on;
/// - every edge to `c` is unconditional, everything behind `a` waits for all edges, and `a → p` was written before
///   `a → c`. Then a failure of `a` runs through the graph in the same order with and without the edge, starts nothing
///   on its way, and even the order of events in one commit stays;
/// - nothing of it belongs to a transactional group or to another phase, and no node on the way may be skipped when its
///   attempts are exhausted or it has no executor.
struct TransitiveReduction {
    private let body: LoweredBody
    private let digraph: Digraph

    /// Positions of the edges that can go, all of them together, rising.
    static func redundantEdges(of body: LoweredBody) -> [Int] {
        // A longer way passes at least one wave between the two.
        guard body.edges.contains(where: { body.waves[$0.to] - body.waves[$0.from] > 1 && $0.isPlain }) else {
            return []
        }
        return TransitiveReduction(body).find()
    }

    private init(_ body: LoweredBody) {
        self.body = body
        digraph = Digraph(nodeCount: body.nodes.count, edges: body.edges.map { .init(from: $0.from, to: $0.to) })
    }

    private func find() -> [Int] {
        let ways = body.edges.indices.filter(mayBeOnWay)
        let plain = Digraph(nodeCount: body.nodes.count, edges: ways.map { digraph.edges[$0] })
        let implied = plain.redundantEdges().map { ways[$0] }
        guard !implied.isEmpty else { return [] }
        let (isLoose, isImplied) = (nodesBeforeOtherJoins, Set(implied))
        let candidates = implied.filter { edge in
            let (from, to) = (body.edges[edge].from, body.edges[edge].to)
            return !isLoose[from] && ![.join, .agent].contains(body.types[to])
                && digraph.edges(to: to).allSatisfy { body.edges[$0].isUnconditional }
        }
        // The start of a longer way that was written before.
        var pairs: [Digraph.Edge] = []
        var owners: [Int] = []
        let isWay = Set(ways)
        for edge in candidates {
            let before = digraph.edges(from: body.edges[edge].from).filter {
                $0 < edge && isWay.contains($0) && !isImplied.contains($0)
            }
            for first in before.suffix(Self.triedStarts) {
                pairs.append(.init(from: body.edges[first].to, to: body.edges[edge].to))
                owners.append(edge)
            }
        }
        var found: Set<Int> = []
        for (owner, isConnected) in zip(owners, plain.areConnected(pairs)) where isConnected { found.insert(owner) }
        return found.sorted()
    }

    /// Starts of ways that are tried for one edge.
    private static let triedStarts = 16

    private func mayBeOnWay(_ position: Int) -> Bool {
        let edge = body.edges[position]
        guard edge.isPlain, body.joins[edge.to] == .all else { return false }
        let (source, target) = (body.nodes[edge.from], body.nodes[edge.to])
        switch body.types[edge.from] {
        case .branch, .loop: return false
        default: break
        }
        return source["on_exhausted"] == nil && source["on_unsupported"] == nil && source["group"] == nil
            && target["group"] == nil && source["phase"] == target["phase"]
    }

    /// Nodes behind which some node does not wait for all of its edges.
    private var nodesBeforeOtherJoins: [Bool] {
        var isLoose = [Bool](repeating: false, count: body.nodes.count)
        for node in (digraph.topologicalOrder() ?? []).reversed() {
            isLoose[node] = digraph.successors(of: node).contains { isLoose[$0] || body.joins[$0] != .all }
        }
        return isLoose
    }
}
