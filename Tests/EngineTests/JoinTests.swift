// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

/// Joins, skips and branches (spec 3.9).
@Suite struct JoinTests {
    private static func diamond(_ join: String) -> String {
        """
        workflow: diamond
        nodes:
          - {id: a, type: tool, config: {tool: noop}}
          - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
          - {id: c, type: tool, config: {tool: noop}, depends_on: [a]}
          - {id: d, type: tool, config: {tool: noop}, depends_on: [b, c], join: \(join)}
        """
    }

    @Test func `all waits for every source and runs once`() throws {
        var run = try RunDriver(Self.diamond("all"))
        try run.complete("a")
        #expect(run.statuses == "a:completed b:running c:running d:blocked")
        try run.complete("b")
        #expect(run.status("d") == .blocked)
        try run.complete("c")
        #expect(run.status("d") == .running)
        try run.complete("d")
        #expect(run.state.status == .completed)
        #expect(run.events.count { $0.body.type == .taskStarted && $0.task == TaskRef(node: 3) } == 1)
    }

    @Test func `any runs at the first source and ignores the rest`() throws {
        var run = try RunDriver(Self.diamond("any"))
        try run.complete("a")
        try run.complete("c")
        #expect(run.status("d") == .running)
        try run.complete("d")
        #expect(run.state.status == .running)
        try run.complete("b")
        #expect(run.state.status == .completed)
    }

    @Test func `any survives the failure of one source`() throws {
        var run = try RunDriver(Self.diamond("any"))
        try run.complete("a")
        try run.fail("b")
        #expect(run.state.status == .running)
        try run.complete("c")
        try run.complete("d")
        #expect(run.state.status == .completed)
    }

    @Test func `a quorum that cannot be reached is skipped and the failure stays unhandled`() throws {
        var run = try RunDriver(Self.diamond("{quorum: 2}"))
        try run.complete("a")
        try run.fail("b")
        #expect(run.task("d").skipReason == .upstreamFailed)
        try run.complete("c")
        #expect(run.state.status == .failed)
        #expect(run.state.failedTask == TaskRef(node: 1))
    }

    @Test func `done runs whatever happened and absorbs the failure`() throws {
        var run = try RunDriver(Self.diamond("done"))
        try run.complete("a")
        try run.fail("b")
        try run.fail("c")
        #expect(run.status("d") == .running)
        try run.complete("d")
        #expect(run.state.status == .completed)
    }

    @Test func `a broken edge skips everything behind an all join`() throws {
        var run = try RunDriver(Self.diamond("all"))
        try run.fail("a")
        #expect(run.statuses == "a:failed b:skipped c:skipped d:skipped")
        #expect(run.task("d").skipReason == .upstreamFailed)
        #expect(run.state.status == .failed)
    }

    @Test func `continue_on_failure lets dependents see the error`() throws {
        var run = try RunDriver(
            """
            workflow: go_on
            outputs: {code: "${ nodes.a.error.code }"}
            nodes:
              - {id: a, type: tool, config: {tool: noop}, continue_on_failure: true}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
            """
        )
        try run.fail("a")
        try run.complete("b")
        #expect(run.state.status == .completed)
        #expect(run.state.outputs?.value == ["code": "tool.failed"])
    }

    @Test func `a branch takes the first true case and skips the others`() throws {
        let yaml = """
            workflow: ways
            inputs: {amount: {type: number}}
            nodes:
              - id: size
                type: branch
                config:
                  cases:
                    - {name: large, when: "inputs.amount > 100"}
                    - {name: medium, when: "inputs.amount > 10"}
                  default: small
              - {id: l, type: tool, config: {tool: noop}}
              - {id: m, type: tool, config: {tool: noop}}
              - {id: s, type: tool, config: {tool: noop}}
              - {id: after_l, type: tool, config: {tool: noop}, depends_on: [l]}
            edges:
              - {from: size, to: l, case: large}
              - {from: size, to: m, case: medium}
              - {from: size, to: s, case: small}
            """
        for (amount, taken) in [(500, "l"), (50, "m"), (5, "s")] {
            let run = try RunDriver(yaml, inputs: ["amount": .int(Int64(amount))])
            for id in ["l", "m", "s"] {
                #expect(run.status(id) == (id == taken ? .running : .skipped), "\(amount): \(id)")
            }
            if taken != "l" {
                #expect(run.task("l").skipReason == .branch)
                #expect(run.task("after_l").skipReason == .upstreamSkipped)
            }
        }
    }

    @Test func `edge conditions and their fallback decide for themselves`() throws {
        let yaml = """
            workflow: ask
            nodes:
              - {id: ask, type: human, config: {title: "Go?", message: "Really?"}}
              - {id: go_on, type: tool, config: {tool: noop}}
              - {id: stop, type: tool, config: {tool: noop}}
            edges:
              - {from: ask, to: go_on, when: output.approved}
              - {from: ask, to: stop}
            """
        for approve in [true, false] {
            var run = try RunDriver(yaml)
            let request = try #require(run.task("ask").humanTask)
            try run.send(
                .decide(task: TaskRef(node: 0), request: request.id, isApproved: approve, comment: nil),
                by: "user:a"
            )
            #expect(run.status("go_on") == (approve ? .running : .skipped))
            #expect(run.status("stop") == (approve ? .skipped : .running))
        }
    }

    @Test func `a condition that cannot be evaluated fails its source`() throws {
        var run = try RunDriver(
            """
            workflow: broken
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}}
            edges: [{from: a, to: b, when: "output.missing > 1"}]
            """
        )
        try run.complete("a", ["present": 1])
        #expect(run.task("a").error?.code == "expression.failed")
        #expect(run.state.status == .failed)
    }

    @Test func `when false skips the node and satisfies its dependents`() throws {
        var run = try RunDriver(
            """
            workflow: optional
            inputs: {wanted: {type: boolean, default: false}}
            nodes:
              - {id: a, type: tool, config: {tool: noop}, when: inputs.wanted}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
            """,
            inputs: ["wanted": false]
        )
        #expect(run.task("a").skipReason == .condition)
        #expect(run.status("b") == .running)
        try run.complete("b")
        #expect(run.state.status == .completed)
    }

    @Test func `cancel_rest stops the tasks that only fed the join`() throws {
        var run = try RunDriver(
            """
            workflow: race
            nodes:
              - {id: fast, type: tool, config: {tool: noop}}
              - {id: slow, type: tool, config: {tool: noop}}
              - {id: shared, type: tool, config: {tool: noop}}
              - {id: first, type: join, config: {mode: any, cancel_rest: true}, depends_on: [fast, slow, shared]}
              - {id: other, type: tool, config: {tool: noop}, depends_on: [shared]}
            """
        )
        try run.complete("fast", 1)
        #expect(run.status("slow") == .cancelled)
        #expect(run.stopped == ["slow"])
        #expect(run.status("shared") == .running)
        #expect(run.task("first").output?.value == ["fast": 1, "slow": nil, "shared": nil])
        try run.complete("shared")
        try run.complete("other")
        #expect(run.state.status == .completed)
    }
}
