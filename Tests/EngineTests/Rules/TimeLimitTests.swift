// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// How long attempts may take, and leases that are shorter than the work (spec 3.8, 6.3).
@Suite struct TimeLimitTests {
    /// What the attempts that begin in a turn may take, by node.
    private func limits(_ world: OperationsWorld) -> [String: Duration] {
        let starts = world.engine.turn().starts
        return Dictionary(starts.compactMap { start in start.timeout.map { (start.node.id, $0) } }) { _, new in new }
    }

    @Test func `spec 3.8: an executor gets the smallest of its own, the total, the phase's and the run's time`() throws
    {
        let cases: [(keys: String, head: String, expected: Duration)] = [
            ("timeout: 10m", "", .seconds(600)), ("timeout: 10m, total_timeout: 5m", "", .seconds(300)),
            ("timeout: 10m, total_timeout: 5m", "deadline: 2m", .seconds(120)),
            ("timeout: 1m", "deadline: 2m", .seconds(60)),
        ]
        for (keys, head, expected) in cases {
            let world = OperationsWorld()
            _ = try world.start("workflow: w\n\(head)\nnodes: [{id: a, type: tool, config: {tool: noop}, \(keys)}]")
            #expect(limits(world) == ["a": expected], "\(keys), \(head)")
        }
        let world = OperationsWorld()
        _ = try world.start(
            """
            workstack: stack
            phases:
              - {id: one, timeout: 3m, tools: [{tool: noop, timeout: 2m}, {tool: noop, timeout: 30m}]}
            """
        )
        let first = world.engine.turn().starts
        #expect(first.map(\.timeout) == [.seconds(120)])
        world.clock.advance(.seconds(60))
        try world.engine.attemptEnded(try #require(first.first).attemptLease, .completed(.null), blobs: world.blobs)
        #expect(limits(world).values.map { $0 } == [.seconds(120)], "what is left of the phase")
    }

    @Test func `fault 27: a task that takes twenty times its lease is made once, as long as it says that it is alive`()
        throws
    {
        let world = OperationsWorld { $0.lease = .seconds(30) }
        let run = try world.start("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, timeout: 1h}]")
        world.pass(.seconds(20 * 30))
        #expect(world.begun() == ["a"] && world.stopped.isEmpty)
        #expect(try world.state(of: run)[TaskRef(node: 0)].attempts == 1)
        world.complete(run, "a", 1)
        world.turn()
        let state = try world.state(of: run)
        #expect(state.status == .completed && state[TaskRef(node: 0)].lostAttempts == 0)
        #expect(try world.events(of: run).count { $0.body.type == .taskStarted } == 1)
    }

    @Test func `fault 27: one that stops saying so is made again once, and its late result counts for nothing`() throws
    {
        let world = OperationsWorld { $0.lease = .seconds(30) }
        let run = try world.start("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, timeout: 1h}]")
        world.pass(.seconds(300))
        let old = try #require(world.leases[run]?["a"])
        world.clock.advance(.seconds(31))
        world.turn()
        #expect(world.begun() == ["a", "a"])
        try world.engine.attemptEnded(old, .completed(7), blobs: world.blobs)
        world.turn()
        #expect(try world.state(of: run).status == .running, "the lease was lost")
        world.pass(.seconds(600))
        world.complete(run, "a", 1)
        world.turn()
        let task = try world.state(of: run)[TaskRef(node: 0)]
        #expect(task.output?.value == 1 && task.attempts == 2 && task.lostAttempts == 1)
    }
}
