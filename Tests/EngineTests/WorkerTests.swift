// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Workers outside (spec 12.7).
@Suite struct WorkerTests {
    private static let some = """
        workflow: w
        nodes:
          - {id: a, type: tool, config: {tool: noop}, timeout: 2h}
          - {id: b, type: tool, config: {tool: noop}, timeout: 2h}
          - {id: c, type: tool, config: {tool: noop}, queue: gpu, labels: {memory: large}}
        """

    private func register(
        _ world: ClaimWorld,
        by actor: String = "user:b",
        _ change: (inout WorkerRecord.Profile) -> Void = { _ in }
    )
        throws -> WorkerID
    {
        var profile = WorkerRecord.Profile()
        change(&profile)
        let wanted = profile
        return try world.ask { world.engine.register(wanted, tenant: Ownership.defaultTenant, by: actor, $0) }.record.id
    }

    private func claim(
        _ world: ClaimWorld,
        _ node: String,
        _ run: RunID,
        _ worker: WorkerID,
        by actor: String = "user:b"
    )
        throws -> ClaimedTask
    {
        let order = ClaimOrder(try world.id(node, run), worker: worker.description, lease: .seconds(3600))
        return try world.ask { world.engine.claim(order, by: actor, $0) }
    }

    private func workers(_ world: ClaimWorld) throws -> [Worker] {
        try world.ask { world.engine.workers(of: Ownership.defaultTenant, $0) }
    }

    private func tell(_ world: ClaimWorld, _ worker: WorkerID, _ order: WorkerRecord.Order) throws -> WorkerRecord.State
    {
        try world.ask { world.engine.tell(worker, order, by: "user:a", $0) }.record.state
    }

    @Test func `spec 2.2: every order leads from every state where the machine says`() {
        let table: [(WorkerRecord.State, WorkerRecord.Order, load: Int, WorkerRecord.State?)] = [
            (.ready, .drain, 0, .stopped), (.ready, .drain, 1, .draining), (.idlePaused, .drain, 1, .draining),
            (.idlePaused, .drain, 0, .stopped), (.draining, .drain, 1, .draining), (.stopped, .drain, 0, .stopped),
            (.dead, .drain, 0, nil), (.ready, .pause, 1, .idlePaused), (.idlePaused, .pause, 0, .idlePaused),
            (.draining, .pause, 1, nil), (.stopped, .pause, 0, nil), (.dead, .pause, 0, nil),
            (.idlePaused, .resume, 0, .ready), (.ready, .resume, 0, .ready), (.draining, .resume, 1, nil),
            (.stopped, .resume, 0, nil), (.dead, .resume, 0, nil),
        ]
        let now = Timestamp(milliseconds: 5)
        for (state, order, load, end) in table {
            let id = WorkerID(high: 1, low: 1)
            var record = WorkerRecord(id: id, tenant: "t", owner: "o", profile: .init(), at: Timestamp(milliseconds: 0))
            record.go(to: state, "test", at: Timestamp(milliseconds: 1))
            let before = record
            do throws(EngineError) {
                try record.follow(order, load: load, by: "me", at: now)
                #expect(record.state == end, "\(state) \(order)")
                #expect(record.since == (state == end ? before.since : now), "\(state) \(order)")
            } catch {
                #expect(end == nil && record == before && error.code == .conflict, "\(state) \(order)")
            }
            #expect(WorkerRecord(record.row) == record)
        }
    }

