// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Store
import StoreSQLite
import Testing
import Threads

@testable import Tools

/// Calls that cost money, more at once than there is money for, in processes that die.
@Suite(.timeLimit(.minutes(60))) struct BudgetCrashTests {
    private static let threads = BlockingThreads(named: "crash-budgets", count: 2)

    private static func workflow(_ calls: Int, _ cents: Int) -> String {
        let items = (1...calls).map(String.init).joined(separator: ", ")
        let usd = "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
        return """
            workflow: paid
            budget: {usd: "\(usd)"}
            outputs: {calls: "${ size(nodes.pay.output) }"}
            nodes:
              - {id: items, type: transform, config: {expr: "[\(items)]"}} # FOLDER
              - id: pay
                type: map
                depends_on: [items]
                config:
                  items: ${ nodes.items.output }
                  max_parallel: \(calls)
                  body: {nodes: [{id: call, type: tool, config: {tool: mark, args: {n: "${ item }"}}}]}
            """
    }

    /// With `BATON_TEST_EVERY_POINT=1` 50 runs of 1,000 calls with money for 400, else two of 100 with money for 40.
    @Test
    func `a budget is never passed by calls that are made at once, and all of them come when there is money again`()
        async throws
    {
        let isLong = CrashPlan.isExhaustive
        let (runs, calls, paid) = isLong ? (50, 1000, 400) : (2, 100, 40)
        let seed = UInt64.random(in: 0...9999)
        try await withThrowingTaskGroup(of: (kills: Int, problems: [String]).self) { group in
            for number in 0..<runs {
                group.addTask {
                    try await Self.threads.run {
                        Result { try Self.spend(calls, paid, seed &+ UInt64(number)) }
                    }.get()
                }
            }
            var kills = 0
            for try await result in group {
                kills += result.kills
                #expect(result.problems.isEmpty)
            }
            #expect(kills >= runs)
            if isLong { print("budgets: \(runs) runs, \(kills) deaths") }
        }
    }

    private static func spend(_ calls: Int, _ paid: Int, _ seed: UInt64) throws -> (Int, [String]) {
        let folder = try CrashFolder(workflow(calls, paid))
        try MarkTool.write(to: folder)
        let variables = ["BATON_TOOLS_DIR": folder.path, "BATON_LIMITS_MAX_PARALLEL": "\(calls)"]
        var play = Play(folder, variables, seed)
        let last = try play.untilItWaits(calls + paid, paid)
        var problems = last == 7 ? [] : ["it does not wait for money"]
        problems += try check(folder) { spent, unknown, effects in
            [
                ("all of it is spent: \(spent) cents", spent == paid),
                (
                    "\(effects) effects for \(spent) cents, \(unknown) of them unknown",
                    effects <= spent && effects >= spent - unknown
                ),
            ]
        }
        if try play.withMoreMoney() != 0 { problems.append("it does not complete with more money") }
        problems += try check(folder) { spent, unknown, effects in
            [
                ("each call once: \(effects)", effects == calls),
                ("\(spent) cents for \(calls) calls, \(unknown) of them unknown", spent == calls + unknown),
            ]
        }
        return (play.kills, problems.isEmpty ? [] : problems + play.history)
    }

    /// Agents, each with one call of a model.
    private static func agents(_ calls: Int, _ paid: Int) -> String {
        let items = (1...calls).map(String.init).joined(separator: ", ")
        return """
            workflow: asked
            budget: {llm_tokens: \(paid * tokens)}
            nodes:
              - {id: items, type: transform, config: {expr: "[\(items)]"}} # FOLDER
              - id: ask
                type: map
                depends_on: [items]
                config:
                  items: ${ nodes.items.output }
                  max_parallel: \(calls)
                  body: {nodes: [{id: call, type: agent, config: {agent: noop, prompt: Go, max_output_tokens: 1000}}]}
            """
    }

    /// What a call takes of the budget.
    private static let tokens = 1100

    /// With `BATON_TEST_EVERY_POINT=1` 50 runs of 1,000 calls and LLM tokens for 400, else two of 100 and tokens for 40.
    @Test func `models are not asked for more than a budget has, whoever dies meanwhile`() async throws {
        let isLong = CrashPlan.isExhaustive
        let (runs, calls, paid) = isLong ? (50, 1000, 400) : (2, 100, 40)
        let seed = UInt64.random(in: 0...9999)
        var kills = 0
        for number in 0..<runs {
            let script = "rules: [{reply: {text: done}, usage: {input: 100, output: 1000}}]"
            let result = try await ModelsOfTest.with(script) { port, counter in
                try await Self.threads.run {
                    Result { try Self.ask(calls, paid, seed &+ UInt64(number), port, counter) }
                }.get()
            }
            kills += result.kills
            #expect(result.problems.isEmpty)
        }
        #expect(kills >= runs)
        if isLong { print("budgets of agents: \(runs) runs, \(kills) deaths") }
    }

    private static func ask(
        _ calls: Int,
        _ paid: Int,
        _ seed: UInt64,
        _ port: Int,
        _ counter: RequestCounter
    ) throws -> (kills: Int, problems: [String]) {
        let folder = try CrashFolder(agents(calls, paid))
        let variables = ModelsOfTest.variables(folder, port).merging(["BATON_LIMITS_MAX_PARALLEL": "\(calls)"]) { $1 }
        var play = Play(folder, variables, seed)
        let last = try play.untilItWaits(calls + 2 * paid, paid)
        var problems =
            last == 7 ? [] : ["it does not wait for money, but ended with \(last.map(String.init) ?? "death")"]
        func look(_ facts: (_ tokens: Int, _ unknown: Int) -> [(String, Bool)]) throws {
            let usage = try Self.usage(folder)
            let tokens = usage.reduce(0) { $0 + Int($1.charge.languageModelTokens) }
            problems += try MoneyChecks.problems(folder)
            problems += facts(tokens, usage.count { $0.certainty == .unknown }).filter { !$0.1 }.map {
                "not so: \($0.0)"
            }
        }
        let (limit, before) = (paid * tokens, counter.value)
        try look { spent, unknown in
            [
                ("\(spent) of \(limit) LLM tokens", spent <= limit && spent > limit - 3 * tokens * (unknown + 1)),
                ("\(before) requests for \(paid)", before <= paid),
            ]
        }
        if try play.withMoreMoney() != 0 { problems.append("it does not complete with more money") }
        let asked = counter.value
        try look { spent, unknown in
            [
                (
                    "\(asked) requests for \(calls), \(unknown) of them unknown",
                    asked <= calls + unknown && asked >= calls
                ),
                ("\(spent) LLM tokens for \(asked) requests", spent >= asked * tokens),
            ]
        }
        return (play.kills, problems.isEmpty ? [] : problems + play.history)
    }

    private static func check(
        _ folder: CrashFolder,
        _ facts: (_ cents: Int, _ unknown: Int, _ effects: Int) -> [(String, Bool)]
    ) throws -> [String] {
        let usage = try usage(folder)
        let cents = usage.reduce(0) { $0 + $1.charge.money.picodollars } / 10_000_000_000
        let unknown = usage.count { $0.certainty == .unknown }
        let ledger = folder.ledger
        let twice = ledger.filter { $0.value != 1 }
        return try MoneyChecks.problems(folder) + (twice.isEmpty ? [] : ["effects that came twice: \(twice)"])
            + facts(Int(cents), unknown, ledger.count).filter { !$0.1 }.map { "not so: \($0.0)" }
    }

    private static func usage(_ folder: CrashFolder) throws -> [UsageRow] {
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        var filter = UsageFilter()
        filter.limit = .max
        return try store.usage(filter)
    }
}

