// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Chains of agents and tools that runs do again and again (spec 9.14).
@Suite struct PatternTests {
    // MARK: What is a chain

    /// A document, and its chain: `nil` when it has none.
    private static let documents: [(name: String, nodes: String, chain: String?)] = [
        (
            "agents in a row",
            "[{id: a, type: agent, config: {agent: ann, prompt: x}},"
                + "{id: b, type: agent, depends_on: [a], config: {agent: bob, prompt: x, operation: review}}]",
            "ann bob/review"
        ),
        (
            "written the other way round",
            "[{id: b, type: tool, depends_on: [m], config: {tool: noop}},"
                + "{id: m, type: transform, depends_on: [a], config: {expr: '1'}},"
                + "{id: a, type: agent, config: {agent: ann, prompt: x}}]", "ann noop"
        ),
        (
            "a team in order", "[{id: a, type: agent, config: {agents: [ann, bob, cat], prompt: x}}]", "ann bob cat"
        ),
        (
            "a pipeline, then a tool",
            "[{id: a, type: agent, config: {agents: [bob, ann], strategy: pipeline, prompt: x}},"
                + "{id: t, type: tool, depends_on: [a], config: {tool: noop}}]", "bob ann noop"
        ),
        (
            "at once",
            "[{id: a, type: agent, config: {agent: ann, prompt: x}},"
                + "{id: b, type: agent, config: {agent: bob, prompt: x}}]", nil
        ),
        (
            "a diamond",
            "[{id: a, type: tool, config: {tool: noop}},"
                + "{id: b, type: agent, depends_on: [a], config: {agent: ann, prompt: x}},"
                + "{id: c, type: agent, depends_on: [a], config: {agent: bob, prompt: x}},"
                + "{id: d, type: tool, depends_on: [b, c], config: {tool: noop}}]", nil
        ),
        ("a team at once", "[{id: a, type: agent, config: {agents: [ann, bob], strategy: parallel, prompt: x}}]", nil),
        ("only one", "[{id: a, type: agent, config: {agent: ann, prompt: x}}]", nil),
        (
            "with something else",
            "[{id: a, type: agent, config: {agent: ann, prompt: x}},"
                + "{id: h, type: http, depends_on: [a], config: {method: GET, url: 'https://example.org'}},"
                + "{id: b, type: tool, depends_on: [h], config: {tool: noop}}]", nil
        ),
        (
            "one that is skipped",
            "[{id: a, type: agent, config: {agent: ann, prompt: x}},"
                + "{id: s, type: agent, depends_on: [a], when: 'false', config: {agent: cat, prompt: x}},"
                + "{id: b, type: tool, depends_on: [a], config: {tool: noop}}]", "ann noop"
        ),
        (
            "too long",
            "["
                + (0...20).map {
                    "{id: n\($0), type: tool, depends_on: [\($0 == 0 ? "" : "n\($0 - 1)")], config: {tool: noop}}"
                }
                .joined(separator: ",") + "]", nil
        ),
    ]

    private func text(_ steps: [PatternStep]?) -> String? {
        steps?.map { $0.name + ($0.operation.map { "/\($0)" } ?? "") }.joined(separator: " ")
    }