    @Test func `a worker has as many tasks as it does at a time, of queues and with labels that it serves`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.some)
        let worker = try register(world) { $0.capacity = 1 }
        #expect(world.refusal { _ = try claim(world, "a", run, worker, by: "user:c") } == .invalid)
        #expect(world.refusal { _ = try claim(world, "c", run, worker) } == .conflict)
        let first = try claim(world, "a", run, worker)
        #expect(first.worker == "user:b/\(worker)")
        #expect(world.refusal { _ = try claim(world, "b", run, worker) } == .conflict)
        let shown = try #require(try workers(world).first)
        #expect(shown.record.state == .busy && shown.claims == [first.id])
        try world.complete(first.held)
        #expect(try workers(world).first?.record.state == .ready)
        let second = try claim(world, "b", run, worker)
        _ = try world.ask { world.engine.release(second.held, $0) }
        #expect(try workers(world).first?.claims == [])
        let other = try register(world) { ($0.queues, $0.labels, $0.capacity) = (["gpu"], ["memory": "large"], 2) }
        #expect(world.refusal { _ = try claim(world, "b", run, other) } == .conflict)
        _ = try claim(world, "c", run, other)
    }

    @Test func `a worker that is not heard of for three heartbeats is dead, and its tasks are done by others`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.some)
        let worker = try register(world) { $0.capacity = 2 }
        let claims = [try claim(world, "a", run, worker), try claim(world, "b", run, worker)]
        for _ in 1...4 {
            world.clock.advance(.seconds(29))
            _ = try world.ask { world.engine.heartbeat(worker, by: "user:b", $0) }
        }
        // A restart ends nobody: the worker and its claims are as they were.
        try world.restart()
        world.clock.advance(.seconds(29))
        world.turn()
        #expect(try workers(world).first?.claims.count == 2)
        world.clock.advance(.seconds(1))
        world.turn()
        let dead = try #require(try workers(world).first)
        #expect(dead.record.state == .dead && dead.claims == [] && dead.until == nil)
        #expect(try world.claimable() == ["a", "b", "c"])
        for claim in claims { #expect(world.refusal { try world.complete(claim.held) } == .leaseLost) }
        #expect(try world.state(of: run)[claims[0].id.task].lostAttempts == 1)
        #expect(world.refusal { _ = try world.ask { world.engine.heartbeat(worker, by: "user:b", $0) } } == .conflict)
        #expect(world.refusal { _ = try claim(world, "a", run, worker) } == .conflict)
        try world.restart()
        #expect(try workers(world).first?.record.state == .dead)
        // A day later it is not listed any more once another one comes.
        world.clock.advance(.seconds(25 * 3600))
        let other = try register(world)
        #expect(try workers(world).map(\.record.id) == [other])
        #expect(try world.store.registrations(.worker).count == 1)
    }

    @Test func `a worker that drains takes nothing more and stops with its last task; a paused one goes on later`()
        throws
    {
        let world = ClaimWorld()
        let run = try world.start(Self.some)
        let worker = try register(world) { $0.capacity = 3 }
        let first = try claim(world, "a", run, worker)
        #expect(try tell(world, worker, .pause) == .idlePaused)
        #expect(world.refusal { _ = try claim(world, "b", run, worker) } == .conflict)
        #expect(try tell(world, worker, .resume) == .ready)
        let second = try claim(world, "b", run, worker)
        #expect(try tell(world, worker, .drain) == .draining)
        #expect(world.refusal { _ = try tell(world, worker, .resume) } == .conflict)
        try world.complete(first.held)
        #expect(try workers(world).first?.record.state == .draining)
        try world.complete(second.held)
        #expect(try workers(world).first?.record.state == .stopped)
        #expect(world.engine.heldThings.values.allSatisfy { $0 == 0 }, "\(world.engine.heldThings)")
    }

    @Test func `a worker that is removed loses its tasks, and a commit that fails leaves it as it was`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.some)
        world.store.fail(world.store.commits + 1, with: StoreError(.full, "no room"))
        #expect(world.refusal { _ = try register(world) } == .storageFull)
        world.clock.advance(.seconds(2))
        world.turn()
        #expect(try workers(world).isEmpty)
        let worker = try register(world)
        let first = try claim(world, "a", run, worker)
        world.store.fail(world.store.commits + 1, with: StoreError(.full, "no room"))
        #expect(world.refusal { _ = try world.ask { world.engine.remove(worker, by: "user:a", $0) } } == .storageFull)
        world.clock.advance(.seconds(2))
        world.turn()
        #expect(try workers(world).first?.claims == [first.id])
        try world.ask { world.engine.remove(worker, by: "user:a", $0) }
        #expect(try workers(world).isEmpty && world.claimable() == ["a", "b", "c"])
        #expect(world.refusal { try world.complete(first.held) } == .leaseLost)
        #expect(world.refusal { try world.ask { world.engine.remove(worker, by: "user:a", $0) } } == .notFound)
    }
}
