// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

/// Retries, time limits and the three policies (spec 3.8, 3.9).
@Suite struct FailureTests {
    private static func single(_ extra: String) -> String {
        "workflow: one\nnodes:\n  - {id: a, type: tool, config: {tool: noop}\(extra)}"
    }

    @Test func `a transient error is retried with growing waits, four attempts in all`() throws {
        var run = try RunDriver(Self.single(""))
        for expected in [1.0, 2, 4] {
            try run.fail("a", .transient)
            let wait = Double((try #require(run.task("a").until) - run.now).milliseconds) / 1000
            #expect(run.status("a") == .retrying)
            #expect(wait >= expected && wait <= expected * 1.1)
            #expect(run.state.status == .waiting && run.state.waitReason == .retry)
            try run.advance(.seconds(5))
            #expect(run.status("a") == .running)
        }
        try run.fail("a", .transient)
        #expect(run.state.status == .failed)
        #expect(run.task("a").attempts == 4)
    }

    @Test func `permanent errors are not retried unless the node says so`() throws {
        var run = try RunDriver(Self.single(""))
        try run.fail("a")
        #expect(run.status("a") == .failed)
        var told = try RunDriver(Self.single(", retry: {max_attempts: 2, on: [permanent], delay: 0s}"))
        try told.fail("a")
        #expect(told.status("a") == .retrying)
    }

    @Test func `retry-after wins over the computed wait`() throws {
        var run = try RunDriver(Self.single(""))
        try run.fail("a", .upstream, retryAfter: .milliseconds(1234))
        #expect(try #require(run.task("a").until) - run.now == .milliseconds(1234))
    }

    @Test func `no attempt starts after the total timeout`() throws {
        var run = try RunDriver(Self.single(", total_timeout: 3s, retry: {max_attempts: 9, delay: 1s, jitter: 0}"))
        try run.fail("a", .transient)
        try run.advance(.seconds(1))
        #expect(run.status("a") == .running)
        try run.fail("a", .transient)
        #expect(run.status("a") == .failed, "the next attempt would start exactly at the limit")
    }

    @Test func `lost attempts do not count as retries and get a new fence`() throws {
        var run = try RunDriver(Self.single(", retry: {max_attempts: 1}"))
        for _ in 1...2 {
            let fence = run.task("a").fence
            try run.send(.attemptLost(task: TaskRef(node: 0), fence: fence, isRelease: false))
            #expect(run.task("a").fence == fence + 1)
            #expect(throws: Refusal.leaseLost) {
                try run.send(.taskCompleted(task: TaskRef(node: 0), fence: fence, output: Payload(inline: 1), log: nil))
            }
        }
        try run.complete("a", 2)
        #expect(run.task("a").output?.value == 2)
        #expect(run.task("a").lostAttempts == 2)
    }

    @Test func `a lost attempt that cannot be repeated safely fails the task`() throws {
        var run = try RunDriver(Self.single(", idempotency: none"))
        try run.send(.attemptLost(task: TaskRef(node: 0), fence: 1, isRelease: false))
        #expect(run.task("a").error?.code == "attempt.lost")
        #expect(run.state.status == .failed)
    }

    @Test func `a timed out attempt is stopped and tried again`() throws {
        var run = try RunDriver(Self.single(", timeout: 5s"))
        try run.send(.attemptTimedOut(task: TaskRef(node: 0), fence: 1))
        #expect(run.stopped == ["a"])
        #expect(run.status("a") == .retrying)
    }

    private static func policy(_ name: String) -> String {
        """
        workflow: policy
        on_failure: \(name)
        nodes:
          - {id: bad, type: tool, config: {tool: noop}}
          - {id: good, type: tool, config: {tool: noop}}
          - {id: later, type: tool, config: {tool: noop}, depends_on: [good]}
          - {id: cleanup, type: tool, config: {tool: noop}, depends_on: [later], join: done}
        """
    }

    @Test func `drain lets running tasks finish and starts only done joins`() throws {
        var run = try RunDriver(Self.policy("drain"))
        try run.fail("bad")
        #expect(run.state.status == .running)
        try run.complete("good")
        #expect(run.statuses == "bad:failed good:completed later:cancelled cleanup:cancelled")
        #expect(run.state.status == .failed)
    }

    @Test func `fail_fast cancels what runs`() throws {
        var run = try RunDriver(Self.policy("fail_fast"))
        try run.fail("bad")
        #expect(run.state.status == .failed)
        #expect(run.stopped == ["good"])
    }

    @Test func `continue runs the independent branches to their end`() throws {
        var run = try RunDriver(Self.policy("continue"))
        try run.fail("bad")
        try run.complete("good")
        try run.complete("later")
        try run.complete("cleanup")
        #expect(run.state.status == .failed)
        #expect(run.state.failedTask == TaskRef(node: 0))
    }

    @Test func `a fatal error ends the run at once`() throws {
        var run = try RunDriver(Self.policy("continue"))
        try run.fail("bad", .fatal)
        #expect(run.state.status == .failed)
    }

    @Test func `the deadline of a run holds in every status`() throws {
        var run = try RunDriver("deadline: 1m\n" + Self.single("").replacing("workflow: one\n", with: ""), named: "one")
        try run.send(.pause(reason: nil), by: "user:a")
        try run.advance(.seconds(61))
        #expect(run.state.status == .failed)
        #expect(run.state.error?.code == "deadline.exceeded")
        #expect(run.status("a") == .cancelled)
    }

    @Test func `an explanation of a failed run names the root and what it took along`() throws {
        var run = try RunDriver(
            """
            workflow: chain
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
              - {id: c, type: tool, config: {tool: noop}, depends_on: [b]}
            """
        )
        try run.fail("a")
        let explanation = Explanation(run.state, now: run.now)
        #expect(explanation.causes.count == 3)
        #expect(explanation.causes[0].hasPrefix("`a` failed after 1 attempts: tool.failed"))
    }
}

extension RunDriver {
    init(_ rest: String, named name: String) throws {
        try self.init("workflow: \(name)\n" + rest)
    }
}
