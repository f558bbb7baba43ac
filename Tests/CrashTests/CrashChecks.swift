// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import Glibc
import JSON
import Model
import Store
import StoreSQLite

/// What must hold once a run has ended, however many processes died on the way.
struct CrashChecks {
    private let folder: CrashFolder
    private let outputs: JSONValue
    private let effects: Set<String>
    private let decisions: Int

    init(
        _ folder: CrashFolder,
        outputs: JSONValue = CrashWorkflow.outputs,
        effects: Set<String> = CrashWorkflow.effects,
        decisions: Int = 1
    ) {
        self.folder = folder
        self.outputs = outputs
        self.effects = effects
        self.decisions = decisions
    }

    /// Everything that is wrong.
    ///
    /// - Parameter shown: Events, as lines of JSON, that processes wrote before they ended.
    func problems(shown: [String]) throws -> [String] {
        let (problems, events, state) = try wholeness(shown: shown)
        guard let state else { return problems }
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        return problems + (try requestProblems(store)) + outcomeProblems(events, state) + effectProblems(events, state)
    }

    /// What must hold whatever the workflow is: the log is whole, the rows are what it says, nothing is left over.
    func wholeness(shown: [String]) throws -> (problems: [String], events: [JSONValue], state: RunState?) {
        // First: what an orphan still does must count as well.
        let left = folder.awaitPrograms(.seconds(10))
        let listed = try folder.baton(["run", "events", folder.id.description, "-o", "jsonl"]).run()
        let store = try SQLiteRunStore.openForReading(folder.data)
        let blobs = try SQLiteBlobStore.openForReading(folder.data)
        defer {
            store.close()
            blobs.close()
        }
        try store.verify()
        let rows = try store.runs(RunFilter())
        guard let row = rows.first, rows.count == 1, row.id == folder.id else {
            return (["\(rows.count) runs"], [], nil)
        }
        let state = try Engine.RunReader(store: store, blobs: blobs).state(ofRun: row.key)
        let events = listed.lines.compactMap { try? JSONValue(parsing: $0) }
        let problems =
            (left.isEmpty ? [] : ["processes \(left) are left over"]) + logProblems(events, listed.lines, shown)
            + rowProblems(row, state) + (try openRows(store))
        return (problems, events, state)
    }

    /// The log has no gap, and every event that was shown is in it, unchanged.
    private func logProblems(_ events: [JSONValue], _ lines: [String], _ shown: [String]) -> [String] {
        var problems: [String] = []
        let numbers = (1...Int64(max(1, lines.count))).map { $0 }
        if events.map({ $0["run_seq"]?.intValue }) != numbers { problems.append("numbers of the run's events") }
        if events.map({ $0["seq"]?.intValue }) != numbers { problems.append("numbers of all events") }
        let known = Set(lines)
        for line in shown where !known.contains(line) { problems.append("shown, but lost: \(line.prefix(300))") }
        return problems
    }

    /// The row is what the log says.
    private func rowProblems(_ row: RunRow, _ state: RunState) -> [String] {
        let pairs: [(String, Bool)] = [
            ("status", row.status == state.status && row.reason == state.waitReason),
            ("ended tasks", row.endedTasks == state.endedTasks && row.allTasks == state.root.tasks.count),
            ("last event", row.lastSequence == state.lastSequence),
            ("times", row.createdAt == state.createdAt && row.endedAt == state.endedAt),
        ]
        return pairs.filter { !$0.1 }.map { "the row does not fit the log: \($0.0)" }
    }

    /// Nothing is open any more.
    private func openRows(_ store: SQLiteRunStore) throws -> [String] {
        var problems: [String] = []
        let (tasks, timers) = (try store.openTasks(ofRun: nil), try store.timers(ofRun: nil))
        if !tasks.isEmpty { problems.append("rows of tasks are left: \(tasks)") }
        if !timers.isEmpty { problems.append("rows of timers are left: \(timers)") }
        return problems
    }

    /// Everybody was asked and heard.
    private func requestProblems(_ store: SQLiteRunStore) throws -> [String] {
        var problems: [String] = []
        let requests = try store.humanTasks(HumanTaskFilter())
        let (reviews, others) = (
            requests.filter { $0.kind == "escalation" }, requests.filter { $0.kind != "escalation" }
        )
        if others.map(\.status) != Array(repeating: .approved, count: decisions) {
            problems.append("requests to people: \(others)")
        }
        if reviews.contains(where: { $0.status != .answered || $0.choice != "retry" }) {
            problems.append("reviews: \(reviews)")
        }
        return problems
    }

    /// The run completed, every task ended once, and the person was heard once.
    private func outcomeProblems(_ events: [JSONValue], _ state: RunState) -> [String] {
        var problems: [String] = []
        if state.status != .completed { problems.append("status \(state.status): \(String(describing: state.error))") }
        if state.outputs?.value != outputs {
            problems.append("outputs \(state.outputs?.value.text ?? "none")")
        }
        // A task that was lost too often is reviewed; what counts here is what the workflow asks.
        let kinds = events.filter { $0["data"]?["kind"] != "escalation" && $0["data"]?["choice"] != "retry" }
            .map { $0["type"]?.stringValue ?? "" }
        for (kind, count) in [
            ("run.queued", 1), ("run.completed", 1), ("human_task.opened", decisions),
            ("human_task.resolved", decisions),
        ] where kinds.count(where: { $0 == kind }) != count {
            problems.append("\(kind) is not there \(count) times")
        }
        let endings: Set = ["task.completed", "task.skipped", "task.failed", "task.cancelled"]
        for node in state.graph.nodes {
            let ended = events.count {
                $0["node"]?.stringValue == node.id && endings.contains($0["type"]?.stringValue ?? "")
            }
            if ended != 1 { problems.append("\(node.id) ended \(ended) times") }
        }
        return problems
    }

    /// Each effect happened, at most once for each attempt that is in the log, and there is no attempt without a
    /// reason.
    private func effectProblems(_ events: [JSONValue], _ state: RunState) -> [String] {
        var problems: [String] = []
        let ledger = folder.ledger
        for (node, task) in zip(state.graph.nodes, state.root.tasks) {
            let lines = ledger["\(folder.id)/\(node.id)"] ?? 0
            let retries = events.count {
                $0["node"]?.stringValue == node.id && $0["type"]?.stringValue == "task.retrying"
            }
            if effects.contains(node.id) {
                if !(1...max(1, task.attempts)).contains(lines) {
                    problems.append("\(node.id) had its effect \(lines) times in \(task.attempts) attempts")
                }
                if task.attempts != 1 + task.lostAttempts + retries {
                    problems.append(
                        "\(node.id): \(task.attempts) attempts, \(task.lostAttempts) lost, \(retries) retries"
                    )
                }
            } else if lines > 0 {
                problems.append("\(node.id) had an effect")
            }
        }
        if ledger.count != effects.count { problems.append("keys in the ledger: \(ledger.keys.sorted())") }
        return problems
    }
}
