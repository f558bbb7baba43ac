// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import HTTP
import JSON
import Model
import Store
import StoreSQLite
import Testing
import Threads

@testable import Tools

/// Scenario S5 with an agent inside the real program that changes its run: a request to another service, a patch that the
/// agent proposes and a person approves, an approval, and a node that fails after two that can be undone.
@Suite(.timeLimit(.minutes(60))) struct PatchingAgentCrashTests {
    private static let threads = BlockingThreads(named: "crash-patching", count: 3)

    private static func workflow(_ port: Int) -> String {
        func effect(_ end: String = "") -> String { "\"echo $BATON_IDEMPOTENCY_KEY >> ledger\(end) # FOLDER\"" }
        return """
            workflow: everything
            on_failure: compensate
            patch_review: human
            budget: {usd: 0.50}
            nodes:
              - id: order
                type: http
                reversible: false
                config: {method: POST, url: "http://127.0.0.1:\(port)/order?amount=5"}
              - id: think
                type: agent
                depends_on: [order]
                config:
                  agent: analyst
                  prompt: What is missing?
                  tools: [mark]
                  can_patch: {paths: ["/nodes/-", "/nodes/@bad/depends_on"]}
              - id: reserve
                type: shell.exec
                depends_on: [think]
                config: {command: \(effect())}
                compensate: {tool: shell.exec, args: {command: \(effect())}}
              - id: charge
                type: shell.exec
                depends_on: [reserve]
                config: {command: \(effect())}
                compensate: {tool: shell.exec, args: {command: \(effect())}}
              - {id: ask, type: human, depends_on: [charge], config: {kind: approval, message: Go on?, deadline: 1h}}
              - {id: bad, type: shell.exec, depends_on: [ask], config: {command: \(effect("; exit 3"))}}
            """
    }

    /// Puts a node between the approval and the node that fails.
    private static let script = #"""
        rules:
          - match: {contains: "What is missing?"}
            reply: {tool_calls: [{name: mark, arguments: {n: 1}}]}
          - match: {contains: "done-1;"}
            reply:
              tool_calls:
                - name: run_patch
                  arguments:
                    summary: A check before the end
                    ops:
                      - op: add
                        path: /nodes/-
                        value:
                          {id: check, type: shell.exec, depends_on: [ask], config: {command: "echo $BATON_IDEMPOTENCY_KEY >> ledger"}}
                      - {op: replace, path: /nodes/@bad/depends_on, value: [check]}
          - {reply: {text: It is proposed.}}
        """#

    private static func next(_ look: ScenarioCycle.Look) -> ScenarioCycle.Step? {
        guard let state = look.state else { return .start }
        guard !state.status.isTerminal else { return nil }
        for question in [ScenarioCycle.Question.review, .patch] where look.open(question) != nil {
            return .agree(question)
        }
        guard look.open(.approval) != nil else { return .resume }
        return state.patches.all.first?.status == .approved ? .resume : .agree(.approval)
    }

    private static func sample(_ point: CrashPoint) -> [CrashPlan] {
        switch point {
        case .beforeCommit: [.init(point: point, first: 7, later: 4, most: 6)]
        case .insideCommit: [.init(point: point, first: 9, later: 3, most: 6)]
        case .afterCommit: [.init(point: point, first: 8, later: 3, most: 6)]
        case .beforeAnswer: [.init(point: point, first: 5, later: 3, most: 6)]
        case .beforeDispatch: [.init(point: point, first: 2, later: 2, most: 4)]
        case .beforeEffect: [.init(point: point, first: 5, later: 4, most: 4)]
        case .afterEffect: [.init(point: point, first: 4, later: 3, most: 4)]
        case .recovery: [.init(point: point, first: 1, later: 1, most: 3)]
        default: [.init(point: point, first: 1, later: 1, most: 3)]
        }
    }

    /// With `BATON_TEST_EVERY_POINT=1` at each passage of each point.
    @Test func `S5 steps 2 and 5: an agent patches its run, which is killed at any point and undone, and pays once`()
        async throws
    {
        let echo = EchoServer()
        let port = try echo.start()
        defer { echo.stop() }
        // Each of the processes that follow one another dies, so that those that answer and undo do as well.
        let (kills, problems) = try await CrashPlan.play(
            sample: Self.sample,
            every: { CrashPlan(point: $0, first: $1, later: $1, most: 6) }
        ) { plan in
            try await ModelsOfTest.with(Self.script) { models, counter in
                try await Self.threads.run { Result { try Self.die(plan, port, models, counter) } }.get()
            }
        }
        #expect(problems.isEmpty)
        // Nothing in it waits for a time.
        for point in CrashPlan.points where point != .timerBeforeFire {
            #expect(kills[point, default: 0] > 0, "\(point.rawValue)")
        }
    }

    private static func variables(_ folder: CrashFolder, _ port: Int, _ models: Int) -> [String: String] {
        ModelsOfTest.variables(folder, models).merging(["BATON_SANDBOX_NETWORK": "127.0.0.1:\(port)"]) { $1 }
    }

    private static func die(
        _ plan: CrashPlan,
        _ port: Int,
        _ models: Int,
        _ counter: RequestCounter
    ) throws -> (Int, [String]) {
        let folder = try CrashFolder(
            workflow(port),
            run: RunID(high: 0x18c0_0000_0000 << 16, low: .random(in: 1 ... .max))
        )
        try MarkTool.write(to: folder)
        var number = 0
        var cycle = ScenarioCycle(folder, variables(folder, port, models), next: next) { _, _ in
            number += 1
            return plan.kill(number)
        }
        try cycle.drive()
        let problems = cycle.problems + (try check(folder, cycle, counter))
        return (cycle.kills, problems.isEmpty ? [] : problems + cycle.history)
    }

    @Test
    func `S5 step 4: what an agent changed is in a fork from before the failure, which completes when it is edited`()
        async throws
    {
        let echo = EchoServer()
        let port = try echo.start()
        defer { echo.stop() }
        let problems = try await ModelsOfTest.with(Self.script) { models, _ in
            try await Self.threads.run { Result { try Self.fork(port, models) } }.get()
        }
        #expect(problems.isEmpty)
        #expect(echo.ledger.orderCount == 1, "what came before is not done again")
    }

    private static func fork(_ port: Int, _ models: Int) throws -> [String] {
        let folder = try CrashFolder(workflow(port))
        try MarkTool.write(to: folder)
        let variables = variables(folder, port, models)
        var cycle = ScenarioCycle(folder, variables, next: next) { _, _ in nil }
        try cycle.drive()
        let (id, new) = (folder.id.description, "run_01jd0000000000000000000001")
        let lines = try folder.baton(["run", "events", id, "-o", "jsonl"]).run().lines
        let failed =
            lines.compactMap { try? JSONValue(parsing: $0) }
            .first { $0["type"] == "task.failed" && $0["node"] == "bad" }?["run_seq"]?.intValue ?? 0
        let edit = "bad.command=echo $BATON_IDEMPOTENCY_KEY >> ledger"
        let words = ["run", "fork", id, "--at", "\(failed - 1)", "--id", new, "--config", edit, "-o", "json"]
        let fork = try folder.baton(words, variables).run()
        let shown = try folder.baton(["run", "get", new, "-o", "json"]).run().lines.joined(separator: "\n")
        let json = try? JSONValue(parsing: shown)
        let isDone = fork.exit == 0 && json?["status"] == "completed" && shown.contains("check")
        return cycle.problems + (isDone ? [] : ["\(fork.lines) \(fork.errors) \(shown)"])
    }

    private static func check(
        _ folder: CrashFolder,
        _ cycle: ScenarioCycle,
        _ counter: RequestCounter
    ) throws -> [String] {
        let (whole, events, found) = try CrashChecks(folder).wholeness(shown: cycle.shown)
        guard let state = found else { return whole }
        func count(_ type: String) -> Int { events.count { $0["type"]?.stringValue == type } }
        let undone = events.filter { $0["type"] == "compensation.completed" }.compactMap { $0["node"]?.stringValue }
        let (ledger, steps) = (folder.ledger, StepLog(events))
        // The agent's step has another number when a model had not answered before.
        func isStep(_ key: String) -> Bool { key.contains("/think/step") }
        let effects = ["reserve", "charge", "check", "bad", "compensate:charge", "compensate:reserve"]
        let attempts = ledger.filter { key, lines in
            let node = String(key.split(separator: "/").dropFirst().first ?? "")
            return lines > events.count { $0["node"]?.stringValue == node && $0["type"] == "task.started" }
        }
        let author = events.first { $0["type"] == "patch.proposed" }?.text ?? ""
        let facts: [(String, Bool)] = [
            (
                "compensated after it had failed: \(state.status)",
                state.status == .compensated && state.outcome == .failed
            ),
            ("undone in reverse order: \(undone)", undone == ["compensate:charge", "compensate:reserve"]),
            (
                "patched once, by the agent: \(author)",
                count("graph.patched") == 1 && count("patch.proposed") == 1
                    && author.contains("think")
            ),
            ("the run began and failed once", count("run.started") == 1 && count("run.failed") == 1),
            (
                "these effects: \(ledger)",
                Set(ledger.keys.filter { !isStep($0) }) == Set(effects.map { "\(folder.id)/\($0)" })
            ),
            ("no more effects than attempts: \(attempts)", attempts.isEmpty),
            ("the tool's effect once", ledger.filter { isStep($0.key) }.map(\.value) == [1]),
            ("no stored answer is asked for again", steps.repeated.isEmpty && counter.value <= steps.models.count),
        ]
        return whole + facts.filter { !$0.1 }.map { "not so: \($0.0)" } + (try MoneyChecks.problems(folder))
    }
}
