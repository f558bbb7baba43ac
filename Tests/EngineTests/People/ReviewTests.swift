// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Tasks that wait for a person because they cannot go on by themselves (spec 2.2, 7.3).
@Suite struct ReviewTests {
    private static func work(_ keys: String = ", on_exhausted: escalate", _ top: String = "") -> String {
        """
        workflow: work
        \(top)
        nodes:
          - {id: a, type: tool, config: {tool: noop}\(keys)}
          - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
        """
    }

    private static let twice = ", on_exhausted: escalate, retry: {max_attempts: 2, delay: 1s, jitter: 0}"

    private func subject(_ run: RunDriver, _ name: String = "a") throws -> JSONValue {
        try #require(run.task(name).openRequest?.request.subject?.value)
    }

    @Test func `exhausted retries open an escalation with everything a person needs`() throws {
        var run = try RunDriver(Self.work(Self.twice))
        try run.fail("a", .transient)
        try run.advance(.seconds(1))
        try run.fail("a", .upstream, code: "http.status")
        #expect(run.status("a") == .needsReview && run.state.status == .waiting && run.state.waitReason == .human)
        let human = try #require(run.task("a").openRequest)
        #expect(human.request.kind == .escalation && human.request.purpose == .review && human.expiresAt == nil)
        #expect(human.request.choices.map(\.id) == ["retry", "skip", "fail", "take_over"])
        let subject = try subject(run)
        #expect(subject["summary"] == "`a` failed: http.status: as told")
        #expect(subject["question"] == "What should become of `a`?")
        let attempts = subject["attempts"]?.arrayValue ?? []
        #expect(attempts.map { $0["n"]?.intValue } == [1, 2])
        #expect(attempts.map { $0["class"]?.stringValue } == ["transient", "upstream"])
        #expect(attempts.map { $0["code"]?.stringValue } == ["tool.failed", "http.status"])
        try run.advance(.seconds(40 * 86_400))
        #expect(run.status("a") == .needsReview, "it is never terminal by itself")
        let item = try #require(Explanation(run.state, now: run.now).waitingFor.first)
        #expect(item.cause.kind == "review")
        #expect(item.cause.commands(run: run.state.id).count == 4)
    }

    @Test func `retry counts attempts anew and hands the guidance on`() throws {
        var run = try RunDriver(Self.work(Self.twice + ", total_timeout: 1h"))
        for round in 1...2 {
            try run.fail("a", .transient)
            try run.advance(.seconds(1))
            try run.fail("a", .transient)
            #expect(run.status("a") == .needsReview)
            try run.advance(.seconds(7200))
            try run.answer("a", "retry", values: round == 1 ? ["guidance": "one"] : [:], comment: "two")
            #expect(run.status("a") == .running, "the total timeout begins anew too")
            #expect(run.task("a").attempts == 2 * round + 1)
        }
        #expect(run.task("a").guidance == ["one", "two"])
        let assignment = Assignment(
            key: .init(runKey: 1, task: run.ref("a").number),
            state: run.state,
            timeout: nil,
            now: run.now
        )
        #expect(assignment.guidance == ["one", "two"] && assignment.attempt == 5)
        try run.complete("a", 1)
        #expect(run.running == ["b"])
    }

    @Test func `skip, fail and take over do what they say`() throws {
        var skipped = try RunDriver(Self.work())
        try skipped.fail("a")
        try skipped.answer("a", "skip")
        #expect(skipped.task("a").skipReason == .human && skipped.running == ["b"])
        #expect(skipped.task("a").output == nil)

        var failed = try RunDriver(Self.work())
        try failed.fail("a", code: "tool.broken")
        try failed.answer("a", "fail", comment: "hopeless")
        #expect(failed.state.status == .failed && failed.task("a").error?.code == "tool.broken")
        #expect(failed.task("a").failedAttempts.count == 1, "a decision is no attempt")

        var taken = try RunDriver(Self.work())
        try taken.fail("a")
        #expect(throws: Refusal.self) { try taken.answer("a", "take_over") }
        #expect(throws: Refusal.self) { try taken.answer("a", "take_over", values: ["result": 1, "else": 2]) }
        let text = String(repeating: "x", count: 6000)
        try taken.answer("a", "take_over", values: ["result": .string(text)])
        #expect(taken.task("a").output?.value == .string(text) && taken.task("a").output?.blob != nil)
        #expect(taken.running == ["b"])
    }

