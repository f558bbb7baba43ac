// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore

/// Which nodes run in the cheapest, the expected and the dearest case: of the ways of a branch one is taken.
///
/// The expected case takes the cheapest way too, as nothing tells which it will be; conditions of edges hold in it, and
/// fail in the cheapest one.
struct WayPlan {
    private let body: Graph.Body
    private let costs: [NodeCost]
    private let digraph: Digraph
    private let order: [Int]
    private var isDeadAtLow: [Bool] = []
    private var isDeadLikely: [Bool] = []
    private var isDeadAtHigh: [Bool] = []

    init(body: Graph.Body, costs: [NodeCost]) {
        self.body = body
        self.costs = costs
        digraph = Digraph(nodeCount: body.nodes.count, edges: body.edges.map { .init(from: $0.from, to: $0.to) })
        order = digraph.topologicalOrder() ?? []
        isDeadAtLow = deadNodes(takesConditions: false, \.low, isCheapest: true)
        isDeadLikely = deadNodes(takesConditions: true, \.likely, isCheapest: true)
        isDeadAtHigh = deadNodes(takesConditions: true, \.high, isCheapest: false)
    }

    /// The sum over nodes that run; `nil` when one of them has no price.
    var usd: Estimate.Range? {
        let priced = body.nodes.indices.allSatisfy { costs[$0].usd != nil || isDeadAtHigh[$0] }
        return priced ? sum { $0.usd ?? .zero } : nil
    }

    func sum(_ figure: (NodeCost) -> Estimate.Range) -> Estimate.Range {
        var result = Estimate.Range.zero
        for node in body.nodes.indices where !body.nodes[node].isCompensation {
            let value = figure(costs[node]) * costs[node].share
            if !isDeadAtLow[node] { result.low += value.low }
            if !isDeadLikely[node] { result.likely += value.likely }
            if !isDeadAtHigh[node] { result.high += value.high }
        }
        return result
    }

    /// The longest way, if everything independent runs in parallel.
    var minutes: Estimate.Range {
        Estimate.Range(
            low: longest(isDeadAtLow, \.low).ends.max() ?? 0,
            likely: longest(isDeadLikely, \.likely).ends.max() ?? 0,
            high: longest(isDeadAtHigh, \.high).ends.max() ?? 0
        )
    }

    /// Ids of the nodes on the longest way by likely minutes.
    var criticalPath: [String] {
        let (ends, before) = longest(isDeadLikely, \.likely)
        // Of equal ones the last: what costs no time belongs to the way too.
        guard let last = order.max(by: { ends[$0] < ends[$1] || ends[$0] == ends[$1] && isBefore($0, $1) }) else {
            return []
        }
        var path: [String] = []
        var next: Int? = last
        while let node = next {
            path.append(body.nodes[node].id)
            next = before[node]
        }
        return path.reversed()
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (body.nodes[left].wave, -left) < (body.nodes[right].wave, -right)
    }

    private func longest(
        _ isDead: [Bool],
        _ figure: KeyPath<Estimate.Range, Double>
    ) -> (ends: [Double], before: [Int?]) {
        var ends = [Double](repeating: 0, count: body.nodes.count)
        var before = [Int?](repeating: nil, count: body.nodes.count)
        for node in order where !isDead[node] && !body.nodes[node].isCompensation {
            let sources = digraph.predecessors(of: node).filter { !isDead[$0] }
            // A join that takes the first is ready with the earliest of its sources.
            let isAny = body.nodes[node].join == .any
            let source = isAny ? sources.min { ends[$0] < ends[$1] } : sources.max { ends[$0] < ends[$1] }
            let cost = costs[node].minutes[keyPath: figure] * costs[node].share[keyPath: figure]
            ends[node] = (source.map { ends[$0] } ?? 0) + cost
            before[node] = source
        }
        return (ends, before)
    }

    // MARK: Ways

