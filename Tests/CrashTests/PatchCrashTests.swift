// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store
import StoreSQLite
import Testing
import Threads

@testable import Tools

/// Death around a patch, and between its approval and the graph that comes of it.
@Suite(.offPool, .timeLimit(.minutes(10))) struct PatchCrashTests {
    private static let threads = BlockingThreads(named: "crash-patches", count: 2)
    private static let workflow = """
        workflow: patched
        nodes:
          - {id: a, type: transform, config: {expr: 1}}
          - {id: ask, type: human, config: {message: go on}, depends_on: [a]} # FOLDER
        """
    private static let patch = #"""
        [{"op": "add", "path": "/nodes/-", "value":
          {"id": "x", "type": "transform", "config": {"expr": "nodes.ask.output.approved"}, "depends_on": ["ask"]}}]
        """#

    @Test(arguments: [CrashPoint.beforeCommit, .insideCommit, .afterCommit, .beforeAnswer])
    func `a patch is there once, whenever the process dies`(_ point: CrashPoint) async throws {
        let problems = try await Self.threads.run { Result { try Self.die(point, asks: false) } }.get()
        #expect(problems.isEmpty)
    }

    @Test(arguments: [CrashPoint.beforeCommit, .afterCommit])
    func `an approved patch applies once, whenever the process dies`(_ point: CrashPoint) async throws {
        let problems = try await Self.threads.run { Result { try Self.die(point, asks: true) } }.get()
        #expect(problems.isEmpty)
    }

    private static func die(_ point: CrashPoint, asks: Bool) throws -> [String] {
        let folder = try CrashFolder(workflow)
        try folder.write("patch.json", patch)
        let id = folder.id.description
        let started = try folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id]).run()
        let words = ["run", "patch", id, "--file", "patch.json", "--key", "k"] + (asks ? ["--ask"] : [])
        var problems = started.exit == 8 ? [] : ["the run did not wait: \(started.errors)"]
        if !asks {
            let killed = try folder.baton(words).run(.point(point, 1))
            if !killed.isKilled { problems.append("the process did not die") }
        }
        let again = try folder.baton(words).run()
        if again.exit != (asks ? 8 : 0) { problems.append("the patch was not answered: \(again.errors)") }
        if asks { problems += try approve(folder, point) }
        let answered = try folder.baton(["inbox", "approve", try request(folder, "approval")]).run()
        if answered.exit != 0 { problems.append("the run did not end: \(answered.errors)") }
        let events = try folder.baton(["run", "events", id, "-o", "jsonl"]).run().lines
        let types = events.compactMap { (try? JSONValue(parsing: $0))?["type"]?.stringValue }
        let count = types.count { $0 == "graph.patched" }
        if count != 1 || types.last != "run.completed" { problems.append("\(count) patches: \(types)") }
        return problems
    }

    /// The approval dies at every commit in turn, until it is through.
    private static func approve(_ folder: CrashFolder, _ point: CrashPoint) throws -> [String] {
        let review = try request(folder, "decision")
        for hit in 1...3 {
            _ = try folder.baton(["inbox", "approve", review]).run(.point(point, hit))
        }
        let resumed = try folder.baton(["run", "resume", folder.id.description]).run()
        let answered = try folder.baton(["inbox", "approve", review]).run()
        return resumed.exit == 8 && [0, 8].contains(answered.exit)
            ? [] : ["resumed \(String(describing: resumed.exit)), answered \(answered.errors)"]
    }

    private static func request(_ folder: CrashFolder, _ kind: String) throws -> String {
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        return try store.humanTasks(HumanTaskFilter()).first { $0.kind == kind }?.id.description ?? ""
    }
}
