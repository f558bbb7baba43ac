// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

/// Pause, resume, cancel, people, time.
@Suite struct ControlTests {
    private static let chain = """
        workflow: chain
        nodes:
          - {id: a, type: tool, config: {tool: noop}}
          - {id: pick, type: transform, config: {set: {n: "${ nodes.a.output.n + 1 }"}}, depends_on: [a]}
          - {id: b, type: tool, config: {tool: noop}, depends_on: [pick]}
        """

    @Test func `a paused run finishes what is in flight and starts nothing`() throws {
        var run = try RunDriver(Self.chain)
        try run.send(.pause(reason: "lunch"), by: "user:a")
        try run.complete("a", ["n": 1])
        #expect(run.statuses == "a:completed pick:ready b:blocked")
        #expect(run.state.status == .paused)
        let pausing = Pausing(scope: nil, by: "user:a", reason: "lunch")
        #expect(run.state.waitCause(of: TaskRef(node: 1)) == .paused([pausing]))
        try run.send(.resume, by: "user:a")
        #expect(run.statuses == "a:completed pick:completed b:running")
        #expect(run.task("pick").output?.value == ["n": 2])
    }

    @Test func `a retry that comes due in a paused run starts at resume`() throws {
        var run = try RunDriver(Self.chain)
        try run.fail("a", .transient)
        try run.send(.pause(reason: nil), by: "user:a")
        try run.advance(.seconds(60))
        #expect(run.status("a") == .ready)
        try run.send(.resume, by: "user:a")
        #expect(run.status("a") == .running)
    }

    @Test func `a run that is done while paused completes at resume`() throws {
        var run = try RunDriver("workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        try run.send(.pause(reason: nil), by: "user:a")
        try run.complete("a")
        #expect(run.state.status == .paused)
        try run.send(.resume, by: "user:a")
        #expect(run.state.status == .completed)
    }

    @Test func `cancel stops everything and refuses late results`() throws {
        var run = try RunDriver(Self.chain)
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.state.status == .cancelled)
        #expect(run.stopped == ["a"])
        #expect(throws: Refusal.leaseLost) { try run.complete("a") }
        #expect(throws: Refusal.self) { try run.send(.cancel(reason: nil), by: "user:a") }
        #expect(throws: Refusal.self) { try run.send(.resume, by: "user:a") }
    }

    private static func human(_ rule: String) -> String {
        """
        workflow: ask
        nodes:
          - {id: ask, type: human, config: {title: "Go?", message: "Really?", deadline: 1h, on_expire: \(rule)}}
          - {id: after, type: tool, config: {tool: noop}, depends_on: [ask]}
        """
    }

    @Test func `a decision counts once`() throws {
        var run = try RunDriver(Self.human("fail"))
        #expect(run.state.status == .waiting && run.state.waitReason == .human)
        let request = try #require(run.task("ask").humanTask)
        try run.send(
            .decide(task: TaskRef(node: 0), request: request.id, isApproved: true, comment: "fine"),
            by: "user:a"
        )
        #expect(run.task("ask").output?.value["by"] == "user:a")
        #expect(run.timers.isEmpty)
        let before = run.events.count
        #expect(throws: Refusal.self) {
            try run.send(
                .decide(task: TaskRef(node: 0), request: request.id, isApproved: false, comment: nil),
                by: "user:b"
            )
        }
        #expect(run.events.count == before)
    }

    @Test func `each rule on expiry does what it says`() throws {
        for (rule, status, after) in [
            ("fail", TaskStatus.failed, TaskStatus.skipped), ("approve", .completed, .running),
            ("reject", .completed, .running), ("skip", .skipped, .running),
        ] {
            var run = try RunDriver(Self.human(rule))
            try run.advance(.seconds(3601))
            #expect(run.status("ask") == status, "\(rule)")
            #expect(run.status("after") == after, "\(rule)")
        }
    }

    @Test func `wait nodes end at their time, by the clock of the run`() throws {
        var run = try RunDriver(
            """
            workflow: wait
            inputs: {time: {type: string}}
            nodes:
              - {id: span, type: wait, config: {for: 90s}}
              - {id: point, type: wait, config: {until: "${ inputs.time }"}}
            """,
            inputs: ["time": "2027-01-15T08:02:00Z"]
        )
        #expect(run.state.waitReason == .timer)
        try run.advance(.seconds(89))
        #expect(run.statuses == "span:waiting point:waiting")
        try run.advance(.seconds(1))
        #expect(run.statuses == "span:completed point:waiting")
        try run.advance(.seconds(30))
        #expect(run.state.status == .completed)
    }

    @Test func `absorbed nodes evaluate in the turn that makes them ready`() throws {
        let run = try RunDriver(
            """
            workflow: table
            inputs: {rows: {type: array}}
            outputs: {big: "${ nodes.big.output }", by: "${ nodes.by.output }", all: "${ nodes.sums.output }"}
            nodes:
              - {id: big, type: filter, config: {items: "${ inputs.rows }", where: "item.n > 1", limit: 2}}
              - id: by
                type: aggregate
                config:
                  items: "${ inputs.rows }"
                  group_by: item.k
                  ops: [{as: total, fn: sum, of: item.n}, {as: count, fn: count}]
              - id: sums
                type: aggregate
                config: {items: "${ inputs.rows }", ops: [{as: mean, fn: avg, of: item.n}, {as: keys, fn: distinct, of: item.k}]}
            """,
            inputs: [
                "rows": [["k": "x", "n": 1], ["k": "y", "n": 2], ["k": "x", "n": 3], ["k": "y", "n": 4]]
            ]
        )
        #expect(run.state.status == .completed)
        let outputs = try #require(run.state.outputs?.value)
        #expect(outputs["big"] == [["k": "y", "n": 2], ["k": "x", "n": 3]])
        #expect(
            outputs["by"] == [["key": "x", "total": 4, "count": 2], ["key": "y", "total": 6, "count": 2]]
        )
        #expect(outputs["all"] == ["mean": 2.5, "keys": ["x", "y"]])
    }

    @Test func `values too large for an event are kept by reference`() throws {
        var run = try RunDriver(Self.chain)
        let text = String(repeating: "x", count: 5000)
        try run.complete("a", ["n": 1, "text": .string(text)])
        #expect(run.task("a").output?.blob != nil)
        #expect(run.status("b") == .running)
    }
}