/// A run that is killed twice before it waits for money, and gets more then.
private struct Play {
    let folder: CrashFolder
    let variables: [String: String]
    var random: SeededRandom
    var kills = 0
    var history: [String]
    private var id: String { folder.id.description }

    init(_ folder: CrashFolder, _ variables: [String: String], _ seed: UInt64) {
        (self.folder, self.variables, random) = (folder, variables, SeededRandom(seed: seed))
        history = ["seed \(seed)"]
    }

    private mutating func run(_ words: [String], _ kill: Kill?) throws -> Int32? {
        let outcome = try folder.baton(words, variables).run(kill)
        if outcome.isKilled { kills += 1 }
        history.append("\(words[1]) \(outcome.exit.map(String.init) ?? "killed") \(outcome.errors.suffix(200))")
        return outcome.exit
    }

    private mutating func resume(_ kill: Kill?) throws -> Int32? {
        try run(["run", "resume", id, "-o", "jsonl"], kill)
    }

    /// Starts it; two processes die after one of so many lines. A third death would leave tasks to a person.
    ///
    /// - Returns: How the last one ended.
    mutating func untilItWaits(_ first: Int, _ second: Int) throws -> Int32? {
        let start = ["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id]
        var last = try run(start, .line(.random(in: 20...first, using: &random)))
        if last == nil { last = try resume(.line(.random(in: 5...second, using: &random))) }
        if last == nil { last = try resume(nil) }
        return last
    }

    /// Lifts all budgets, and goes on.
    mutating func withMoreMoney() throws -> Int32? {
        for scope in ["run:\(id)", "day", "project:default"] { _ = try run(["budget", "set", scope, "none"], nil) }
        return try resume(nil)
    }
}