    /// Decides branch by branch, the last ones first, so that what a way costs is known when it is compared.
    private func deadNodes(
        takesConditions: Bool,
        _ figure: KeyPath<Estimate.Range, Double>,
        isCheapest: Bool
    ) -> [Bool] {
        var deadness = Deadness(body: body, digraph: digraph)
        if !takesConditions {
            deadness.kill(body.edges.indices.filter { body.edges[$0].when != nil && body.edges[$0].branchCase == nil })
        }
        for node in order.reversed() where !deadness.isDead[node] {
            let ways = Self.ways(from: node, body, digraph)
            guard ways.count > 1 else { continue }
            var best: (saved: Double, way: [Int])?
            for way in ways {
                let killed = deadness.kill(ways.filter { $0 != way }.flatMap { $0 })
                let saved = killed.nodes.reduce(0.0) { $0 + weight($1, figure) }
                let isBetter = best.map { isCheapest ? saved > $0.saved : saved < $0.saved } ?? true
                if isBetter { best = (saved, way) }
                deadness.revive(killed)
            }
            if let best { deadness.kill(ways.filter { $0 != best.way }.flatMap { $0 }) }
        }
        return deadness.isDead
    }

    /// Edges that are taken together: those of one case each, and those without a condition beside them.
    private static func ways(from node: Int, _ body: Graph.Body, _ digraph: Digraph) -> [[Int]] {
        var cases: [String: [Int]] = [:]
        var names: [String] = []
        for position in digraph.edges(from: node) {
            let edge = body.edges[position]
            let name: String
            if let branchCase = edge.branchCase {
                name = "case \(branchCase)"
            } else if let exit = edge.loopExit {
                name = "port \(exit.rawValue)"
            } else if edge.isFallback {
                name = "else"
            } else {
                continue
            }
            if cases[name] == nil { names.append(name) }
            cases[name, default: []].append(position)
        }
        return names.compactMap { cases[$0] }
    }

    /// Money first, then tokens, then time.
    private func weight(_ node: Int, _ figure: KeyPath<Estimate.Range, Double>) -> Double {
        let cost = costs[node]
        let money = cost.usd?[keyPath: figure] ?? 0
        return money * 1e9 + cost.llmTokens[keyPath: figure] + cost.minutes[keyPath: figure] * 1e-3
    }
}

/// Nodes that cannot run because of edges that are not taken.
private struct Deadness {
    let body: Graph.Body
    let digraph: Digraph
    private(set) var isDead: [Bool]
    private var isEdgeDead: [Bool]

    init(body: Graph.Body, digraph: Digraph) {
        self.body = body
        self.digraph = digraph
        isDead = [Bool](repeating: false, count: body.nodes.count)
        isEdgeDead = [Bool](repeating: false, count: body.edges.count)
    }

    /// What died together.
    struct Killed {
        var nodes: [Int] = []
        var edges: [Int] = []
    }

    /// What dies with these edges.
    @discardableResult
    mutating func kill(_ edges: [Int]) -> Killed {
        var killed = Killed()
        var work = edges
        while let edge = work.popLast() {
            guard !isEdgeDead[edge] else { continue }
            isEdgeDead[edge] = true
            killed.edges.append(edge)
            let target = body.edges[edge].to
            guard !isDead[target], cannotRun(target) else { continue }
            isDead[target] = true
            killed.nodes.append(target)
            work += digraph.edges(from: target)
        }
        return killed
    }

    mutating func revive(_ killed: Killed) {
        for edge in killed.edges { isEdgeDead[edge] = false }
        for node in killed.nodes { isDead[node] = false }
    }

    private func cannotRun(_ node: Int) -> Bool {
        let open = digraph.edges(to: node).count { !isEdgeDead[$0] }
        switch body.nodes[node].join {
        case .all, .any: return open == 0
        case .quorum(let count): return open < count
        case .done: return false
        }
    }
}
