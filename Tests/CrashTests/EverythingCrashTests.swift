// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import HTTP
import JSON
import Model
import Store
import StoreSQLite
import Testing
import Threads

@testable import Tools

/// Scenario S5 with the real program: a request to another service, two effects that can be undone, a patch that a
/// person has to approve, an approval, and a node that fails, so that everything is undone.
@Suite(.offPool, .timeLimit(.minutes(20))) struct EverythingCrashTests {
    private static let threads = BlockingThreads(named: "crash-everything", count: 3)

    private static func workflow(_ port: Int) -> String {
        func effect(_ end: String = "") -> String { "\"echo $BATON_IDEMPOTENCY_KEY >> ledger\(end) # FOLDER\"" }
        return """
            workflow: everything
            on_failure: compensate
            patch_review: human
            inputs: {code: {type: integer, default: 3}}
            outputs: {order: "${ nodes.order.output.status }"}
            nodes:
              - id: order
                type: http
                reversible: false
                config: {method: POST, url: "http://127.0.0.1:\(port)/order?amount=5"}
              - id: reserve
                type: shell.exec
                depends_on: [order]
                config: {command: \(effect())}
                compensate: {tool: shell.exec, args: {command: \(effect())}}
              - id: charge
                type: shell.exec
                depends_on: [reserve]
                config: {command: \(effect())}
                compensate: {tool: shell.exec, args: {command: \(effect())}}
              - {id: ask, type: human, depends_on: [charge], config: {kind: approval, message: Go on?, deadline: 1h}}
              - {id: bad, type: shell.exec, depends_on: [ask], config: {command: \(effect("; exit ${ inputs.code }"))}}
            """
    }

    /// Puts a node between the approval and the node that fails.
    private static let patch = #"""
        [{"op": "add", "path": "/nodes/-", "value":
           {"id": "check", "type": "shell.exec", "depends_on": ["ask"],
            "config": {"command": "echo $BATON_IDEMPOTENCY_KEY >> ledger"}}},
         {"op": "replace", "path": "/nodes/@bad/depends_on", "value": ["check"]}]
        """#

    private static func next(_ look: ScenarioCycle.Look) -> ScenarioCycle.Step? {
        guard let state = look.state else { return .start }
        guard !state.status.isTerminal else { return nil }
        if look.open(.review) != nil { return .agree(.review) }
        if look.open(.patch) != nil { return .agree(.patch) }
        guard look.open(.approval) != nil else { return .resume }
        switch state.patches.all.first?.status {
        case nil: return .patch
        case .approved: return .resume
        default: return .agree(.approval)
        }
    }

    @Test func `S5 step 2: killed at each crash point in turn, every run is undone, and each effect happened once`()
        async throws
    {
        let server = EchoServer()
        let port = try server.start()
        defer { server.stop() }
        let points = CrashPoint.allCases.filter { !CrashPoint.upkeep.contains($0) }
        var kills: [CrashPoint: Int] = [:]
        try await withThrowingTaskGroup(of: (CrashPoint, Int, [String]).self) { group in
            for point in points {
                group.addTask {
                    let (kills, problems) = try await Self.threads.run {
                        Result { try Self.run(point, port) }
                    }.get()
                    return (point, kills, problems)
                }
            }
            for try await (point, count, problems) in group {
                kills[point] = count
                #expect(problems.isEmpty, "\(point.rawValue)")
            }
        }
        #expect(server.ledger.orderCount == points.count, "an order for each run")
        // No value of this workflow is large, and nothing in it waits for a time.
        let quiet: Set<CrashPoint> = [.blobBeforePut, .blobAfterPut, .timerBeforeFire]
        for point in points where !quiet.contains(point) { #expect(kills[point, default: 0] > 0, "\(point.rawValue)") }
    }

    /// The first processes of each kind die, each at a later passage of the point.
    private static func run(_ point: CrashPoint, _ port: Int) throws -> (Int, [String]) {
        // Every run has an order of its own.
        let number = 10 + (CrashPoint.allCases.firstIndex(of: point) ?? 0)
        let folder = try CrashFolder(workflow(port), run: RunID("run_01jd00000000000000000000\(number)"))
        try folder.write("patch.json", patch)
        let kill: (ScenarioCycle.Step, Int) -> Kill? = { _, count in count <= 3 ? .point(point, count) : nil }
        let variables = ["BATON_SANDBOX_NETWORK": "127.0.0.1:\(port)"]
        var cycle = ScenarioCycle(folder, variables, next: next, kill: kill)
        try cycle.drive()
        let problems = cycle.problems + (try check(folder, cycle))
        return (cycle.kills, problems.isEmpty ? [] : problems + cycle.history)
    }

    private static func check(_ folder: CrashFolder, _ cycle: ScenarioCycle) throws -> [String] {
        let (whole, events, found) = try CrashChecks(folder).wholeness(shown: cycle.shown)
        guard let state = found else { return whole }
        func count(_ type: String) -> Int { events.count { $0["type"]?.stringValue == type } }
        let undone = events.filter { $0["type"] == "compensation.completed" }.compactMap { $0["node"]?.stringValue }
        let ledger = folder.ledger
        let effects = ["reserve", "charge", "check", "bad", "compensate:charge", "compensate:reserve"]
        let facts: [(String, Bool)] = [
            ("compensated after it had failed", state.status == .compensated && state.outcome == .failed),
            ("undone in reverse order: \(undone)", undone == ["compensate:charge", "compensate:reserve"]),
            ("patched once", count("graph.patched") == 1 && count("patch.proposed") == 1),
            ("the run began and failed once", count("run.started") == 1 && count("run.failed") == 1),
            ("the ledger has these effects: \(ledger)", Set(ledger.keys) == Set(effects.map { "\(folder.id)/\($0)" })),
        ]
        let report = try folder.baton(["run", "rollback", folder.id.description, "--report", "-o", "json"]).run()
        let json = try? JSONValue(parsing: report.lines.joined(separator: "\n"))
        let items = json?["items"]?.arrayValue ?? []
        let isTold =
            items.map { $0["task"]?.stringValue } == ["charge", "reserve"]
            && items.allSatisfy { $0["status"] == "completed" && ($0["attempts"]?.intValue ?? 0) > 0 }
            && json?["left_in_place"] == ["order"]
        return whole + facts.filter { !$0.1 }.map { "not so: \($0.0)" } + (isTold ? [] : ["report: \(report.lines)"])
            + attemptProblems(folder, state, events)
    }

    /// Each effect happened at most once for each attempt that the log knows, and each attempt has a reason.
    private static func attemptProblems(_ folder: CrashFolder, _ state: RunState, _ events: [JSONValue]) -> [String] {
        folder.ledger.compactMap { key, lines in
            let node = String(key.split(separator: "/").last ?? "")
            let attempts = events.count { $0["node"]?.stringValue == node && $0["type"] == "task.started" }
            return lines <= attempts ? nil : "\(key) had its effect \(lines) times in \(attempts) attempts"
        }
    }

    @Test
    func `S5 step 4: a fork from before the failure completes with edited inputs or configuration, or when patched`()
        async throws
    {
        let server = EchoServer()
        let port = try server.start()
        defer { server.stop() }
        let problems = try await Self.threads.run { Result { try Self.fork(port) } }.get()
        #expect(problems.isEmpty)
        #expect(server.ledger.orderCount == 1, "what came before is not done again")
    }

    private static func fork(_ port: Int) throws -> [String] {
        let folder = try CrashFolder(workflow(port))
        try folder.write("patch.json", patch)
        let variables = ["BATON_SANDBOX_NETWORK": "127.0.0.1:\(port)"]
        var cycle = ScenarioCycle(folder, variables, next: next) { _, _ in nil }
        try cycle.drive()
        let id = folder.id.description
        let lines = try folder.baton(["run", "events", id, "-o", "jsonl"]).run().lines
        let events = lines.compactMap { try? JSONValue(parsing: $0) }
        func number(_ type: String, _ node: String) -> Int64 {
            let event = events.first { $0["type"]?.stringValue == type && $0["node"]?.stringValue == node }
            return event?["run_seq"]?.intValue ?? 0
        }
        let failed = number("task.failed", "bad")
        // The event before the failure: the node that failed is begun anew, with what the input or its configuration says
        // now.
        var problems: [String] = []
        for edit in [["--input", "code=0"], ["--config", "bad.command=echo $BATON_IDEMPOTENCY_KEY >> ledger"]] {
            let other = ["run", "fork", id, "--at", "\(failed - 1)", "-o", "json"] + edit
            let fork = try folder.baton(other, variables).run()
            if fork.exit != 0 { problems.append("with \(edit) it did not complete: \(fork.lines) \(fork.errors)") }
        }

        // The event before the approval: the node has not begun, so its configuration may be another one.
        let asked = number("human_task.resolved", "ask")
        let new = "run_01jd0000000000000000000001"
        let second = try folder.baton(["run", "fork", id, "--at", "\(asked - 1)", "--id", new], variables).run()
        try folder.write(
            "config.json",
            #"[{"op": "replace", "path": "/nodes/@bad/config", "value": {"command": "echo $BATON_IDEMPOTENCY_KEY >> ledger"}}]"#
        )
        let patched = try folder.baton(["run", "patch", new, "--file", "config.json"], variables).run()
        problems += second.exit == 8 && patched.exit == 8 ? [] : ["\(second.errors) \(patched.errors)"]
        for kind in ["decision", "approval"] {
            let request = try request(kind, of: new, folder)
            let answered = try folder.baton(["inbox", "approve", request], variables).run()
            if answered.exit != (kind == "approval" ? 0 : 8) { problems.append("\(kind): \(answered.errors)") }
        }
        let shown = try folder.baton(["run", "get", new, "-o", "json"]).run().lines.joined(separator: "\n")
        if (try? JSONValue(parsing: shown))?["status"] != "completed" { problems.append(shown) }
        return problems
    }

    private static func request(_ kind: String, of run: String, _ folder: CrashFolder) throws -> String {
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        let rows = try store.humanTasks(HumanTaskFilter())
        let found = rows.first { $0.kind == kind && $0.run.description == run && $0.status.isPending }
        return found?.id.description ?? "none"
    }
}
