// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// What an explanation says beside the causes: the next timer, the critical path, the limits (spec 6.8).
@Suite struct OutlookTests {
    private static let tool = "type: tool, config: {tool: noop}"

    @Test func `spec 6.8: the critical path is the chain that took longest so far and has not ended`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: fast, \(Self.tool)}
              - {id: slow, \(Self.tool)}
              - {id: alone, \(Self.tool)}
              - {id: join, \(Self.tool), depends_on: [fast, slow]}
              - {id: next, \(Self.tool), depends_on: [join]}
              - {id: short, \(Self.tool), depends_on: [slow]}
            """
        )
        func path() -> [String] {
            Explanation(run.state, now: run.now).criticalPath.steps.map { "\($0.node) \($0.duration.milliseconds)" }
        }
        #expect(path() == ["fast 0", "join 0", "next 0"], "of equals the one with most to do, as written")
        run.now = run.now + .seconds(5)
        try run.complete("fast")
        run.now = run.now + .seconds(5)
        try run.complete("slow")
        #expect(path() == ["slow 10000", "join 0", "next 0"])
        run.now = run.now + .seconds(20)
        #expect(path() == ["slow 10000", "join 20000", "next 0"])
        try run.complete("join")
        try run.complete("next")
        try run.complete("short")
        #expect(path() == ["alone 30000"], "what ended longer ago does not hold the run")
        try run.complete("alone")
        #expect(run.state.status == .completed)
        #expect(path() == ["alone 30000"], "of equals the one that is written first")
        let json = Explanation(run.state, now: run.now).json(now: run.now)
        #expect(json["critical_path"] == [["task": "alone", "status": "completed", "duration_ms": 30_000]])
        #expect(json["next_timer"] == .null)
    }

    @Test func `spec 6.8: limits say what is used of them, and the run's budget what is spent`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.6"), "b": .usd("0.3")])
        let run = try world.start(
            """
            workflow: w
            deadline: 1h
            limits: {max_parallel: 2, max_nodes: 9, max_events: 100}
            concurrency: {key: k, max: 3}
            nodes:
              - {id: a, \(Self.tool)}
              - {id: b, \(Self.tool)}
              - {id: each, type: map, config: {items: [1], body: {nodes: [{id: one, \(Self.tool)}]}}, depends_on: [b]}
            """,
            budget: "2"
        )
        world.turn()
        try world.end("a")
        world.turn()
        let key = try #require(world.store.run(run)).key
        let explanation = try world.reader.explanation(ofRun: key, now: world.clock.wall())
        let json = explanation.json(now: world.clock.wall())["limits"]
        #expect(json?["max_parallel"] == ["used": 1, "limit": 2])
        #expect(json?["max_nodes"] == ["used": 4, "limit": 9])
        #expect(json?["max_events"]?["limit"] == 100 && json?["max_agent_nodes"] == nil)
        #expect(json?["max_events"]?["used"] == .int(try world.state(of: run).lastSequence))
        #expect(json?["concurrency"] == ["key": "w/k", "max": 3])
        #expect(json?["budget"] == ["limit": ["usd": "2"], "spent": ["usd": "0.6"], "reserved": ["usd": "0.3"]])
        #expect(json?["deadline"] == explanation.nextTimer.map { .string($0.at.description) })
        #expect(explanation.limits.lines[0] == "max_parallel 1 of 2")
        #expect(explanation.limits.lines.last == "budget 0.6 USD of 2 USD, 0.3 USD held")
    }

    @Test func `spec 6.8: the next timer names what it is for, and there is none for a run that ended`() throws {
        let world = OperationsWorld()
        let run = try world.start(
            """
            workflow: w
            deadline: 2h
            nodes:
              - {id: nap, type: wait, config: {for: 1h}}
              - {id: work, \(Self.tool), retry: {max_attempts: 3, delay: 10s, jitter: 0}}
            """
        )
        world.turn()
        let reader = RunReader(store: world.store, blobs: world.blobs)
        let key = try #require(world.store.run(run)).key
        func next() throws -> NextTimer? { try reader.explanation(ofRun: key, now: world.clock.wall()).nextTimer }
        let begin = world.clock.wall()
        #expect(try next()?.kind == .wait && next()?.task == "nap" && next()?.at == begin + .seconds(3600))
        world.finish(run, "work", .failed(TaskError(code: "tool.failed", errorClass: .transient, message: "m")))
        world.turn()
        #expect(try next()?.what == "`work` is tried again" && next()?.at == begin + .seconds(10))
        world.pass(.seconds(20))
        world.complete(run, "work")
        world.pass(.seconds(3600))
        #expect(try world.state(of: run).status == .completed && next() == nil)
        let phased = try world.start(
            """
            workflow: w
            deadline: 2h
            nodes: [{id: ask, type: human, config: {message: m}}]
            """
        )
        world.turn()
        let other = try #require(world.store.run(phased)).key
        let timer = try reader.explanation(ofRun: other, now: world.clock.wall()).nextTimer
        #expect(timer?.kind == .deadline && timer?.task == nil && timer?.what == "the deadline of the run passes")
    }
}
