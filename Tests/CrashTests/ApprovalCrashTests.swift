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

/// Death around calls that a person approves: each is asked about once, and made once, with the arguments that were seen.
@Suite(.offPool, .timeLimit(.minutes(10))) struct ApprovalCrashTests {
    private static let threads = BlockingThreads(named: "crash-approvals", count: 3)
    private static let rounds = 3

    private static let workflow = """
        workflow: agent
        outputs: {said: "${ nodes.a.output.text }"}
        nodes:
          - id: a
            type: agent
            config: {agent: implementer, prompt: Begin, tools: [mark], approve_tools: [mark]} # FOLDER
          - id: b
            type: tool
            depends_on: [a]
            config: {tool: mark, args: {n: 9}, profile: asks}
        """
    /// Round n is asked for by the result of round n - 1.
    private static var script: String {
        let rules = (1...rounds).map { round in
            let before = round == 1 ? "Begin" : "done-\(round - 1);"
            let reply = "{tool_calls: [{name: mark, arguments: {n: \(round)}}]}"
            return "  - {match: {contains: \"\(before)\"}, reply: \(reply)}"
        }
        return (["rules:"] + rules + ["  - {reply: {text: finished}}"]).joined(separator: "\n")
    }

    /// Has its effect once for each key, and says what it was told.
    private static let program = """
        read -r arguments
        grep -q "^$BATON_IDEMPOTENCY_KEY " ledger 2> /dev/null || echo "$BATON_IDEMPOTENCY_KEY $arguments" >> ledger
        n=${arguments#*:}
        echo "{\\"said\\":\\"done-${n%\\}};\\"}"
        """
    private static let manifest = """
        {"name": "mark", "description": "Marks", "command": ["sh", "mark.sh"], "effects": "write", "idempotent": true,
         "risk": "critical",
         "input_schema": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}
        """

    @Test func `nobody dies`() async throws { try await check([], []) }

    @Test(arguments: [
        [Kill.line(4), .line(3)],
        [.point(.afterCommit, 4), .point(.afterCommit, 3), .point(.beforeEffect, 1), .point(.afterEffect, 1)],
        [.point(.beforeCompletion, 1), .point(.afterCommit, 2), .point(.insideCommit, 3), .point(.afterCommit, 5)],
        [.point(.insideCommit, 6), .point(.afterEffect, 1), .point(.beforeCompletion, 1), .point(.beforeEffect, 1)],
    ])
    func `whenever the one who drives dies, every call is asked about once and made once`(_ kills: [Kill]) async throws
    {
        try await check(kills, [])
    }

    @Test(arguments: [
        [Kill.point(.afterCommit, 2), .point(.beforeAnswer, 2), .line(1), .point(.insideCommit, 2)],
        [.point(.insideCommit, 1), .point(.afterCommit, 1), .point(.beforeAnswer, 1), .point(.afterCommit, 3)],
    ])
    func `whenever the one who answers dies, the answer counts once`(_ kills: [Kill]) async throws {
        try await check([], kills)
    }

    private func check(_ driving: [Kill], _ answering: [Kill]) async throws {
        let problems = try await Self.threads.run { Result { try Self.cycle(driving, answering) } }.get()
        #expect(problems.isEmpty, "\(driving) \(answering)")
    }

    private static func cycle(_ driving: [Kill], _ answering: [Kill]) throws -> [String] {
        var (driving, answering) = (driving[...], answering[...])
        let folder = try CrashFolder(workflow)
        try folder.write("mark.sh", program)
        try folder.write("mark.json", manifest)
        try folder.write("script.yaml", script)
        let variables = [
            "BATON_PROVIDERS": "{\"scripted\": {\"models\": [\"m\"], \"script\": \"\(folder.path)/script.yaml\"}}",
            "BATON_PROFILES": "{\"asks\": {\"requires_approval\": [\"critical\"]}}",
            "BATON_TOOLS_DIR": folder.path,
        ]
        let id = folder.id.description
        var drive = folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id], variables)
        var problems: [String] = []
        var isDone = false
        var history: [String] = []
        for _ in 1...40 where !isDone {
            let last = try drive.run(driving.popFirst())
            history.append("\(last.exit ?? -1) \(last.lines.suffix(1)) \(last.errors.suffix(200))")
            if last.isKilled {
                _ = folder.awaitPrograms(.seconds(5))
            } else if last.exit == 0 || last.errors.contains("it is completed") {
                isDone = true
            } else if last.exit != 8 {
                return ["it ended with \(last.exit ?? -1): \(last.errors)"]
            }
            let store = try? SQLiteRunStore.openForReading(folder.data)
            let open = try store?.humanTasks(HumanTaskFilter()).first { $0.status.isPending }
            let hasBegun = try store?.run(folder.id) != nil
            store?.close()
            if hasBegun { drive = folder.baton(["run", "resume", id, "-o", "jsonl"], variables) }
            guard let open, last.exit == 8 else { continue }
            let answer = folder.baton(["inbox", "approve", open.id.description], variables)
            while try answer.run(answering.popFirst()).isKilled {}
        }
        if !isDone { problems.append("it never ended: \(history.suffix(6))") }
        let effects = folder.ledger
        // A model that was asked once more has a step of its own, so the numbers of the calls may differ; each is made once.
        let made = effects.map { key, count in "\(key.split(separator: " ").last ?? "") \(count)" }.sorted()
        if made != (Array(1...rounds) + [9]).map({ "{\"n\":\($0)} 1" }) { problems.append("effects: \(effects)") }
        var types: [String: Int] = [:]
        for line in try folder.baton(["run", "events", id, "-o", "jsonl"]).run().lines {
            if let type = (try? JSONValue(parsing: line))?["type"]?.stringValue { types[type, default: 0] += 1 }
        }
        for type in ["human_task.opened", "human_task.resolved", "tool.decided"] where types[type] != rounds + 1 {
            problems.append("\(type): \(types[type] ?? 0)")
        }
        if types["tool.requested"] != rounds { problems.append("tool.requested: \(types["tool.requested"] ?? 0)") }
        return problems
    }
}
