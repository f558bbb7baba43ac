// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Steps of the acceptance scenarios (spec 14) that are about the engine alone.
@Suite struct AcceptanceTests {
    private static let tool = "type: tool, config: {tool: noop}"

    @Test func `S0 step 6: in a diamond the last node runs once, after both`() throws {
        for order in [["b", "c"], ["c", "b"]] {
            var run = try RunDriver(
                """
                workflow: diamond
                nodes:
                  - {id: a, \(Self.tool)}
                  - {id: b, \(Self.tool), depends_on: [a]}
                  - {id: c, \(Self.tool), depends_on: [a]}
                  - {id: d, \(Self.tool), depends_on: [b, c]}
                """
            )
            try run.complete("a")
            try run.complete(order[0])
            #expect(run.status("d") == .blocked)
            try run.complete(order[1])
            #expect(run.running == ["d"])
            try run.complete("d")
            #expect(run.state.status == .completed)
            #expect(run.events.count { $0.body.type == .taskStarted && $0.task == run.ref("d") } == 1)
        }
    }

    @Test func `S0 step 6: a loop of 3 makes exactly 3 passes and the run completes`() throws {
        var run = try RunDriver(
            """
            workflow: three
            outputs: {n: "${ nodes.again.output.iterations }"}
            nodes:
              - {id: again, type: loop, config: {max_iterations: 3, on_limit: continue, body: {nodes: [{id: s, \(Self.tool)}]}}}
            """
        )
        for pass in 0..<3 {
            #expect(run.running == ["s[\(pass)]"])
            try run.complete("s[\(pass)]")
        }
        #expect(run.state.status == .completed && run.state.outputs?.value == ["n": 3])
        #expect(run.events.count { $0.body.type == .loopIterationStarted } == 3)
    }

    @Test func `S0 step 6: of two cases that are true the first one is taken`() throws {
        let run = try RunDriver(
            """
            workflow: two
            nodes:
              - {id: way, type: branch, config: {cases: [{name: one, when: 1 < 2}, {name: two, when: 2 < 3}], default: none}}
              - {id: x, \(Self.tool)}
              - {id: y, \(Self.tool)}
            edges: [{from: way, to: x, case: one}, {from: way, to: y, case: two}]
            """
        )
        #expect(run.running == ["x"] && run.task("y").skipReason == .branch)
        #expect(run.task("way").output?.value == ["case": "one", "index": 0])
    }

    @Test func `S3 step 5: skipped by a person, a task gives null to what comes after it`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: four, \(Self.tool), on_exhausted: escalate}
              - {id: five, type: transform, depends_on: [four], config: {set: {got: "${ nodes.four.output }"}}}
            """
        )
        for attempt in 1...6 {
            try run.fail("four", .upstream)
            #expect(run.state.status == .waiting, "attempt \(attempt)")
            try run.advance(.seconds(130))
        }
        #expect(run.status("four") == .needsReview && run.state.waitReason == .human, "it waits, and has not failed")
        try run.answer("four", "skip")
        #expect(run.task("five").output?.value == ["got": nil] && run.state.status == .completed)
    }
}
