// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Tasks that are worked on outside (spec 9.11).
@Suite struct ClaimTests {
    private static let two = """
        workflow: w
        outputs: {got: "${ nodes.b.output }"}
        nodes:
          - {id: a, type: tool, config: {tool: noop}, inputs: {n: 1}, timeout: 2h}
          - {id: b, type: tool, depends_on: [a], config: {tool: noop}, inputs: {n: "${ nodes.a.output.n + 1 }"}}
        """

    @Test func `spec 9.11: a task is claimed by one, ended once, and the run goes on with its output`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        #expect(try world.claimable() == ["a"] && world.dispatched == [])
        let state = try world.state(of: run)
        #expect(state.task(named: TaskName(node: "a")).map { state.waitCause(of: $0)?.kind } == "external")
        let claim = try world.claim("a", of: run)
        #expect(claim.input == ["n": 1] && claim.fence == 1 && claim.assignment.attempt == 1)
        #expect(claim.assignment.idempotencyKey == "\(run)/a" && claim.until == world.clock.wall() + .seconds(30))
        #expect(world.refusal { _ = try world.claim("a", of: run, by: "user:c") } == .taskTaken)
        #expect(try world.claimable() == [])
        let foreign = HeldClaim(claim.id, fence: 1, by: "user:c")
        #expect(world.refusal { try world.complete(foreign) } == .leaseLost)
        try world.complete(claim.held, ["n": 5])
        #expect(world.refusal { try world.complete(claim.held, ["n": 6]) } == .leaseLost)
        #expect(world.refusal { _ = try world.beat(claim.held) } == .leaseLost)
        let next = try world.claim("b", of: run)
        #expect(next.input == ["n": 6])
        try world.complete(next.held, "done")
        let end = try world.state(of: run)
        #expect(end.status == .completed && end.outputs?.value == ["got": "done"])
        #expect(try world.attempts("a", run) == [.succeeded])
        #expect(world.engine.heldThings.values.allSatisfy { $0 == 0 }, "\(world.engine.heldThings)")
        #expect(world.refusal { _ = try world.claim("b", of: run) } == .conflict)
    }

    @Test func `a claim that nobody renews ends, and the task may be claimed again; that is no retry`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        let first = try world.claim("a", of: run)
        for _ in 1...5 {
            world.clock.advance(.seconds(29))
            #expect(try world.beat(first.held).until == world.clock.wall() + .seconds(30))
        }
        world.clock.advance(.seconds(30))
        world.turn()
        #expect(try world.claimable() == ["a"])
        #expect(world.refusal { _ = try world.beat(first.held) } == .leaseLost)
        #expect(world.refusal { try world.complete(first.held) } == .leaseLost)
        let second = try world.claim("a", of: run, by: "user:c", for: .seconds(3600))
        #expect(second.fence == 2 && second.assignment.attempt == 2)
        #expect(world.refusal { try world.complete(first.held) } == .leaseLost)
        world.clock.advance(.seconds(3599))
        world.turn()
        let task = try world.state(of: run)[second.id.task]
        #expect(task.status == .running && task.lostAttempts == 1 && task.countedAttempts == 1)
        try world.complete(second.held)
        #expect(try world.attempts("a", run) == [.lost, .succeeded])
    }

    @Test func `a task that is handed back has used no attempt`() throws {
        let world = ClaimWorld()
        let run = try world.start(
            "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, retry: {max_attempts: 2, delay: 1s, jitter: 0}}]"
        )
        for _ in 1...4 {
            let claim = try world.claim("a", of: run)
            _ = try world.ask { world.engine.release(claim.held, $0) }
            #expect(world.refusal { try world.complete(claim.held) } == .leaseLost)
        }
        let error = TaskError(code: "x", errorClass: .transient, message: "once more")
        for (number, status) in [TaskStatus.retrying, .failed].enumerated() {
            let claim = try world.claim("a", of: run)
            _ = try world.ask { world.engine.fail(claim.held, error, $0) }
            #expect(try world.state(of: run)[claim.id.task].status == status, "\(number)")
            world.clock.advance(.seconds(5))
            world.turn()
        }
        #expect(try world.attempts("a", run) == Array(repeating: .released, count: 4) + [.failed, .failed])
    }

    @Test func `a claim outlives the process, and its lease begins anew`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        let claim = try world.claim("a", of: run, for: .seconds(60))
        world.clock.advance(.seconds(59))
        try world.restart()
        world.clock.advance(.seconds(59))
        world.turn()
        #expect(world.refusal { _ = try world.claim("a", of: run, by: "user:c") } == .taskTaken)
        _ = try world.beat(claim.held, TaskProgress(percent: 40, message: "reading"))
        #expect(try world.state(of: run).claims[claim.id.task]?.progress?.percent == 40)
        try world.complete(claim.held, ["n": 1])
        try world.restart()
        #expect(try world.claimable() == ["b"])
        #expect(world.refusal { try world.complete(claim.held) } == .leaseLost)
        let next = try world.claim("b", of: run)
        try world.restart()
        world.clock.advance(.seconds(31))
        world.turn()
        #expect(try world.claimable() == ["b"] && world.refusal { try world.complete(next.held) } == .leaseLost)
        #expect(world.dispatched == [])
    }

    @Test func `a claim whose commit fails was never made, and a result whose commit fails can come again`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        world.store.fail(world.store.commits + 1, with: StoreError(.full, "no room"))
        #expect(world.refusal { _ = try world.claim("a", of: run) } == .storageFull)
        world.clock.advance(.seconds(2))
        world.turn()
        let claim = try world.claim("a", of: run)
        #expect(claim.fence == 1)
        world.store.fail(world.store.commits + 1, with: StoreError(.full, "no room"))
        #expect(world.refusal { try world.complete(claim.held, ["n": 1]) } == .storageFull)
        world.clock.advance(.seconds(2))
        world.turn()
        try world.complete(claim.held, ["n": 1])
        #expect(try world.claimable() == ["b"])
    }

    @Test func `a claim is a dispatch: limits and pauses hold for it`() throws {
        let world = ClaimWorld()
        let keyed = """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}, concurrency: {key: k, max: 1}}
              - {id: b, type: tool, config: {tool: noop}, concurrency: {key: k, max: 1}}
            """
        let run = try world.start(keyed)
        let first = try world.claim("a", of: run)
        #expect(world.refusal { _ = try world.claim("b", of: run) } == .conflict)
        #expect(try world.claimable() == [])
        try world.complete(first.held)
        #expect(try world.claimable() == ["b"])
        _ = try world.ask { world.engine.control(run, .pause(reason: nil), by: "user:a", $0) }
        #expect(try world.claimable() == [] && world.refusal { _ = try world.claim("b", of: run) } == .conflict)
        _ = try world.ask { world.engine.control(run, .resume, by: "user:a", $0) }
        try world.complete(try world.claim("b", of: run).held)
        #expect(try world.state(of: run).status == .completed)

        let bounded = try world.start(
            "workflow: w\nlimits: {max_parallel: 1}\n"
                + "nodes: [{id: a, type: tool, config: {tool: noop}}, {id: b, type: tool, config: {tool: noop}}]"
        )
        let one = try world.claim("a", of: bounded)
        #expect(try world.claimable() == [] && world.refusal { _ = try world.claim("b", of: bounded) } == .conflict)
        try world.complete(one.held)
        try world.complete(try world.claim("b", of: bounded).held)
        #expect(world.engine.heldThings.values.allSatisfy { $0 == 0 }, "\(world.engine.heldThings)")
    }

    @Test func `only what the run leaves to others is claimed`() throws {
        let world = ClaimWorld()
        let mixed = """
            workflow: w
            nodes:
              - {id: ours, type: tool, config: {tool: noop}}
              - {id: theirs, type: tool, config: {tool: noop}, labels: {external: "true"}}
              - {id: agent, type: agent, config: {agent: helper, prompt: p}, labels: {external: "yes", gpu: "1"}}
            """
        let run = try world.start(mixed, .hybrid)
        #expect(world.dispatched == ["ours"])
        #expect(try world.claimable() == ["theirs", "agent"])
        #expect(try world.claimable { $0.kind = "agent" } == ["agent"])
        #expect(try world.claimable { $0.labels = ["gpu": "1"] } == ["agent"])
        #expect(try world.claimable { $0.limit = 1 } == ["theirs"])
        let first = try world.id("theirs", run)
        #expect(try world.claimable { $0.after = first } == ["agent"])
        #expect(try world.claimable { $0.run = RunID(high: 1, low: 99) } == [])
        #expect(try world.claimable { $0.visibility = .shared(in: "default", viewer: "user:z") }.count == 2)
        #expect(try world.claimable { $0.includesCommon = false } == [])
        #expect(world.refusal { _ = try world.claim("ours", of: run) } == .conflict)
        #expect(try world.claim("agent", of: run).input["prompt"] == "p")
        world.engine.loop.knowsAgents = false
        #expect(world.refusal { _ = try world.start(mixed, .auto) } == .invalid)
        #expect(world.refusal { _ = try world.start(mixed, .external) } == nil)
    }

    @Test func `a cancelled claim is refused, unless what it did can be undone`() throws {
        let world = ClaimWorld()
        let run = try world.start(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}, compensate: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}}
            """
        )
        let (a, b) = (try world.claim("a", of: run), try world.claim("b", of: run))
        _ = try world.ask {
            world.engine.control(run, .cancel(reason: nil, compensate: true), by: "user:a", $0)
        }
        #expect(world.refusal { try world.complete(b.held) } == .leaseLost)
        #expect(world.refusal { _ = try world.beat(a.held) } == .leaseLost)
        #expect(world.refusal { try world.complete(a.held, 1) } == nil)
        #expect(world.refusal { try world.complete(a.held, 1) } == .leaseLost)
        #expect(try world.state(of: run).compensations.all.count == 1)
    }

    @Test func `the id of a task is one text, sorts, and is read back`() throws {
        let run = RunID(high: 7, low: 9)
        let tasks = [
            TaskRef(node: 0), TaskRef(node: 1), TaskRef(scope: 1, node: 0),
            TaskRef(scope: 900_000_000, node: 1_048_575),
        ]
        let texts = tasks.map { TaskID(run: run, task: $0).description }
        #expect(texts == texts.sorted() && Set(texts.map(\.count)) == [41])
        #expect(texts.map { TaskID($0)?.task } == tasks && texts.allSatisfy { TaskID($0)?.run == run })
        for text in ["", "task_", "run_\(texts[0].dropFirst(5))", texts[0] + "0", texts[0].uppercased()] {
            #expect(TaskID(text) == nil, "\(text)")
        }
    }

    @Test func `an expression that fails fails the task when it is claimed`() throws {
        let world = ClaimWorld()
        let run = try world.start(
            "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, inputs: {n: \"${ 1 / (1 - 1) }\"}}]"
        )
        #expect(world.refusal { _ = try world.claim("a", of: run) } == .conflict)
        #expect(try world.state(of: run).status == .failed)
    }

    @Test func `the supervisor leaves alone what waits to be claimed`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        let before = try world.state(of: run).lastSequence
        for _ in 1...30 {
            world.clock.advance(.seconds(31))
            world.turn()
        }
        #expect(try world.state(of: run).lastSequence == before && world.claimable() == ["a"])
    }
}
