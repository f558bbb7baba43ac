// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import JSON
import MockModels
import Model
import Providers
import Reactor
import Synchronization
import Testing
import Threads

@testable import Tools

/// Death in the middle of an agent of 21 steps: no answer that was stored is asked for again, no call that ended is made
/// again.
@Suite(.offPool, .timeLimit(.minutes(10))) struct AgentCrashTests {
    private static let threads = BlockingThreads(named: "crash-agents", count: 3)
    /// Calls of tools, each in a round of its own.
    private static let rounds = 10

    private static let workflow = """
        workflow: agent
        outputs: {said: "${ nodes.a.output.text }"}
        nodes:
          - id: a
            type: agent
            config: {agent: implementer, prompt: Begin, tools: [mark, shell.exec], max_rounds: 20} # FOLDER
        """

    /// Round n is asked for by the result of round n - 1.
    private static func script(_ tool: (Int) -> String) -> String {
        let rules = (1...rounds).map { round in
            let before = round == 1 ? "Begin" : "done-\(round - 1);"
            return "  - {match: {contains: \"\(before)\"}, reply: {tool_calls: [\(tool(round))]}}"
        }
        return (["rules:"] + rules + ["  - {reply: {text: finished}}"]).joined(separator: "\n")
    }

    /// Writes down that it began, and has its effect once for each key.
    private static let program = """
        read -r arguments
        echo "$BATON_IDEMPOTENCY_KEY" >> starts
        grep -qx "$BATON_IDEMPOTENCY_KEY" ledger 2> /dev/null || echo "$BATON_IDEMPOTENCY_KEY" >> ledger
        n=${arguments#*:}
        echo "{\\"said\\":\\"done-${n%\\}};\\"}"
        """
    private static let manifest = """
        {"name": "mark", "description": "Marks", "command": ["sh", "mark.sh"], "effects": "write", "idempotent": true,
         "input_schema": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}
        """

    @Test(arguments: [(2, 3), (6, 2), (9, 9), (13, 5), (17, 11), (22, 14), (31, 3), (40, 7), (55, 4), (64, 2)])
    func `an agent goes on after death, with every answer and every effect once`(_ lines: (Int, Int)) async throws {
        try await check(lines, Self.script { "{name: mark, arguments: {n: \($0)}}" }) { result in
            #expect(result.isDone, "\(result.errors)")
            #expect(result.ledger.count == Self.rounds, "\(result.ledger)")
            let repeated = result.starts.values.reduce(0) { $0 + $1 - 1 }
            #expect(result.starts.count == Self.rounds && repeated <= result.kills, "\(result.starts)")
        }
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
        let mock = MockModelServer(script: try ModelScript(Array(script.utf8), fileName: "s.yaml"))
        let counter = Counter()
        let server = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            if request.method == "POST" { counter.add() }
            return await mock.answer(request)
        }
        let port = server.addresses[0].port ?? 0
        let result = try await Self.threads.run { Result { try Self.cycle(lines, port) } }.get()
        await server.stop(within: .zero)
        #expect(result.ledger.values.allSatisfy { $0 == 1 }, "\(result.ledger)")
        // Every request is in the log, and only those that were under way at a death were asked twice.
        let asked = result.types["agent.call.started", default: 0]
        #expect(counter.value <= asked, "\(counter.value) requests, \(asked) in the log")
        if result.isDone {
            #expect(asked <= Self.rounds + 1 + result.kills, "\(result.types)")
            #expect(counter.value <= Self.rounds + 1 + result.kills && counter.value >= Self.rounds + 1)
        }
        look(result)
    }

    private static func cycle(_ lines: (Int, Int), _ port: Int) throws -> Ending {
        let folder = try CrashFolder(workflow)
        try folder.write("mark.sh", program)
        try folder.write("mark.json", manifest)
        let variables = [
            "BATON_PROVIDERS": "{\"box\": {\"base_url\": \"http://127.0.0.1:\(port)\", \"models\": [\"m\"]}}",
            "BATON_TOOLS_DIR": folder.path,
        ]
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

/// Counts from several tasks.
private final class Counter: Sendable {
    private let count = Mutex(0)

    func add() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}
