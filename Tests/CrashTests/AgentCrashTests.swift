// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import JSON
import Model
import Testing
import Threads

@testable import Tools

/// Death in the middle of an agent of 51 steps: no answer that was stored is asked for again, no call that ended is made
/// again, and what it cost is counted once.
@Suite(.timeLimit(.minutes(60))) struct AgentCrashTests {
    private static let threads = BlockingThreads(named: "crash-agents", count: 3)
    /// Calls of tools, each in a round of its own: with the answers of the model 51 steps.
    private static let rounds = 25

    private static let workflow = """
        workflow: agent
        outputs: {said: "${ nodes.a.output.text }"}
        nodes:
          - id: a
            type: agent
            budget: {usd: 2}
            config: {agent: implementer, prompt: Begin, tools: [mark, shell.exec], max_rounds: 30} # FOLDER
        """

    /// Round n is asked for by the result of round n - 1.
    private static func script(_ rounds: Int = rounds, _ tool: (Int) -> String) -> String {
        let rules = (1...rounds).map { round in
            let before = round == 1 ? "Begin" : "done-\(round - 1);"
            return "  - {match: {contains: \"\(before)\"}, reply: {tool_calls: [\(tool(round))]}}"
        }
        return (["rules:"] + rules + ["  - {reply: {text: finished}}"]).joined(separator: "\n")
    }

    /// With `BATON_TEST_EVERY_POINT=1` at each passage of each point; else each process of a run dies, wherever it is by
    /// then.
    @Test func `an agent goes on after death at any point, with every answer and every effect once`() async throws {
        let script = Self.script { "{name: mark, arguments: {n: \($0)}}" }
        let (kills, problems) = try await CrashPlan.play(sample: Self.sample) { plan in
            try await ModelsOfTest.with(script) { port, counter in
                try await Self.threads.run { Result { try Self.die(plan, port, counter) } }.get()
            }
        }
        #expect(problems.isEmpty)
        // Nothing in it waits for a time.
        for point in CrashPlan.points where point != .timerBeforeFire {
            #expect(kills[point, default: 0] > 0, "\(point.rawValue)")
        }
    }

    /// The same for answers that come later: a call that was handed over is not handed over again.
    @Test func `an agent whose answers come in batches goes on after death at any point`() async throws {
        let script = Self.script(4) { "{name: mark, arguments: {n: \($0)}}" }
        let (kills, problems) = try await CrashPlan.play(sample: Self.batchSample) { plan in
            try await ModelsOfTest.with(script) { port, counter in
                try await Self.threads.run { Result { try Self.die(plan, port, counter, rounds: 4, inBatches: true) } }
                    .get()
            }
        }
        #expect(problems.isEmpty)
        #expect(kills.values.reduce(0, +) > 5, "\(kills)")
    }

    private static func batchSample(_ point: CrashPoint) -> [CrashPlan] {
        switch point {
        case .beforeCommit: [.init(point: point, first: 4, later: 11)]
        case .insideCommit: [.init(point: point, first: 6, later: 12)]
        case .afterCommit: [.init(point: point, first: 5, later: 13)]
        case .beforeEffect: [.init(point: point, first: 3, later: 5)]
        case .afterEffect: [.init(point: point, first: 2, later: 6)]
        case .timerBeforeFire: [.init(point: point, first: 1, later: 2, most: 3)]
        default: []
        }
    }

    /// Whoever goes on has to come to the end of a step before the next death, else the task is quarantined.
    private static func sample(_ point: CrashPoint) -> [CrashPlan] {
        switch point {
        case .beforeCommit: [.init(point: point, first: 3, later: 14)]
        case .insideCommit: [.init(point: point, first: 7, later: 15)]
        case .afterCommit: [.init(point: point, first: 12, later: 16)]
        case .beforeAnswer: [.init(point: point, first: 20, later: 17)]
        case .beforeEffect: [.init(point: point, first: 2, later: 8)]
        case .afterEffect: [.init(point: point, first: 7, later: 9)]
        case .blobBeforePut, .blobAfterPut: [.init(point: point, first: 2, later: 4)]
        case .recovery: [.init(point: point, first: 1, later: 1, most: 3)]
        default: [.init(point: point, first: 1, later: 2, most: 2)]
        }
    }

    private static func die(
        _ plan: CrashPlan,
        _ port: Int,
        _ counter: RequestCounter,
        rounds: Int = rounds,
        inBatches: Bool = false
    ) throws -> (Int, [String]) {
        let folder = try CrashFolder(
            inBatches ? workflow.replacing("max_rounds", with: "batch: true, max_rounds") : workflow
        )
        try MarkTool.write(to: folder)
        var number = 0
        let variables = ModelsOfTest.variables(folder, port, inBatches: inBatches)
        var cycle = ScenarioCycle(folder, variables) { look in
            guard let state = look.state else { return .start }
            return state.status.isTerminal || look.open(.review) != nil ? nil : .resume
        } kill: { _, _ in
            number += 1
            return plan.kill(number)
        }
        try cycle.drive()
        let (whole, events, found) = try CrashChecks(folder).wholeness(shown: cycle.shown)
        let steps = StepLog(events)
        let (ledger, starts, asked) = (folder.ledger, folder.counts("starts"), counter.value)
        // What is asked besides, to sum up what goes, is no round.
        let own = steps.models.filter { $0.request["purpose"] == nil }
        let (besides, lost) = (steps.models.count - own.count, own.count(where: \.isLost))
        let facts: [(String, Bool)] = [
            (
                "it completed: \(String(describing: found?.status)) \(events.last?.text ?? "")",
                found?.status == .completed
            ),
            ("each effect once: \(ledger)", ledger.count == rounds && ledger.values.allSatisfy { $0 == 1 }),
            ("only what was under way is called again: \(starts)", starts.values.reduce(-rounds, +) <= cycle.kills),
            ("no stored answer is asked for again: \(steps.repeated.map(\.request.text))", steps.repeated.isEmpty),
            (
                "\(asked) requests, \(own.count) and \(besides) in the log, \(lost) lost, \(cycle.kills) deaths",
                asked >= rounds + 1 && asked <= steps.models.count && own.count == rounds + 1 + lost
                    && (besides > 0 || inBatches) && lost <= cycle.kills
            ),
        ]
        let problems =
            cycle.problems + whole + facts.filter { !$0.1 }.map { "not so: \($0.0)" }
            + (try MoneyChecks.problems(folder))
        return (cycle.kills, problems.isEmpty ? [] : problems + cycle.history)
    }

    @Test(arguments: [(3, 2), (8, 6), (14, 9), (27, 5), (44, 8)])
    func `a call that may not be repeated is made once, or the task says that nobody knows`(
        _ lines: (Int, Int)
    ) async throws {
        let script = Self.script { round in
            "{name: shell_exec, arguments: {command: \"echo $BATON_IDEMPOTENCY_KEY >> ledger; echo 'done-\(round);'\"}}"
        }
        try await check(lines, script) { result in
            #expect(result.isDone || result.isInterrupted, "\(result.errors)")
            if result.isDone { #expect(result.ledger.count == Self.rounds) }
        }
    }

    private struct Ending {
        /// What the log says in the end.
        var isDone = false
        var isInterrupted = false
        var errors = ""
        var kills = 0
        var ledger: [String: Int] = [:]
        var starts: [String: Int] = [:]
        var types: [String: Int] = [:]
    }

    private func check(_ lines: (Int, Int), _ script: String, _ look: (Ending) -> Void) async throws {
        let (result, asked) = try await ModelsOfTest.with(script) { port, counter in
            let result = try await Self.threads.run { Result { try Self.cycle(lines, port) } }.get()
            return (result, counter.value)
        }
        #expect(result.ledger.values.allSatisfy { $0 == 1 }, "\(result.ledger)")
        // Every request is in the log, and only those that were under way at a death were asked twice.
        let logged = result.types["agent.call.started", default: 0]
        #expect(asked <= logged, "\(asked) requests, \(logged) in the log")
        if result.isDone { #expect(logged <= Self.rounds + 1 + result.kills, "\(result.types)") }
        look(result)
    }

    private static func cycle(_ lines: (Int, Int), _ port: Int) throws -> Ending {
        let folder = try CrashFolder(workflow)
        try MarkTool.write(to: folder)
        let variables = ModelsOfTest.variables(folder, port)
        let id = folder.id.description
        let start = folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id], variables)
        let resume = folder.baton(["run", "resume", id, "-o", "jsonl"], variables)
        var ending = Ending()
        var last = try start.run(.line(lines.0))
        if last.isKilled {
            ending.kills += 1
            _ = folder.awaitPrograms(.seconds(5))
            last = try resume.run(.line(lines.1))
        }
        if last.isKilled {
            ending.kills += 1
            _ = folder.awaitPrograms(.seconds(5))
            last = try resume.run()
        }
        (ending.errors, ending.ledger) = (last.errors, folder.ledger)
        ending.starts = folder.counts("starts")
        let events = try folder.baton(["run", "events", id, "-o", "jsonl"]).run().lines
        ending.isDone = events.last?.contains("run.completed") == true
        ending.isInterrupted = events.contains { $0.contains("tool.interrupted") }
        for line in events {
            if let type = (try? JSONValue(parsing: line))?["type"]?.stringValue { ending.types[type, default: 0] += 1 }
        }
        return ending
    }
}
