// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Definition
@testable import Engine

/// The passes that every compilation runs must not be noticed: random graphs run with and without them, under the same
/// random history, and their logs are compared event by event.
@Suite struct OptimiserPropertyTests {
    @Test func `optimised and plain graphs give the same logs`() throws {
        var dropped = 0
        var folded = 0
        for seed in 1...600 as ClosedRange<UInt64> {
            var random = SeededRandom(seed &* 7919)
            let yaml = RandomWorkflow.text(&random)
            let plain = try compiled(yaml, optimises: false)
            let optimised = try compiled(yaml, optimises: true)
            dropped += plain.edges.count - optimised.edges.count
            folded += plain.json == optimised.json ? 0 : 1
            try #require(plain.nodes.map(\.wave) == optimised.nodes.map(\.wave), "waves, seed \(seed)\n\(yaml)")
            try compare(plain, optimised, seed, yaml)
        }
        // Otherwise nothing was compared.
        #expect(dropped > 150, "\(dropped) edges dropped")
        #expect(folded > 200, "\(folded) graphs changed")
    }

    private func compiled(_ yaml: String, optimises: Bool) throws -> Graph {
        let registry = Registry(tools: [try Registry.Tool(name: "noop", input: ["type": "object"])])
        var compiler = Compiler(registry: registry)
        compiler.optimises = optimises
        let result = compiler.compile(text: Array(yaml.utf8), fileName: "test.yaml")
        return try #require(result.graph, "\(result.diagnostics.map(\.message))\n\(yaml)")
    }

    private func compare(_ plain: Graph, _ optimised: Graph, _ seed: UInt64, _ yaml: String) throws {
        var runs = [try RunDriver(graph: plain, seed: seed), try RunDriver(graph: optimised, seed: seed)]
        var random = SeededRandom(seed)
        for step in 0..<2000 {
            let facts = runs.map(Facts.init)
            try #require(facts[0].log == facts[1].log, "seed \(seed), step \(step)\n\(yaml)")
            try #require(facts[0].tasks == facts[1].tasks, "seed \(seed), step \(step)\n\(yaml)")
            if runs[0].state.status.isTerminal { break }
            let now = random
            for index in runs.indices {
                random = now
                try act(&runs[index], &random)
            }
        }
        #expect(runs[0].state.status.isTerminal, "seed \(seed) does not end\n\(yaml)")
        #expect(runs[0].state.outputs?.value == runs[1].state.outputs?.value, "seed \(seed)\n\(yaml)")
    }

    /// Something that happens to a run.
    private func act(_ run: inout RunDriver, _ random: inout SeededRandom) throws {
        let running = run.state.allTasks.filter { run.state[$0].status == .running }
        let asked = run.state.allTasks.filter {
            run.state[$0].status == .waiting && run.state[$0].humanTask != nil
        }
        if Int.random(in: 0..<40, using: &random) == 0 {
            try run.send(run.state.status == .paused ? .resume : .pause(reason: nil), by: "user:a")
        } else if let node = asked.randomElement(using: &random), let request = run.state[node].humanTask {
            let isApproved = Bool.random(using: &random)
            try run.send(.decide(task: node, request: request.id, isApproved: isApproved, comment: nil), by: "user:a")
        } else if let node = running.randomElement(using: &random) {
            let id = run.state.name(of: node)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: try run.fail(id, .permanent)
            case 1: try run.fail(id, .transient)
            default: try run.complete(id, ["n": .int(Int64.random(in: 0..<4, using: &random))])
            }
        } else if run.state.status == .paused {
            try run.send(.resume, by: "user:a")
        } else {
            try run.advance(.seconds(20))
        }
    }
}

/// What is the same for two graphs of one document: edges are named by their ends instead of their positions.
private struct Facts {
    let log: [String]
    let tasks: [String]

    init(_ run: RunDriver) {
        let graph = run.state.graph
        log = run.log.map { at, event in
            let node = event.task.map { graph.nodes[$0.node].id } ?? "-"
            return "\(at) \(node) \(Self.text(event.body, graph))"
        }
        tasks = zip(graph.nodes, run.state.root.tasks).map { node, task in
            let error = task.error.map { "\($0.code) \($0.message)" } ?? ""
            let output = task.output?.value.text ?? ""
            return "\(node.id) \(task.status) \(task.skipReason?.rawValue ?? "") \(error) \(output) \(task.attempts)"
        }
    }

