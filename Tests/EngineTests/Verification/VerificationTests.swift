// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Outputs that count only when their checks left evidence (spec 9.7, 2.2).
@Suite struct VerificationTests {
    private static let command = "{kind: command, run: [make, test]}"

    private static func work(_ checks: String, _ keys: String = "", kind: String = "") -> String {
        let kind = kind.isEmpty ? "type: tool, config: {tool: noop}" : kind
        return """
            workflow: work
            outputs: {b: "${ nodes.b.output }"}
            nodes:
              - {id: a, \(kind), verify: [\(checks)]\(keys)}
              - {id: b, type: transform, depends_on: [a], config: {expr: nodes.a.output}}
            """
    }

    private static let once = ", retry: {max_attempts: 1}"
    private static let twice = ", retry: {max_attempts: 2, delay: 1s, jitter: 0}"

    private func kinds(_ run: RunDriver, _ id: String = "a") -> [String] {
        run.state.verification(of: run.ref(id))?.evidence.map { "\($0.check) \($0.verdict.rawValue)" } ?? []
    }

    // MARK: Passing

    @Test func `an output counts when every check has left evidence, and nobody sees it before`() throws {
        var run = try RunDriver(Self.work("{kind: expr, expr: output.n > 1}, \(Self.command)"))
        try run.complete("a", ["n": 2])
        #expect(run.status("a") == .verifying && run.task("a").output == nil && run.status("b") == .blocked)
        #expect(run.task("a").worker == "w" && run.task("a").fence == 2 && run.task("a").attempts == 1)
        #expect(kinds(run) == ["0 passed"])
        let cause = try #require(Explanation(run.state, now: run.now).waitingFor.first { $0.node == "a" }?.cause)
        #expect(cause.kind == "verification")
        #expect(cause.sentence(now: run.now) == "the output of attempt 1 is checked at w, fence 2; left: `make test`")
        try run.check("a", [1: .passed], details: ["exit_code": 0])
        #expect(run.state.status == .completed && run.state.outputs?.value == ["b": ["n": 2]])
        #expect(kinds(run) == ["0 passed", "1 passed"])
        let json = try #require(run.state.verificationJSON(of: run.ref("a")))
        #expect(json["verdict"] == "passed" && json["attempt"] == 1)
        #expect(json["checks"]?.arrayValue?.map { $0["title"] } == ["output.n > 1", "make test"])
        #expect(json["checks"]?.arrayValue?[0]["evidence"]?["values"] == ["output.n": 2])
        #expect(json["checks"]?.arrayValue?[1]["evidence"] == ["exit_code": 0])
        let types = run.events.filter { $0.task == run.ref("a") }.map(\.body.type.rawValue)
        #expect(
            types == [
                "task.started", "verification.started", "evidence.recorded", "verification.dispatched",
                "evidence.recorded", "verification.completed", "task.completed",
            ]
        )
    }

    @Test func `checks that need nothing but the output are made at once, of every kind of node`() throws {
        let nodes: [(kind: String, check: String)] = [
            ("type: transform, config: {set: {n: 1}}", "{kind: schema, schema: {type: object, required: [n]}}"),
            (
                "type: branch, config: {cases: [{name: x, when: 'true'}], default: y}",
                "{kind: expr, expr: 'output.case == \"x\"'}"
            ),
            (
                "type: loop, config: {max_iterations: 2, on_limit: continue, body: {nodes: [{id: i, type: transform, config: "
                    + "{set: {k: 1}}}]}}",
                "{kind: expr, expr: output.iterations == 2}"
            ),
            (
                "type: map, config: {items: [1, 2], body: {nodes: [{id: i, type: transform, config: {expr: item}}]}}",
                "{kind: expr, expr: size(output.results) == 2}"
            ),
            ("type: join", "{kind: schema, schema: {type: object}}"),
        ]
        for (kind, check) in nodes {
            let run = try RunDriver(Self.work(check, kind: kind))
            #expect(run.state.status == .completed, "\(kind): \(run.statuses)")
            #expect(kinds(run) == ["0 passed"], "\(kind)")
        }
    }

    @Test func `nodes that wait are checked when what they wait for has come`() throws {
        let human = "type: human, config: {message: m}"
        var run = try RunDriver(Self.work("{kind: expr, expr: output.approved}", kind: human))
        try run.answer("a", "approve")
        #expect(run.state.status == .completed && kinds(run) == ["0 passed"])
        run = try RunDriver(Self.work(Self.command, kind: "type: wait, config: {for: 10s}"))
        try run.advance(.seconds(10))
        #expect(run.status("a") == .verifying)
        try run.check("a", [0: .passed])
        #expect(run.state.status == .completed)
    }

    // MARK: Gaps

    @Test func `gaps are told to the next attempts, the last three of them, and then a person decides`() throws {
        var run = try RunDriver(Self.work("{kind: expr, expr: output.n > 5}, \(Self.command)"))
        for attempt in 1...4 {
            try run.complete("a", ["n": .int(Int64(attempt))])
            // All checks without a model are made, so that everything is told at once.
            try run.check("a", [1: .gapsFound])
            #expect(run.status("b") == .blocked)
            if attempt < 4 {
                #expect(run.status("a") == .retrying && run.task("a").error?.code == "verification.failed")
                try run.advance(.seconds(40))
                #expect(run.running == ["a"])
            }
        }
        #expect(run.status("a") == .needsReview && run.state.status == .waiting && run.state.waitReason == .human)
        let feedback = try #require(run.state.verification(of: run.ref("a"))?.feedback)
        #expect(feedback.map(\.attempt) == [2, 3, 4])
        #expect(feedback[2].text == "- output.n > 5: `output.n > 5` is false; output.n is 4\n- make test: not so")
        let request = try #require(run.task("a").openRequest?.request)
        #expect(request.purpose == .review && request.kind == .escalation)
        #expect(request.subject?.value["output"] == ["n": 4])
        #expect(request.subject?.value["checks"]?.arrayValue?.count == 2)
        #expect(run.task("a").failedAttempts.count == 4)
        try run.answer("a", "retry", values: ["guidance": "try six"])
        #expect(run.running == ["a"] && run.task("a").guidance == ["try six"])
        try run.complete("a", ["n": 6])
        try run.check("a", [1: .passed])
        #expect(run.state.status == .completed)
    }

    @Test func `after the last gap the document may say what becomes of the task`() throws {
        let rules: [(String, TaskStatus, RunStatus)] = [
            ("", .needsReview, .waiting), (", on_exhausted: fail", .failed, .failed),
            (", on_exhausted: skip", .skipped, .completed), (", on_exhausted: escalate", .needsReview, .waiting),
            (", on_exhausted: pause", .needsReview, .paused),
        ]
        for (rule, task, status) in rules {
            var run = try RunDriver(Self.work(Self.command, Self.once + rule))
            try run.complete("a", 1)
            try run.check("a", [0: .gapsFound])
            #expect(run.status("a") == task && run.state.status == status, "\(rule)")
            #expect(run.task("a").output == nil, "\(rule)")
        }
    }

    @Test func `what must not be called twice is not called again because its output is wrong`() throws {
        var run = try RunDriver(Self.work(Self.command, ", idempotency: none"))
        try run.complete("a", 1)
        try run.check("a", [0: .gapsFound])
        #expect(run.status("a") == .needsReview && run.task("a").attempts == 1)
    }

    @Test func `a result that a person gives has to pass the same checks`() throws {
        var run = try RunDriver(Self.work("{kind: expr, expr: output == 7}", Self.twice))
        try run.fail("a", .permanent)
        #expect(run.state.status == .failed)
        run = try RunDriver(Self.work("{kind: expr, expr: output == 7}", Self.twice + ", on_exhausted: escalate"))
        try run.fail("a", .permanent)
        try run.answer("a", "take_over", values: ["result": 6])
        #expect(run.status("a") == .needsReview && run.task("a").attempts == 1, "it is not simply tried again")
        try run.answer("a", "take_over", values: ["result": 7])
        #expect(run.state.status == .completed && run.state.outputs?.value == ["b": 7])
    }

    // MARK: Models and people

    @Test func `a model is asked when nothing else is wrong, and people after it`() throws {
        let checks = "{kind: human}, {kind: judge, criteria: good}, {kind: expr, expr: output > 1}"
        var run = try RunDriver(Self.work(checks, Self.twice))
        try run.complete("a", 1)
        #expect(run.status("a") == .retrying && kinds(run) == ["2 gaps_found"], "nobody was asked")
        try run.advance(.seconds(2))
        try run.complete("a", 2)
        #expect(run.status("a") == .verifying && run.task("a").worker == "w" && run.task("a").humanTask == nil)
        try run.check("a", [1: .passed])
        #expect(run.status("a") == .waiting && run.state.waitReason == .human && run.task("a").worker == nil)
        try run.answer("a", "approve")
        #expect(run.state.status == .completed && kinds(run) == ["2 passed", "1 passed", "0 passed"])
    }

    @Test func `a person approves exactly the output that was shown, once`() throws {
        let checks = "{kind: human, name: look, message: 'Is ${ output.n } right?', assignees: ['role:qa']}"
        var run = try RunDriver(Self.work(checks, Self.twice))
        try run.complete("a", ["n": 1])
        let request = try #require(run.task("a").openRequest?.request)
        #expect(request.kind == .approval && request.message == "Is 1 right?" && request.assignees == ["role:qa"])
        #expect(request.title == "Check of `a`: look")
        let hash = try #require(run.state.verification(of: run.ref("a"))?.outputHash)
        #expect(request.evidence?.value.arrayValue?[0]["output_sha256"] == .string(hash))
        #expect(request.evidence?.value.arrayValue?[0]["output"] == ["n": 1])
        #expect(throws: Refusal.self, "why has to be said") { try run.answer("a", "reject") }
        try run.answer("a", "reject", comment: "two is right")
        #expect(run.status("a") == .retrying)
        #expect(
            run.state.verification(of: run.ref("a"))?.feedback.last?.text == "- look: user:a rejected it: two is right"
        )
        #expect(throws: Refusal.self, "it is closed") { try run.answer("a", "approve") }
        try run.advance(.seconds(2))
        try run.complete("a", ["n": 2])
        try run.restart()
        try run.answer("a", "approve", by: "user:b")
        #expect(run.state.status == .completed)
        let evidence = try #require(run.state.verification(of: run.ref("a"))?.evidence.first)
        #expect(evidence.details["by"] == "user:b" && evidence.details["output_sha256"] != .string(hash))
    }

    @Test func `a check that nobody answers in time is for whoever decides in the end`() throws {
        var run = try RunDriver(Self.work("{kind: human, timeout: 1h}"))
        try run.complete("a", 1)
        try run.advance(.seconds(3601))
        #expect(run.status("a") == .needsReview && kinds(run) == ["0 human_needed"])
        #expect(run.task("a").openRequest?.request.purpose == .verdict)
        try run.answer("a", "approve")
        #expect(run.state.status == .completed && run.state.verification(of: run.ref("a"))?.verdict == .passed)
    }

    @Test func `what the checks cannot decide is reviewed: approved, done again with words, or rejected`() throws {
        // Skipped is no evidence when nothing else is there; with another check it is left out.
        for verdict in [Verdict.skipped, .humanNeeded] {
            for choice in ["approve", "retry", "reject"] {
                var run = try RunDriver(Self.work("{kind: judge, criteria: c}"))
                try run.complete("a", 1)
                try run.check("a", [0: verdict])
                #expect(run.status("a") == .needsReview && run.task("b").output == nil)
                let request = try #require(run.task("a").openRequest?.request)
                #expect(request.kind == .review && request.choices.map(\.id) == ["approve", "retry", "reject"])
                try run.answer("a", choice, comment: choice == "approve" ? nil : "because")
                switch choice {
                case "approve": #expect(run.state.status == .completed && run.state.outputs?.value == ["b": 1])
                case "retry":
                    #expect(run.running == ["a"] && run.task("a").guidance == ["because"])
                    try run.complete("a", 2)
                    try run.check("a", [0: .passed])
                    #expect(run.state.status == .completed)
                default: #expect(run.state.status == .failed && run.task("a").error?.code == "verification.failed")
                }
            }
        }
        var run = try RunDriver(Self.work("{kind: judge, criteria: c}, {kind: schema, schema: true}"))
        try run.complete("a", 1)
        try run.check("a", [0: .skipped])
        #expect(run.state.status == .completed && kinds(run) == ["1 passed", "0 skipped"])
    }

    // MARK: Death and control

    @Test func `checks that ended are not made again after a crash, and the attempt is not either`() throws {
        var run = try RunDriver(Self.work("\(Self.command), {kind: file, path: x}"))
        try run.complete("a", 1)
        #expect(run.task("a").fence == 2)
        // One of both was written down before the process died.
        try run.send(.checked(task: run.ref("a"), fence: 2, [CheckEvidence(check: 0, verdict: .passed)]))
        #expect(run.status("a") == .verifying && run.task("a").fence == 3)
        try run.restart()
        #expect(run.task("a").fence == 4 && run.task("a").attempts == 1 && kinds(run) == ["0 passed"])
        #expect(throws: Refusal.leaseLost, "it is somebody else's") {
            try run.send(.checked(task: run.ref("a"), fence: 3, [CheckEvidence(check: 1, verdict: .passed)]))
        }
        try run.check("a", [0: .gapsFound, 1: .passed])
        #expect(run.state.status == .completed && kinds(run) == ["0 passed", "1 passed"], "what is known stays")
    }

    @Test func `checks that take their executors down are for a person`() throws {
        var run = try RunDriver(Self.work(Self.command))
        try run.complete("a", 1)
        for _ in 1...3 {
            #expect(run.status("a") == .verifying)
            try run.crash("a")
        }
        #expect(run.status("a") == .needsReview && run.task("a").lostAttempts == 0 && kinds(run) == ["0 human_needed"])
        run = try RunDriver(Self.work(Self.command))
        try run.complete("a", 1)
        for _ in 1...3 { try run.check("a", [:]) }
        #expect(run.status("a") == .needsReview, "nobody makes them")
        run = try RunDriver(Self.work(Self.command))
        try run.complete("a", 1)
        try run.fail("a", .permanent)
        #expect(run.status("a") == .needsReview, "they cannot be made")
        run = try RunDriver(Self.work(Self.command))
        try run.complete("a", 1)
        try run.send(.attemptLost(task: run.ref("a"), fence: run.task("a").fence, isRelease: true))
        #expect(run.status("a") == .verifying && run.state.verification(of: run.ref("a"))?.losses == 0)
    }

    @Test func `what is checked is stopped with its task, and held by a pause`() throws {
        var run = try RunDriver(Self.work(Self.command))
        try run.complete("a", 1)
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.stopped == ["a"] && run.status("a") == .cancelled && run.state.status == .cancelled)
        run = try RunDriver(Self.work(Self.command))
        try run.send(.pause(reason: nil), by: "user:a")
        try run.complete("a", 1)
        #expect(run.status("a") == .verifying && run.task("a").worker == nil)
        let cause = try #require(Explanation(run.state, now: run.now).waitingFor.first { $0.node == "a" }?.cause)
        #expect(cause.kind == "paused")
        try run.send(.resume, by: "user:a")
        #expect(run.task("a").worker == "w")
        try run.check("a", [0: .passed])
        #expect(run.state.status == .completed)
        run = try RunDriver(Self.work("{kind: human}"))
        try run.complete("a", 1)
        try run.send(.cancelTask(TaskName(node: "a"), reason: nil), by: "user:a")
        #expect(run.task("a").openRequest == nil && run.status("a") == .cancelled)
    }

    @Test func `a failure elsewhere lets checks end`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}, verify: [\(Self.command)]}
              - {id: c, type: tool, config: {tool: noop}}
            """
        )
        try run.complete("a", 1)
        try run.fail("c")
        #expect(run.state.status == .running && run.status("a") == .verifying)
        try run.crash("a")
        #expect(run.status("a") == .verifying && run.task("a").worker == "w", "also when somebody else makes them")
        try run.check("a", [0: .passed])
        #expect(run.state.status == .failed && run.status("a") == .completed)
    }

    @Test func `a task that is done again is checked again`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}, verify: [\(Self.command)]}
              - {id: b, type: tool, depends_on: [a], config: {tool: noop}}
            """
        )
        try run.complete("a", 1)
        try run.check("a", [0: .passed])
        try run.fail("b")
        try run.send(.rerun(from: "a"), by: "user:a")
        #expect(run.running == ["a"] && run.state.verification(of: run.ref("a")) == nil)
        try run.complete("a", 2)
        #expect(run.status("a") == .verifying)
        try run.check("a", [0: .passed])
        try run.complete("b", 2)
        #expect(run.state.status == .completed)
    }

    @Test func `items and passes have checks of their own`() throws {
        var run = try RunDriver(
            """
            workflow: w
            outputs: {m: "${ nodes.m.output.results }"}
            nodes:
              - id: m
                type: map
                config: {items: [1, 2], body: {nodes: [{id: i, type: tool, config: {tool: noop}, verify: [\(Self.command)]}]}}
            """
        )
        for item in 0...1 { try run.complete("i[\(item)]", .int(Int64(item))) }
        #expect(run.status("i[0]") == .verifying && run.status("i[1]") == .verifying)
        try run.restart()
        for item in 0...1 { try run.check("i[\(item)]", [0: .passed]) }
        #expect(run.state.outputs?.value == ["m": [0, 1]] && run.state.verifications.isEmpty)
    }
}
