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

/// Death while the output of an agent is checked: the answer that was paid for is not asked for again, and no check that
/// left evidence is made again.
@Suite(.offPool, .timeLimit(.minutes(10))) struct VerificationCrashTests {
    private static let threads = BlockingThreads(named: "crash-checks", count: 3)

    private static let workflow = """
        workflow: checked
        outputs: {said: "${ nodes.a.output.text }"}
        nodes:
          - id: a
            type: agent
            config: {agent: analyst, prompt: Begin} # FOLDER
            verify:
              - {kind: command, run: [sh, -c, "echo one >> starts; sleep 1; echo one >> ledger"]}
              - {kind: command, run: [sh, -c, "echo two >> starts; sleep 1; echo two >> ledger"]}
        """

    private struct Ending {
        var types: [String: Int] = [:]
        /// Requests to the model when the process had died, if the checks had begun by then.
        var requestsBefore: Int?
        var isKilled = false
        var starts: [String: Int] = [:]
        var errors = ""
    }

    @Test(arguments: [5, 7, 8, 9, 10, 11, 12])
    func `a crash during checks repeats only the check that had not ended`(_ line: Int) async throws {
        let script = "rules: [{reply: {text: finished}}]"
        let mock = MockModelServer(script: try ModelScript(Array(script.utf8), fileName: "s.yaml"))
        let requests = Requests()
        let server = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            if request.method == "POST" { requests.add() }
            return await mock.answer(request)
        }
        let port = server.addresses[0].port ?? 0
        let ending = try await Self.threads.run { Result { try Self.cycle(line, port, requests) } }.get()
        await server.stop(within: .zero)
        #expect(ending.types["run.completed"] == 1, "\(ending.errors)")
        #expect(ending.types["evidence.recorded"] == 2 && ending.types["verification.completed"] == 1)
        #expect(ending.types["verification.started"] == 1, "the output is taken in once")
        let repeated = ending.starts.values.reduce(0) { $0 + $1 - 1 }
        #expect(ending.starts.count == 2 && repeated <= (ending.isKilled ? 1 : 0), "\(ending.starts)")
        if let before = ending.requestsBefore { #expect(requests.value == before && before == 1) }
    }

    private static func cycle(_ line: Int, _ port: Int, _ requests: Requests) throws -> Ending {
        let folder = try CrashFolder(workflow)
        let variables = [
            "BATON_PROVIDERS": "{\"box\": {\"base_url\": \"http://127.0.0.1:\(port)\", \"models\": [\"m\"]}}"
        ]
        let id = folder.id.description
        var ending = Ending()
        let start = folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id], variables)
        var last = try start.run(.line(line))
        if last.isKilled {
            ending.isKilled = true
            _ = folder.awaitPrograms(.seconds(5))
            let events = try folder.baton(["run", "events", id, "-o", "jsonl"]).run().lines
            if events.contains(where: { $0.contains("verification.started") }) {
                ending.requestsBefore = requests.value
            }
            last = try folder.baton(["run", "resume", id, "-o", "jsonl"], variables).run()
        }
        (ending.errors, ending.starts) = (last.errors, folder.counts("starts"))
        for line in try folder.baton(["run", "events", id, "-o", "jsonl"]).run().lines {
            if let type = (try? JSONValue(parsing: line))?["type"]?.stringValue { ending.types[type, default: 0] += 1 }
        }
        return ending
    }
}

/// Counts from several tasks.
private final class Requests: Sendable {
    private let count = Mutex(0)

    func add() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}
