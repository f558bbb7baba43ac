// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Runs that nothing would move any more (spec 6.10).
@Suite struct SupervisorTests {
    private static let now = Timestamp(milliseconds: 10_000_000)

    @Test func `what is found follows from what would move each task, and for how long nothing happened`() {
        typealias Case = (
            name: String, mover: Supervisor.Mover, quiet: Int, age: Int, attention: RunState.Attention?,
            mayEscalate: Bool, findings: [Supervisor.Finding]
        )
        let task = TaskRef(node: 1)
        let cases: [Case] = [
            ("something moves it", .something, 9999, 9999, nil, true, []),
            ("an executor has it", .lease, 9999, 9999, nil, true, []),
            ("its lease is gone", .lostLease(fence: 3), 0, 0, nil, true, [.lost(task, fence: 3)]),
            ("unserved, not for long", .noWorker, 0, 59, nil, true, []),
            ("unserved", .noWorker, 0, 60, nil, true, [.workerMissing(task)]),
            ("unserved, told", .noWorker, 9999, 9999, .workerMissing, true, []),
            ("nothing, not for long", .nothing, 299, 9999, nil, true, []),
            ("nothing", .nothing, 300, 300, nil, true, [.stuck([task])]),
            ("nothing, and it was served before", .nothing, 300, 300, .workerMissing, true, [.stuck([task])]),
            ("nothing, although begun anew", .nothing, 300, 300, .redispatched, true, [.escalate(task)]),
            ("nothing, and nobody can decide", .nothing, 300, 300, .redispatched, false, []),
        ]
        for one in cases {
            let run = Supervisor.Run(
                lastEventAt: Self.now + .seconds(-one.quiet),
                tasks: [
                    .init(
                        task: task,
                        mover: one.mover,
                        since: Self.now + .seconds(-one.age),
                        attention: one.attention,
                        mayEscalate: one.mayEscalate
                    )
                ]
            )
            #expect(Supervisor.findings(run, at: Self.now) == one.findings, "\(one.name)")
        }
        let empty = Supervisor.Run(lastEventAt: Self.now + .seconds(-300), tasks: [])
        #expect(Supervisor.findings(empty, at: Self.now) == [.stuck([])])
    }

    private static let text = "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]"

    @Test func `an attempt whose lease was lost from memory is made again within half a minute`() throws {
        let world = OperationsWorld()
        let run = try world.start(Self.text)
        #expect(world.turn() == ["a"])
        world.engine.loop.leases = LeaseTable(duration: .seconds(30))
        #expect(world.engine.idleTime <= 30_000)
        world.clock.advance(.seconds(30))
        #expect(world.turn() == ["a"])
        #expect(try world.state(of: run).root.tasks[0].lostAttempts == 1)
    }

    @Test func `a lost dispatch is told, begun anew once, and then a person decides`() throws {
        let world = OperationsWorld { $0.slots = 0 }
        let run = try world.start(Self.text)
        _ = world.turn()
        world.engine.loop.ready = FairQueue()
        world.pass(.seconds(290))
        #expect(try world.events(of: run).allSatisfy { $0.body.type != .runStuck })
        world.pass(.seconds(40))
        let stuck = try world.events(of: run).filter { $0.body.type == .runStuck }
        #expect(stuck.count == 1 && stuck[0].body.data["waiting_for"]?[0]?["task"] == "a")
        #expect(world.engine.loop.ready.count == 1)
        // It waits for an executor now, which is a cause.
        world.pass(.seconds(1000))
        #expect(try world.state(of: run).status == .running)
        world.engine.loop.ready = FairQueue()
        world.pass(.seconds(330))
        let state = try world.state(of: run)
        #expect(state.root.tasks[0].status == .needsReview)
        #expect(state.status == .waiting && state.waitReason == .human)
        #expect(state[TaskRef(node: 0)].openRequest?.request.kind == .escalation)
        #expect(try world.events(of: run).count { $0.body.type == .runStuck } == 1)
        // Somebody says to try again, and it is offered.
        let id = try #require(state[TaskRef(node: 0)].openRequest).id
        try world.ask { $0.person(id, .answer(HumanAnswer(choice: "retry")), by: "user:a", $1) }
        #expect(world.engine.loop.ready.count == 1)
    }

    @Test func `a dispatch that is lost once goes on by itself`() throws {
        let world = OperationsWorld { $0.slots = 1 }
        let (first, second) = (try world.start(Self.text), try world.start(Self.text))
        #expect(world.turn() == ["a"])
        world.engine.loop.ready = FairQueue()
        world.complete(first)
        _ = world.turn()
        #expect(world.begun() == ["a"])
        world.pass(.seconds(330))
        #expect(world.begun() == ["a"])
        world.complete(second)
        _ = world.turn()
        #expect(try world.state(of: second).status == .completed)
    }

    @Test func `a task that nobody serves is told after a minute, and done by who serves it`() throws {
        let world = OperationsWorld { $0.queues = ["tool"] }
        let text = """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, queue: gpu, config: {tool: noop}}
              - {id: c, type: tool, labels: {zone: east}, config: {tool: noop}}
            """
        let run = try world.start(text)
        #expect(world.turn() == ["a"])
        let causes = try world.explain(run).waitingFor.map(\.cause)
        #expect(causes.contains(.worker(queue: "gpu", labels: [:])))
        #expect(causes.contains(.worker(queue: "tool", labels: ["zone": "east"])))
        world.complete(run)
        world.pass(.seconds(600))
        let told = try world.events(of: run).filter { $0.body.type == .workerMissing }
        #expect(told.map(\.body.data["queue"]) == ["gpu", "tool"])
        let other = OperationsWorld({
            $0.queues = ["tool", "gpu"]
            $0.labels = ["zone": "east", "gpu": "yes"]
        })
        _ = try other.start(text)
        #expect(other.turn().sorted() == ["a", "b", "c"])
    }

    @Test func `a shard whose runs all wait is not woken for it`() throws {
        let world = OperationsWorld()
        _ = try world.start("workflow: w\nnodes: [{id: ask, type: human, config: {message: m, deadline: 7d}}]")
        _ = world.turn()
        #expect(world.engine.loop.superviseAt == nil && world.engine.loop.watched.isEmpty)
        let commits = world.store.lastSequence()
        let run = try world.start(Self.text)
        _ = world.turn()
        #expect(world.engine.loop.superviseAt != nil)
        world.complete(run)
        world.pass(.seconds(60))
        #expect(world.engine.loop.superviseAt == nil)
        #expect(world.store.lastSequence() > commits)
    }
}
