// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Whose runs are, and what comes of them (spec 11.2).
@Suite struct OwnershipTests {
    private static let acme = Ownership(tenant: "acme", owner: "user:a", project: "shop")
    private static let one = "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]"

    private func ownership(_ world: OperationsWorld, _ run: RunID) throws -> Ownership {
        let row = try #require(world.store.run(run))
        #expect(try world.state(of: run).ownership == row.ownership)
        return row.ownership
    }

    @Test func `a run says whose it is in its row, its log and its snapshots`() throws {
        for owner in [Ownership.common, Self.acme, Ownership(tenant: "default", owner: nil, project: "p")] {
            let world = OperationsWorld()
            let run = try world.start(Self.one) { $0.ownership = owner }
            world.turn()
            #expect(try ownership(world, run) == owner)
            world.restart()
            world.turn()
            let state = try #require(world.engine.runsInMemory.first { $0.state.id == run }?.state)
            #expect(state.ownership == owner)
            world.complete(run)
            world.turn()
            #expect(try ownership(world, run) == owner)
        }
        let world = OperationsWorld()
        let run = try world.start(Self.one)
        world.turn()
        let events = try world.events(of: run)
        let first = try #require(events.first?.body.data)
        #expect(["tenant", "owner", "project"].allSatisfy { first[$0] == nil }, "older programs wrote none of them")
    }

    @Test func `a child has the owner of its parent, and a derived run that of its origin`() throws {
        let world = OperationsWorld()
        let run = try world.start(
            """
            workflow: parent
            nodes:
              - {id: ask, type: workflow, config: {workflow: {workflow: child, nodes: [{id: work, type: tool, config: {tool: noop}}]}}}
            """
        ) { $0.ownership = Self.acme }
        world.turn()
        world.turn()
        let child = try #require(try world.state(of: run).root.tasks[0].child)
        #expect(try ownership(world, child) == Self.acme)
        world.complete(child)
        for _ in 0..<3 { world.turn() }
        #expect(try world.state(of: run).status == .completed)
        let fork: StartedRun = try world.ask {
            $0.derive(DeriveRequest(run, .rerun(from: "ask"), actor: "user:b"), $1)
        }
        #expect(try ownership(world, fork.id) == Self.acme)
    }

    @Test func `a schedule's runs are its owner's`() throws {
        let bench = try ScheduleBench()
        bench.drive()
        var definition = try bench.definition()
        definition.ownership = Self.acme
        try bench.create(definition)
        bench.pass(minutes: 10)
        #expect(try bench.schedule().definition == definition)
        #expect(try bench.store.run(bench.run(at: 10))?.ownership == Self.acme)
        bench.restart()
        bench.pass(minutes: 10)
        #expect(try bench.store.run(bench.run(at: 20))?.ownership == Self.acme)
        #expect(try bench.store.schedules(seenBy: .everything(of: "acme")).map(\.ownership) == [Self.acme])
        #expect(try bench.store.schedules(seenBy: .everything(of: "default")).isEmpty)
        #expect(throws: EngineError.self) {
            var same = try bench.definition(id: 2)
            same.ownership = Self.acme
            try bench.create(same)
        }
        #expect(try bench.create(try bench.definition(id: 2)).definition.ownership == .common)
    }

    @Test func `a request to people tells whose run asks`() throws {
        let world = OperationsWorld()
        let yaml = "workflow: w\nnodes: [{id: a, type: human, config: {message: m, assignees: ['role:ops']}}]"
        let run = try world.start(yaml) { $0.ownership = Self.acme }
        world.turn()
        var filter = HumanTaskFilter()
        filter.audience = .init(tenant: "acme", assignees: ["role:ops"])
        let request = try #require(world.store.humanTasks(filter).first)
        #expect(request.run == run && request.ownership == Self.acme)
        world.restart()
        let row = try world.ask { $0.decide(request.id, approve: true, comment: nil, by: "user:b", $1) }
        #expect(row.ownership == Self.acme)
        filter.audience = .init(tenant: "default", assignees: ["role:ops"])
        #expect(world.store.humanTasks(filter).isEmpty)
    }

    @Test func `an id that another one's run has cannot be started`() throws {
        let world = OperationsWorld()
        let id = RunID(high: 9, low: 9)
        let graph = try compile(Self.one)
        func start(_ owner: Ownership) -> EngineError.Code? {
            var request = StartRequest(graph: graph, source: [], inputs: [:], id: id, actor: "user:a")
            request.ownership = owner
            return world.code { $0.start(request, $1) }
        }
        #expect(start(Self.acme) == nil && start(Self.acme) == nil)
        #expect(start(.common) == .conflict)
        #expect(start(Ownership(tenant: "acme", owner: "user:b", project: "shop")) == .conflict)
        #expect(start(Ownership(tenant: "other", owner: "user:a", project: "shop")) == .conflict)
    }

    @Test func `a signal stays in the tenant of its sender, and one for the project in that`() throws {
        let waiting = "workflow: w\nnodes: [{id: a, type: wait, config: {signal: {type: go}}}]"
        let cases: [(target: SignalTarget, from: Ownership?, reached: Int)] = [
            (.broadcast, nil, 4), (.broadcast, Self.acme, 2), (.broadcast, .common, 1),
            (.workflow(name: "w", key: nil), Self.acme, 2), (.workflow(name: "w", key: nil), nil, 4),
            (.project, Self.acme, 1), (.project, Ownership(tenant: "acme", owner: "user:z"), 1), (.project, nil, 4),
        ]
        for (target, sender, reached) in cases {
            let world = OperationsWorld()
            for owner in [
                .common, Self.acme, Ownership(tenant: "acme", owner: "user:b"), Ownership(tenant: "x", owner: nil),
            ] {
                _ = try world.start(waiting) { $0.ownership = owner }
            }
            world.turn()
            let signal = RunSignal(dedupeKey: "d", type: "go", key: nil, payload: Payload(inline: .null))
            let count = try world.ask {
                $0.signal(target, signal, from: sender.map(SignalSender.init), by: "user:a", $1)
            }
            #expect(count == reached, "\(target) from \(String(describing: sender))")
        }
    }

    @Test func `a snapshot from before there were tenants is read as one of the first`() throws {
        let graph = RunGraph(try compile(Self.one))
        let origin = Event.RunOrigin(
            id: RunID(high: 1, low: 2),
            workflow: "w",
            graphHash: graph.hash,
            inputs: Payload(inline: .null)
        )
        let field = try #require(RunState.fields.first { $0.property == "tenant" })
        var state = RunState(origin: origin, graph: graph, at: Timestamp(milliseconds: 0))
        state.tenant = "other"
        let decoder = SnapshotDecoder(
            graph: graph,
            events: EventDecoder(graph: graph) { _, _ in .null },
            part: { _ in [] }
        )
        try field.read(&state, "", decoder)
        #expect(state.ownership == .common)
    }
}