    @Test func `a task in review keeps its run from ending, whatever the rest does`() throws {
        for policy in ["drain", "continue"] {
            var run = try RunDriver(
                """
                workflow: two
                on_failure: \(policy)
                nodes:
                  - {id: a, type: tool, config: {tool: noop}, on_exhausted: escalate}
                  - {id: c, type: tool, config: {tool: noop}}
                  - {id: d, type: tool, config: {tool: noop}}
                """
            )
            try run.fail("a")
            try run.complete("c")
            try run.fail("d")
            #expect(run.state.status == .waiting, "\(policy)")
            try run.answer("a", "take_over", values: ["result": 1])
            #expect(run.state.status == .failed, "\(policy)")
        }
    }

    @Test func `a cancelled run takes its reviews along`() throws {
        var run = try RunDriver(Self.work())
        try run.fail("a")
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.status("a") == .cancelled && run.events.contains { $0.body.type == .humanTaskCancelled })
        #expect(throws: Refusal.self) { try run.answer("a", "retry") }
    }

    @Test func `fault 25: the third crash of a task quarantines it, and crashes are no retries`() throws {
        var run = try RunDriver(Self.work(", on_exhausted: fail, retry: {max_attempts: 2, delay: 1s, jitter: 0}"))
        try run.crash("a")
        try run.fail("a", .transient)
        try run.advance(.seconds(1))
        try run.crash("a")
        #expect(run.status("a") == .running)
        try run.crash("a")
        #expect(run.status("a") == .needsReview && run.task("a").error?.code == "task.poisoned")
        #expect(run.events.contains { $0.body == .review(.poisoned(crashes: 3)) })
        #expect(run.task("a").lostAttempts == 3 && run.task("a").attempts == 4)
        let codes = try subject(run)["attempts"]?.arrayValue?.map { $0["code"]?.stringValue }
        #expect(codes == ["attempt.lost", "tool.failed", "attempt.lost", "attempt.lost"])
        try run.answer("a", "retry")
        for _ in 1...2 { try run.crash("a") }
        #expect(run.status("a") == .running, "crashes are counted anew")
        try run.fail("a", .transient)
        #expect(run.status("a") == .retrying, "retries too")
        try run.advance(.seconds(1))
        try run.crash("a")
        #expect(run.status("a") == .needsReview)
        try run.answer("a", "fail")
        #expect(run.task("a").error?.code == "task.poisoned" && run.state.status == .failed)
    }

    @Test func `a compensation that takes its executors down is reviewed while the run waits to be undone`() throws {
        var run = try RunDriver(
            """
            workflow: undo
            on_failure: compensate
            nodes:
              - {id: a, type: tool, config: {tool: noop}, compensate: {tool: noop}}
              - {id: bad, type: tool, config: {tool: noop}, depends_on: [a]}
            """
        )
        try run.complete("a")
        try run.fail("bad")
        for _ in 1...3 { try run.crash("compensate:a") }
        #expect(run.state.status == .compensating && run.status("compensate:a") == .needsReview)
        #expect(run.task("compensate:a").error?.code == "task.poisoned")
        try run.answer("compensate:a", "retry")
        try run.complete("compensate:a")
        #expect(run.state.status == .compensated)
    }

    @Test func `handing a task back is no crash`() throws {
        var run = try RunDriver(Self.work())
        for _ in 1...5 {
            let fence = run.task("a").fence
            try run.send(.attemptLost(task: run.ref("a"), fence: fence, isRelease: true))
        }
        #expect(run.status("a") == .running && run.task("a").lostAttempts == 0)
    }

    @Test func `a task remembers its last twenty attempts that failed`() throws {
        var run = try RunDriver(Self.work(", on_exhausted: escalate, retry: {max_attempts: 30, delay: 1s, jitter: 0}"))
        for _ in 1...24 {
            try run.fail("a", .transient)
            try run.advance(.seconds(60))
        }
        #expect(run.task("a").failedAttempts.map(\.number) == Array(5...24))
    }

    @Test func `what needs no executor is looked at again too`() throws {
        let yaml = """
            workflow: sums
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: sum, type: transform, on_exhausted: escalate, depends_on: [a], config: {set: {n: "${ nodes.a.output.n + 1 }"}}}
              - {id: way, type: branch, on_exhausted: escalate, depends_on: [sum], config: {cases: [{name: x, when: nodes.sum.output.m > 1}], default: y}}
              - {id: x, type: tool, config: {tool: noop}}
              - {id: y, type: tool, config: {tool: noop}}
            edges: [{from: way, to: x, case: x}, {from: way, to: y, case: y}]
            """
        var run = try RunDriver(yaml)
        try run.complete("a", ["k": 1])
        #expect(run.status("sum") == .needsReview)
        try run.answer("sum", "retry")
        #expect(run.status("sum") == .needsReview, "the same again")
        try run.answer("sum", "take_over", values: ["result": ["n": 2]])
        #expect(run.status("way") == .needsReview)
        try run.answer("way", "take_over", values: ["result": ["case": "x"]])
        #expect(run.running == ["x"] && run.task("y").skipReason == .branch, "\(run.statuses)")
    }

    @Test func `a loop or map in review starts over when it is tried again`() throws {
        let yaml = """
            workflow: items
            nodes:
              - id: each
                type: map
                on_exhausted: escalate
                config:
                  items: [1, 2]
                  body: {nodes: [{id: work, type: tool, config: {tool: noop}}]}
              - {id: last, type: tool, config: {tool: noop}, depends_on: [each]}
            """
        var run = try RunDriver(yaml)
        try run.complete("work[0]", 1)
        try run.fail("work[1]")
        #expect(run.status("each") == .needsReview && run.state.openScopes.count == 1)
        #expect(run.events.count { $0.body.type == .humanTaskOpened } == 1)
        try run.answer("each", "retry")
        #expect(run.running == ["work[0]", "work[1]"])
        try run.complete("work[0]", 1)
        try run.complete("work[1]", 2)
        #expect(run.task("each").output?.value["results"] == [1, 2] && run.running == ["last"])
    }

    @Test func `a task within an item is reviewed where it stands`() throws {
        var run = try RunDriver(
            """
            workflow: items
            nodes:
              - id: each
                type: map
                config:
                  items: [1, 2]
                  body: {nodes: [{id: work, type: tool, on_exhausted: escalate, config: {tool: noop}}]}
            """
        )
        try run.complete("work[0]", 1)
        try run.fail("work[1]")
        #expect(run.status("work[1]") == .needsReview && run.state.status == .waiting)
        #expect(try subject(run, "work[1]")["summary"] == "`work[1]` failed: tool.failed: as told")
        try run.answer("work[1]", "take_over", values: ["result": 2])
        #expect(run.task("each").output?.value["results"] == [1, 2] && run.state.status == .completed)
    }

    @Test func `others put a task into review with a question and an output of their own`() throws {
        let driver = try RunDriver(Self.work())
        var machine = driver.machine
        let task = driver.ref("a")
        machine.effects = []
        machine.escalate(
            task,
            .exhausted,
            summary: "It gave up",
            question: "Which key?",
            output: Payload(inline: ["tried": 2]),
            choices: [HumanChoice("retry"), HumanChoice("stop")]
        )
        let request = try #require(machine.state[task].openRequest?.request)
        #expect(machine.state[task].status == .needsReview && request.message == "Which key?")
        #expect(request.choices.map(\.id) == ["retry", "stop"])
        #expect(request.subject?.value["output"] == ["tried": 2] && request.subject?.value["summary"] == "It gave up")
    }
}
