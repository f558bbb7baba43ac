// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import JSON
import Model
import Testing
import Threads

@testable import Tools

/// Death among several agents that work on one task, by each strategy: nobody begins twice, no stored answer is asked for
/// again, and no effect comes twice.
@Suite(.timeLimit(.minutes(60))) struct TeamCrashTests {
    private static let threads = BlockingThreads(named: "crash-teams", count: 3)
    private static let strategies = [("sequential", 2), ("parallel", 2), ("race", 2), ("vote", 3)]

    /// One team after the other; each agent calls a tool, then answers.
    private static var workflow: String {
        var text = """
            workflow: teams
            outputs:
              sequential: "${ nodes.sequential.output.text }"
              parallel: "${ nodes.parallel.output.map(name, nodes.parallel.output[name].text) }"
              race: "${ nodes.race.output.text }"
              vote: "${ nodes.vote.output.text }"
            nodes: # FOLDER
            """
        var before = ""
        for (strategy, count) in strategies {
            let agents = ["analyst", "architect", "validator"].prefix(count).joined(separator: ", ")
            text += "\n  - id: \(strategy)\n    type: agent\n    budget: {usd: 1}\n"
            if !before.isEmpty { text += "    depends_on: [\(before)]\n" }
            text += "    config: {agents: [\(agents)], strategy: \(strategy), prompt: Begin, tools: [mark]}"
            before = strategy
        }
        return text
    }

    private static let script = """
        rules:
          - {match: {contains: "done-1;"}, reply: {text: yes indeed}}
          - {reply: {tool_calls: [{name: mark, arguments: {n: 1}}]}}
        """

    private static func sample(_ point: CrashPoint) -> [CrashPlan] {
        switch point {
        case .beforeCommit: [.init(point: point, first: 5, later: 16, most: 6)]
        case .insideCommit: [.init(point: point, first: 9, later: 17, most: 6)]
        case .afterCommit: [.init(point: point, first: 14, later: 18, most: 6)]
        case .beforeAnswer: [.init(point: point, first: 18, later: 12, most: 6)]
        case .beforeEffect: [.init(point: point, first: 6, later: 11)]
        case .afterEffect: [.init(point: point, first: 11, later: 8)]
        case .recovery: [.init(point: point, first: 1, later: 1, most: 3)]
        default: [.init(point: point, first: 1, later: 2, most: 2)]
        }
    }

    /// With `BATON_TEST_EVERY_POINT=1` at each passage of each point.
    @Test func `agents that work together go on after death at any point, by each strategy`() async throws {
        let (kills, problems) = try await CrashPlan.play(sample: Self.sample) { plan in
            try await ModelsOfTest.with(Self.script) { port, counter in
                try await Self.threads.run { Result { try Self.die(plan, port, counter) } }.get()
            }
        }
        #expect(problems.isEmpty)
        // No value of this workflow is large, and nothing in it waits for a time.
        let quiet: Set<CrashPoint> = [.timerBeforeFire]
        for point in CrashPlan.points where !quiet.contains(point) {
            #expect(kills[point, default: 0] > 0, "\(point.rawValue)")
        }
    }

    private static func die(_ plan: CrashPlan, _ port: Int, _ counter: RequestCounter) throws -> (Int, [String]) {
        let folder = try CrashFolder(workflow)
        try MarkTool.write(to: folder)
        var number = 0
        var cycle = ScenarioCycle(folder, ModelsOfTest.variables(folder, port)) { look in
            guard let state = look.state else { return .start }
            // An agent that got nowhere three times, because the others were faster.
            if look.open(.review) != nil { return .agree(.review) }
            return state.status.isTerminal ? nil : .resume
        } kill: { _, _ in
            number += 1
            return plan.kill(number)
        }
        try cycle.drive()
        let (whole, events, found) = try CrashChecks(folder).wholeness(shown: cycle.shown)
        func all(_ type: String) -> [JSONValue] { events.filter { $0["type"]?.stringValue == type } }
        let seats = all("team.agents_started").compactMap { $0["data"]?["count"]?.intValue }
        let steps = StepLog(events)
        let (ledger, outputs) = (folder.ledger, found?.outputs?.value)
        let yes: JSONValue = "yes indeed"
        let facts: [(String, Bool)] = [
            ("it completed: \(String(describing: found?.status))", found?.status == .completed),
            (
                "what they gave: \(outputs?.text ?? "")",
                outputs == ["sequential": yes, "parallel": [yes, yes], "race": yes, "vote": yes]
            ),
            ("formed and decided once each", all("team.formed").count == 4 && all("team.decided").count == 4),
            ("nobody begins twice: \(seats)", seats.count == 5 && seats.reduce(0, +) == 9),
            // Whoever loses the race may not have come to it.
            ("each effect once: \(ledger)", (8...9).contains(ledger.count) && ledger.values.allSatisfy { $0 == 1 }),
            ("no stored answer is asked for again: \(steps.repeated.map(\.request.text))", steps.repeated.isEmpty),
            ("\(counter.value) requests, \(steps.models.count) in the log", counter.value <= steps.models.count),
        ]
        let problems =
            cycle.problems + whole + facts.filter { !$0.1 }.map { "not so: \($0.0)" }
            + (try MoneyChecks.problems(folder))
        return (cycle.kills, problems.isEmpty ? [] : problems + cycle.history)
    }
}