    private static func text(_ body: Event.Body, _ graph: RunGraph) -> String {
        switch body {
        case .runQueued: "queued"
        case .taskCompleted(let output, let routing, _): "completed \(output.value.text) \(text(routing, graph))"
        case .taskFailed(let error, let routing, _): "failed \(error) \(text(routing, graph))"
        case .taskSkipped(let reason, let routing): "skipped \(reason) \(text(routing, graph))"
        default: "\(body)"
        }
    }

    private static func text(_ routing: Event.Routing, _ graph: RunGraph) -> String {
        let dead = routing.dead.map { position in
            let edge = graph.edges[position]
            return "\(edge.from)>\(edge.to)\(edge.branchCase ?? "")\(edge.isFallback)"
        }
        return "\(routing.chosen ?? "") \(dead.joined(separator: " "))"
    }
}

/// Graphs with many implied edges, of every kind that can run here.
private enum RandomWorkflow {
    static func text(_ random: inout SeededRandom) -> String {
        let policy = ["drain", "fail_fast", "continue"].randomElement(using: &random) ?? "drain"
        let count = Int.random(in: 3...12, using: &random)
        // Half of the graphs only wait for all edges: there edges can go.
        let joins = Bool.random(using: &random)
        var text = "workflow: random\non_failure: \(policy)\noutputs: {a: '${ 1 + 2 }', b: '${ nodes.n0.status }'}\n"
        var edges: [String] = []
        text += "nodes:\n"
        let order = Array(0..<count).shuffled(using: &random)
        var lines = [String](repeating: "", count: count)
        for node in 0..<count {
            lines[order[node]] = self.node(node, joins, &edges, &random)
        }
        text += lines.joined()
        if !edges.isEmpty { text += "edges:\n" + edges.shuffled(using: &random).joined() }
        return text
    }

    private static func node(
        _ node: Int,
        _ joins: Bool,
        _ edges: inout [String],
        _ random: inout SeededRandom
    ) -> String {
        var line = "  - {id: n\(node), \(kinds.randomElement(using: &random) ?? "")"
        let sources = (0..<node).filter { _ in Int.random(in: 0..<5, using: &random) < 2 }
        var plain: [Int] = []
        for source in sources {
            switch Int.random(in: 0..<(joins ? 10 : 40), using: &random) {
            case 0: edges.append("  - {from: n\(source), to: n\(node), when: '1 == 1'}\n")
            case 1: edges.append("  - {from: n\(source), to: n\(node), when: '[dyn(output)].map(o, o.n)[0] > 1'}\n")
            case 2...4: edges.append("  - {from: n\(source), to: n\(node)}\n")
            default: plain.append(source)
            }
        }
        if !plain.isEmpty { line += ", depends_on: [\(plain.map { "n\($0)" }.joined(separator: ", "))]" }
        if joins, !sources.isEmpty, !line.contains("type: join") {
            let quorum = "{quorum: \(Int.random(in: 1...sources.count, using: &random))}"
            line += ", join: \(["all", "all", "any", "done", quorum].randomElement(using: &random) ?? "all")"
        }
        if Int.random(in: 0..<6, using: &random) == 0 { line += ", continue_on_failure: true" }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: line += ", when: '1 > 2'"
        case 1: line += ", when: '2 > 1'"
        default: break
        }
        return line + "}\n"
    }

    private static let kinds = [
        "type: tool, config: {tool: noop, args: {a: '${ 1 + 1 }', b: 'x ${ \"$\" + \"{\" } ${ now }'}}",
        "type: tool, config: {tool: noop}, retry: {max_attempts: 2, delay: 1s}",
        "type: tool, config: {tool: noop}",
        "type: join", "type: join, config: {cancel_rest: true, mode: any}",
        "type: wait, config: {for: 5s}",
        "type: human, config: {message: 'm ${ 6 * 7 }', deadline: 1m, on_expire: skip}",
        "type: transform, config: {set: {n: '${ 3 - 1 }', t: '${ now }'}}", "type: transform, config: {expr: '1 / 0'}",
        "type: transform, config: {expr: '{\"n\": 1}'}",
        "type: branch, config: {cases: [{name: x, when: 'size(\"ab\") == 2'}], default: y}",
        "type: filter, config: {items: [1, 2, 3], where: 'item > 1'}",
    ]
}
