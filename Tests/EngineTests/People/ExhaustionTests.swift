// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

/// What the last failed attempt of a task does, and what bounds attempts (spec 3.2, 3.8).
@Suite struct ExhaustionTests {
    private static func work(_ keys: String) -> String {
        """
        workflow: work
        outputs: {error: "${ nodes.a.error }", status: "${ nodes.a.status }"}
        nodes:
          - {id: a, type: tool, config: {tool: noop}\(keys)}
          - {id: b, type: transform, depends_on: [a], config: {set: {seen: "${ nodes.a.output }"}}}
        """
    }

    @Test func `skip goes on without the task, and its error can be read`() throws {
        var run = try RunDriver(Self.work(", on_exhausted: skip"))
        try run.fail("a", code: "tool.broken")
        #expect(run.task("a").skipReason == .exhausted && run.state.status == .completed)
        #expect(run.task("b").output?.value == ["seen": nil])
        #expect(run.state.outputs?.value["error"]?["code"] == "tool.broken")
        #expect(run.state.outputs?.value["status"] == "skipped")
        #expect(run.task("a").failedAttempts.map(\.code) == ["tool.broken"])
    }

    @Test func `pause holds the task and the run, and resuming tries again with attempts counted anew`() throws {
        var run = try RunDriver(Self.work(", on_exhausted: pause, retry: {max_attempts: 2, delay: 1s, jitter: 0}"))
        for round in 1...2 {
            try run.fail("a", .transient)
            try run.advance(.seconds(1))
            try run.fail("a", .transient)
            #expect(run.state.status == .paused && run.status("a") == .needsReview, "\(round)")
            #expect(run.state.pause?.reason == "`a` failed: tool.failed: as told" && run.state.pause?.by == "system")
            let item = try #require(Explanation(run.state, now: run.now).waitingFor.first)
            #expect(item.cause.commands(run: run.state.id) == ["baton run resume \(run.state.id)"])
            try run.send(.resume, by: "user:a")
            #expect(run.running == ["a"], "\(round)")
        }
        try run.complete("a", 1)
        #expect(run.state.status == .completed)
    }

    @Test func `a task that is exhausted in a paused run is tried again with the rest`() throws {
        var run = try RunDriver(Self.work(", on_exhausted: pause"))
        try run.send(.pause(reason: "lunch"), by: "user:a")
        try run.fail("a")
        #expect(run.state.pause?.reason == "lunch" && run.status("a") == .needsReview)
        try run.send(.resume, by: "user:a")
        #expect(run.running == ["a"])
    }

    @Test func `fail and compensate fail, and the latter has the run undone`() throws {
        for (rule, status) in [("fail", RunStatus.failed), ("compensate", .compensated)] {
            var run = try RunDriver(Self.work(", on_exhausted: \(rule)"))
            try run.fail("a")
            #expect(run.status("a") == .failed && run.state.status == status, "\(rule)")
        }
    }

    @Test func `a fatal error ends the run whatever the document says`() throws {
        for rule in ["escalate", "skip", "pause"] {
            var run = try RunDriver(Self.work(", on_exhausted: \(rule)"))
            try run.fail("a", .fatal)
            #expect(run.state.status == .failed, "\(rule)")
        }
    }

    @Test func `retry.when decides about each further attempt`() throws {
        let retry =
            ", retry: {max_attempts: 9, delay: 1s, jitter: 0, when: \"error.code == 'tool.busy' && attempt < 3\"}"
        var run = try RunDriver(Self.work(retry))
        try run.fail("a", .transient, code: "tool.busy")
        #expect(run.status("a") == .retrying)
        try run.advance(.seconds(1))
        try run.fail("a", .transient, code: "tool.busy")
        try run.advance(.seconds(10))
        try run.fail("a", .transient, code: "tool.busy")
        #expect(run.status("a") == .failed && run.task("a").attempts == 3)

        var other = try RunDriver(Self.work(retry))
        try other.fail("a", .transient, code: "tool.gone")
        #expect(other.status("a") == .failed && other.task("a").error?.code == "tool.gone")

        var wrong = try RunDriver(Self.work(", retry: {max_attempts: 9, when: 'error.details.code == 3'}"))
        try wrong.fail("a", .transient)
        #expect(wrong.task("a").error?.code == "expression.failed")
    }

    @Test func `retry.when sees the item of its task`() throws {
        var run = try RunDriver(
            """
            workflow: items
            nodes:
              - id: each
                type: map
                config:
                  items: [1, 2]
                  on_item_failure: collect
                  body:
                    nodes: [{id: work, type: tool, config: {tool: noop}, retry: {max_attempts: 2, when: item == 2}}]
            """
        )
        try run.fail("work[0]", .transient)
        try run.fail("work[1]", .transient)
        #expect(run.status("work[1]") == .retrying)
        #expect(run.state.maps[run.ref("each")]?.failures.map(\.item) == [0])
    }

    @Test func `a task that no executor takes in time fails, and is given up like any other`() throws {
        for (keys, status) in [("", TaskStatus.failed), (", on_exhausted: escalate", .needsReview)] {
            var run = try Self.waiting(Self.work(", schedule_timeout: 5m\(keys)"))
            #expect(run.status("a") == .ready)
            try run.advance(.seconds(299))
            #expect(run.status("a") == .ready)
            try run.advance(.seconds(1))
            #expect(run.status("a") == status && run.task("a").error?.code == "deadline.exceeded")
            #expect(run.task("a").failedAttempts.isEmpty, "nothing was attempted")
        }
        var run = try Self.waiting(Self.work(", schedule_timeout: 5m, retry: {max_attempts: 2, delay: 1s, jitter: 0}"))
        try run.advance(.seconds(299))
        try run.startAll()
        try run.advance(.seconds(1000))
        #expect(run.status("a") == .running, "once started, only other limits count")
        run.startsByItself = false
        try run.fail("a", .transient)
        try run.advance(.seconds(300))
        #expect(run.status("a") == .ready)
        try run.advance(.seconds(1))
        #expect(run.task("a").error?.code == "deadline.exceeded", "each time it is ready the span begins anew")
    }

    /// A run for which no executor is free.
    private static func waiting(_ yaml: String) throws -> RunDriver {
        try RunDriver(graph: compile(yaml), startsByItself: false)
    }
}
