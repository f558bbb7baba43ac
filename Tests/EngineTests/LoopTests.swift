// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Loops (spec 3.6).
@Suite struct LoopTests {
    private static func counting(_ rest: String) -> String {
        """
        workflow: counting
        outputs: {last: "${ nodes.again.output }"}
        nodes:
          - id: again
            type: loop
            config:
              max_iterations: 3
              \(rest)
              body: {nodes: [{id: step, type: tool, config: {tool: noop, args: {n: "${ iteration }", before: "${ last }"}}}]}
          - {id: after, type: tool, depends_on: [again], config: {tool: noop}}
        """
    }

    @Test func `a loop of 3 without a condition ends after 3 passes, each with a task of its own`() throws {
        var run = try RunDriver(Self.counting("collect: true"))
        for pass in 0..<3 {
            #expect(run.running == ["step[\(pass)]"])
            #expect(run.task("step[\(pass)]").fence == 1)
            try run.complete("step[\(pass)]", .int(Int64(pass * 10)))
        }
        #expect(run.running == ["after"])
        let expected: JSONValue = ["iterations": 3, "last": 20, "reason": "limit", "results": [0, 10, 20]]
        #expect(run.task("again").output?.value == expected)
        try run.complete("after")
        #expect(run.state.status == .completed)
        #expect(run.events.count { $0.body.type == .loopIterationStarted } == 3)
    }

    @Test func `the condition sees the pass, its output and its nodes, and ends the loop`() throws {
        let conditions = [
            "until: iteration == 1", "while: iteration < 1", "until: last.done", "until: nodes.step.output.done",
            "while: '!nodes.step.output.done'",
        ]
        for condition in conditions {
            var run = try RunDriver(Self.counting(condition))
            try run.complete("step[0]", ["done": false])
            try run.complete("step[1]", ["done": true])
            #expect(run.task("again").output?.value["iterations"] == 2, "\(condition)")
            #expect(run.task("again").output?.value["reason"] == "condition", "\(condition)")
        }
    }

    @Test func `a condition that never holds fails at the limit, or goes on along the edge for it`() throws {
        var run = try RunDriver(Self.counting("until: 'false'"))
        for pass in 0..<3 { try run.complete("step[\(pass)]") }
        #expect(run.task("again").error?.code == "loop.limit")
        #expect(run.statuses == "again:failed after:skipped")
        #expect(run.state.status == .failed)

        let branching = """
            workflow: w
            nodes:
              - id: again
                type: loop
                config:
                  {max_iterations: 2, until: last.ok, on_limit: continue, body: {nodes: [{id: s, type: tool, config: {tool: noop}}]}}
              - {id: well, type: tool, config: {tool: noop}}
              - {id: tired, type: tool, config: {tool: noop}}
            edges:
              - {from: again, to: well, port: break}
              - {from: again, to: tired, port: limit}
            """
        var tired = try RunDriver(branching)
        try tired.complete("s[0]", ["ok": false])
        try tired.complete("s[1]", ["ok": false])
        #expect(tired.statuses == "again:completed well:skipped tired:running")
        var well = try RunDriver(branching)
        try well.complete("s[0]", ["ok": true])
        #expect(well.statuses == "again:completed well:running tired:skipped")
    }

    @Test func `an error in the condition fails the task`() throws {
        var run = try RunDriver(Self.counting("until: last.missing"))
        try run.complete("step[0]", ["a": 1])
        #expect(run.task("again").error?.code == "expression.failed")
    }

    @Test func `the wait between passes is durable and is named as the cause`() throws {
        var run = try RunDriver(Self.counting("delay: 10m"))
        try run.complete("step[0]")
        #expect(run.state.status == .waiting)
        #expect(run.state.waitReason == .timer)
        #expect(run.state.waitCause(of: TaskRef(node: 0)) == .timer(until: run.now + .seconds(600)))
        try run.advance(.seconds(600))
        #expect(run.running == ["step[1]"])
        #expect(run.state.status == .running)
    }

    @Test func `a failure in a pass fails the loop with its cause after what runs has ended`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - id: again
                type: loop
                config:
                  max_iterations: 2
                  body: {nodes: [{id: a, type: tool, config: {tool: noop}}, {id: b, type: tool, config: {tool: noop}},
                                 {id: c, type: tool, depends_on: [b], config: {tool: noop}}]}
            """
        )
        try run.fail("a[0]")
        #expect(run.state.status == .running)
        try run.complete("b[0]")
        #expect(run.state.status == .failed)
        #expect(run.state.error?.message.contains("in pass 0 task `a` failed: as told") == true)
        #expect(run.state.inner.isEmpty)
    }

    @Test func `a failure that a pass handles itself does not end the loop`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - id: again
                type: loop
                config:
                  max_iterations: 1
                  body:
                    nodes:
                      - {id: a, type: tool, continue_on_failure: true, config: {tool: noop}}
                      - {id: b, type: transform, depends_on: [a], config: {expr: nodes.a.error.code}}
            """
        )
        try run.fail("a[0]")
        #expect(run.task("again").output?.value["last"] == "tool.failed")
        #expect(run.state.status == .completed)
    }

    @Test func `cancelling stops what is in the pass, and the timeout of a loop too`() throws {
        var run = try RunDriver(Self.counting("collect: true"))
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.stopped == ["step"])
        #expect(run.state.inner.isEmpty)
        #expect(run.statuses == "again:cancelled after:cancelled")

        var slow = try RunDriver(Self.counting("collect: true"))
        try slow.advance(.seconds(3600))
        #expect(slow.task("again").error?.code == "timeout")
        #expect(slow.stopped == ["step"])
        #expect(slow.state.status == .failed)
    }

    @Test func `a region that an edge leads back to is a loop`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, depends_on: [a], config: {tool: noop}}
              - {id: again, type: loop, depends_on: [b], config: {back_to: a, until: nodes.b.output == 1, max_iterations: 5}}
              - {id: after, type: tool, depends_on: [again], config: {tool: noop}}
            """
        )
        try run.complete("a[0]")
        try run.complete("b[0]", 0)
        try run.complete("a[1]")
        try run.complete("b[1]", 1)
        #expect(run.running == ["after"])
    }

    @Test func `ten thousand passes of computation give way to others and end`() throws {
        let run = try RunDriver(
            """
            workflow: w
            outputs: {n: "${ nodes.again.output.last }"}
            nodes:
              - id: again
                type: loop
                config:
                  max_iterations: 10000
                  body: {nodes: [{id: add, type: transform, config: {expr: "iteration == 0 ? 1 : last + 1"}}]}
            """
        )
        #expect(run.state.outputs?.value == ["n": 10000])
        #expect(run.state.inner.isEmpty)
    }

    @Test func `paused between passes, the next one begins at resume`() throws {
        var run = try RunDriver(Self.counting("collect: true"))
        try run.send(.pause(reason: nil), by: "user:a")
        try run.complete("step[0]")
        #expect(run.running.isEmpty)
        try run.send(.resume, by: "user:a")
        #expect(run.running == ["step[1]"])
    }
}