    @Test func `a chain is agents and tools that follow one another, and nothing else`() throws {
        for (name, nodes, chain) in Self.documents {
            var run = try RunDriver("workflow: w\nnodes: \(nodes)")
            while let next = run.running.first { try run.complete(next, ["text": "x"]) }
            #expect(run.state.status == .completed, "\(name): \(run.statuses)")
            #expect(text(run.state.chain) == chain, "\(name)")
        }
        // A failure that is passed over is one.
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: agent, config: {agent: ann, prompt: x}}
              - {id: b, type: tool, depends_on: [a], continue_on_failure: true, config: {tool: noop}}
              - {id: c, type: agent, depends_on: [b], config: {agent: bob, prompt: x}}
            """
        )
        try run.complete("a")
        try run.fail("b")
        try run.complete("c")
        #expect(run.state.status == .completed && run.state.chain == nil)
    }

    @Test func `confidence and saving are as the specification says`() throws {
        let now = Timestamp(milliseconds: 1_000_000_000)
        let steps = [PatternStep(.agent, "ann"), PatternStep(.tool, "fs.read")]
        var record = PatternRecord(.common, steps, at: now)
        #expect(record.name == "ann-to-fs.read-2step")
        // By the number of runs, and how many days later.
        let table: [(count: Int, days: Int64, confidence: Double)] = [
            (1, 0, 0.5), (3, 0, 0.7), (3, 7, 0.3), (6, 0, 1), (9, 0, 1), (9, 14, 0.6),
        ]
        for (count, days, confidence) in table {
            record.count = count
            let found = record.confidence(at: now + .seconds(days * 86_400))
            #expect(abs(found - confidence) < 1e-9, "\(count) after \(days): \(found)")
        }
        (record.count, record.total) = (4, .seconds(10))
        #expect(record.meanLatency == .milliseconds(2500) && record.estimatedSaving == .milliseconds(4800))
        record.sightings = [.init(run: RunID(high: 1, low: 2), at: now)]
        record.promotion = .init(workstack: "w", version: 2, by: "user:a", at: now)
        #expect(PatternRecord(record.row) == record)
        #expect(PatternRecord(RegistrationRow(key: record.key, body: [])) == nil)
    }

    // MARK: Runs

    private static let chain = """
        workflow: w
        nodes:
          - {id: a, type: agent, config: {agent: ann, prompt: x}}
          - {id: b, type: agent, depends_on: [a], config: {agent: bob, prompt: x}}
        """

    @discardableResult
    private func run(_ world: OperationsWorld, _ ownership: Ownership = .common, _ text: String = chain) throws
        -> RunID
    {
        let run = try world.start(text) { $0.ownership = ownership }
        world.turn()
        world.complete(run, "a", ["text": "x"])
        world.turn()
        world.complete(run, "b", ["text": "x"])
        world.turn()
        #expect(try world.state(of: run).status == .completed)
        return run
    }

    private func patterns(_ world: OperationsWorld, _ tenant: String = "default") throws -> [PatternRecord] {
        try world.ask { $0.patterns(of: tenant, $1) }
    }

    private func suggestions(_ world: OperationsWorld, _ run: RunID) throws -> [PatternEvent] {
        try world.events(of: run).compactMap { event in
            if case .pattern(let pattern) = event.body { return pattern }
            return nil
        }
    }

    @Test func `the third run within a day makes a proposal, which is said once`() throws {
        let world = OperationsWorld()
        let runs = try (0..<5).map { _ in try run(world) }
        let said = try runs.map { try suggestions(world, $0).count }
        #expect(said == [0, 0, 1, 0, 0])
        let event = try #require(try suggestions(world, runs[2]).first)
        #expect(event.name == "ann-to-bob-2step" && event.count == 3 && event.confidence == 0.7)
        let record = try #require(try patterns(world).first)
        #expect(record.status == .suggested && record.count == 5 && record.id == event.pattern)
        #expect(record.sightings.map(\.run) == Array(runs.suffix(3)))
        #expect(try PatternRecord.all(in: world.store, at: world.clock.wall()) == [record])
    }

    @Test func `what is too far apart is no proposal, and what nobody does is forgotten`() throws {
        let world = OperationsWorld()
        for _ in 0..<4 {
            let done = try run(world)
            #expect(try suggestions(world, done).isEmpty)
            world.clock.advance(.seconds(13 * 3600))
        }
        #expect(try patterns(world).map(\.count) == [4])
        world.clock.advance(PatternRecord.memory)
        #expect(try patterns(world).isEmpty)
        try run(world)
        #expect(try patterns(world).map(\.count) == [1])
    }

    @Test func `runs of others are not counted together`() throws {
        let world = OperationsWorld()
        let owners = [
            Ownership(tenant: "default", owner: "user:a"), Ownership(tenant: "default", owner: "user:b"),
            Ownership(tenant: "default", owner: "user:a", project: "shop"), Ownership(tenant: "other", owner: "user:a"),
        ]
        for owner in owners { for _ in 0..<2 { try run(world, owner) } }
        #expect(try patterns(world).map(\.count) == [2, 2, 2] && patterns(world, "other").map(\.count) == [2])
        let third = try run(world, owners[1])
        #expect(try suggestions(world, third).count == 1)
        let suggested = try patterns(world).filter { $0.status == .suggested }
        #expect(suggested.map(\.ownership) == [owners[1]])
    }

    @Test func `each run is counted once, whenever the process dies`() throws {
        let world = OperationsWorld()
        var ids: [RunID] = []
        for _ in 0..<3 {
            let run = try world.start(Self.chain)
            ids.append(run)
            for node in ["a", "b"] {
                world.turn()
                world.restart()
                // The attempt was lost: it is made again.
                while world.turn() != [node] { world.clock.advance(.seconds(10)) }
                world.complete(run, node, ["text": "x"])
                world.turn()
                world.restart()
            }
        }
        #expect(try ids.allSatisfy { try world.state(of: $0).status == .completed })
        #expect(try patterns(world).map(\.count) == [3])
        #expect(try ids.map { try suggestions(world, $0).count } == [0, 0, 1])
    }

    @Test func `what is promoted or dismissed is not proposed again`() throws {
        let world = OperationsWorld()
        for _ in 0..<3 { try run(world) }
        let id = try #require(try patterns(world).first?.id)
        let dismissed = try world.ask { $0.dismiss(id, tenant: "default", $1) }
        #expect(dismissed.status == .dismissed)
        for _ in 0..<3 { #expect(try suggestions(world, try run(world)).isEmpty) }
        func promotion(_ name: String) -> PatternRecord.Promotion {
            .init(workstack: name, version: 1, by: "user:a", at: world.clock.wall())
        }
        let first = try world.ask { $0.promote(id, tenant: "default", promotion("one"), $1) }
        let second = try world.ask { $0.promote(id, tenant: "default", promotion("two"), $1) }
        #expect(first == second && first.promotion?.workstack == "one" && first.count == 6)
        #expect(world.code { $0.dismiss(id, tenant: "default", $1) } == .conflict)
        #expect(world.code { $0.dismiss(id, tenant: "other", $1) } == .notFound)
        world.restart()
        world.clock.advance(PatternRecord.memory * 2)
        #expect(try patterns(world) == [first])
    }

    @Test func `a tenant has at most a thousand, and those that were done last stay`() throws {
        let world = OperationsWorld()
        var commit = Commit()
        for number in 0..<PatternRecord.limit {
            let steps = [PatternStep(.tool, "noop"), PatternStep(.agent, "a\(number)")]
            let at = world.clock.wall() + .milliseconds(-Int64(number))
            commit.registrations.append(PatternRecord(.common, steps, at: at).row)
        }
        _ = try world.store.commit(commit)
        world.restart()
        try run(world)
        let names = Set(try patterns(world).map(\.name))
        #expect(names.count == PatternRecord.limit && names.contains("ann-to-bob-2step"))
        #expect(names.contains("noop-to-a0-2step") && !names.contains("noop-to-a999-2step"))
    }

    // MARK: Workstacks

    @Test func `the workstack of a pattern compiles, and does the same steps`() throws {
        let steps = [
            PatternStep(.tool, "noop"), PatternStep(.agent, "ann", operation: "review"), PatternStep(.agent, "bob"),
        ]
        let draft = PatternDraft(steps, named: "noop-to-bob-3step") { tool in
            tool == "noop"
                ? ["required": ["path", "a b"], "properties": ["path": ["type": "string", "description": "Where."]]]
                : nil
        }
        let result = testCompiler.compile(text: draft.text, fileName: "draft")
        let graph = try #require(result.graph, "\(result.diagnostics.map(\.message))")
        #expect(draft.document["inputs"]?["step_1_path"] == ["type": "string", "description": "Where."])
        #expect(draft.document["inputs"]?["step_1_a_b"] != nil && draft.document["inputs"]?["prompt"] != nil)
        var run = try RunDriver(graph: graph, inputs: ["prompt": "Look.", "step_1_path": "x", "step_1_a_b": 1])
        while let next = run.running.first { try run.complete(next, ["text": "x"]) }
        #expect(run.state.status == .completed && run.state.chain == steps, "\(run.statuses)")
    }
}
