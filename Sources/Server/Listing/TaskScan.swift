// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// A page of the tasks of all runs that somebody sees, those of the newest runs first, and within a run in its order.
///
/// The tasks of a run are read from its log, so that a request looks at no more than ``runLimit`` runs: then the page is
/// short and its cursor goes on behind.
struct TaskScan: Sendable {
    /// Runs of one request.
    private static let runLimit = 200
    /// `KEY.TASK`: the run and the last task of it that was looked at.
    static let cursor = "^[1-9][0-9]{0,17}\\.[0-9]{1,18}$"

    /// What `filter` may name.
    static let fields = ListFilter.Fields(
        types: [
            "id": .string, "run": .string, "workflow": .string, "project": .string, "node": .string, "kind": .string,
            "status": .string, "attempts": .int, "worker": .string, "external": .bool, "waiting": .string,
            "started_at": .timestamp, "ended_at": .timestamp, "until": .timestamp, "error": .dyn, "output": .dyn,
            "skip_reason": .string, "reused": .bool, "lost_attempts": .int,
        ]
    )

    private struct Position {
        let run: Int64
        let task: Int

        init?(_ text: String) {
            let parts = text.split(separator: ".").compactMap { Int64($0) }
            guard parts.count == 2 else { return nil }
            (run, task) = (parts[0], Int(parts[1]))
        }
    }

    private var rows = RunFilter()
    private var run: RunID?
    private var begin: Position?
    private var statuses: [TaskStatus]
    private var nodes: [String]
    private var kinds: [String]
    private var reasons: [String]
    private var filter: ListFilter?
    private let now: Timestamp

    init(_ call: APICall, visibility: Visibility, now: Timestamp) throws(Problem) {
        func values(_ name: String) -> [String] {
            call.request.target.query.filter { $0.name == name }.map(\.value)
        }
        self.now = now
        filter = try call.filter(over: Self.fields, now: now)
        begin = try call.cursor { Position($0) }
        run = call.query("run").flatMap { RunID($0) } ?? filter?.texts(of: "run")?.first.flatMap { RunID($0) }
        statuses = values("status").compactMap { TaskStatus(rawValue: $0) }
        (nodes, kinds, reasons) = (values("node"), values("kind"), values("waiting"))
        if statuses.isEmpty, let named = filter?.texts(of: "status") {
            statuses = named.compactMap { TaskStatus(rawValue: $0) }
        }
        rows.visibility = visibility
        rows.workflow = call.query("workflow")
        if let names = filter?.texts(of: "workflow"), names.count == 1, rows.workflow == nil {
            rows.workflow = names[0]
        }
        if let projects = filter?.texts(of: "project"), projects.count == 1 { rows.project = projects[0] }
        // What has ended has no open tasks.
        if !reasons.isEmpty || !statuses.isEmpty && statuses.allSatisfy({ !$0.isTerminal }) {
            rows.statuses = RunStatus.allCases.filter { !$0.isTerminal }
        }
    }

    /// Blocks.
    func page(_ limit: Int, _ reader: RunReader, _ store: any RunStore) throws(Problem) -> ([JSONValue], next: String?)
    {
        let pauses = PauseTable(try stored { () throws(StoreError) in try store.pauses() })
        var (rows, found) = (self.rows, [JSONValue]())
        rows.before = begin.map { $0.run + 1 }
        for _ in 0..<Self.runLimit / Self.batch {
            rows.limit = Self.batch
            let page = try self.runs(rows, store)
            for row in page {
                rows.before = row.key
                let after = begin.flatMap { $0.run == row.key ? $0.task : nil } ?? -1
                if let end = try take(row, after, limit, pauses, reader, &found) { return (found, "\(row.key).\(end)") }
            }
            guard page.count == Self.batch else { return (found, nil) }
        }
        // Behind all tasks of the last run.
        return (found, rows.before.map { "\($0).\(Int64(999_999_999_999_999_999))" })
    }

    private static let batch = 20

    private func runs(_ rows: RunFilter, _ store: any RunStore) throws(Problem) -> [RunRow] {
        guard let run else { return try stored { () throws(StoreError) in try store.runs(rows) } }
        let row = try stored { () throws(StoreError) in try store.run(run) }
        guard let row, rows.visibility?.shows(row.ownership) ?? true, rows.before.map({ row.key < $0 }) ?? true else {
            return []
        }
        return [row]
    }

    /// Adds the tasks of a run; gives the last one that was looked at when the page is full.
    private func take(
        _ row: RunRow,
        _ after: Int,
        _ limit: Int,
        _ pauses: PauseTable,
        _ reader: RunReader,
        _ found: inout [JSONValue]
    ) throws(Problem) -> Int? {
        let state: RunState
        do throws(EngineError) {
            state = try reader.state(ofRun: row.key)
        } catch {
            throw Problem(error)
        }
        for task in state.allTasks where task.number > after {
            if let item = try item(task, state, row, pauses) { found.append(.object(item)) }
            if found.count == limit { return task.number }
        }
        return nil
    }

    private func item(
        _ task: TaskRef,
        _ state: RunState,
        _ row: RunRow,
        _ pauses: PauseTable
    ) throws(Problem) -> JSONObject? {
        guard statuses.isEmpty || statuses.contains(state[task].status) else { return nil }
        let node = state.node(task)
        guard nodes.isEmpty || nodes.contains(node.id), kinds.isEmpty || kinds.contains(node.kind.name) else {
            return nil
        }
        let cause = state.waitCause(of: task, pauses)
        guard reasons.isEmpty || cause.map({ reasons.contains($0.kind) }) ?? false else { return nil }
        let json = state.listed(task, row, cause, now)
        guard let filter else { return json }
        var fields = json
        fields["waiting"] = cause.map { .string($0.kind) }
        return try filter.holds(for: fields) ? json : nil
    }
}

extension RunState {
    /// A task with what it belongs to and what it waits for.
    fileprivate func listed(_ task: TaskRef, _ row: RunRow, _ cause: WaitCause?, _ now: Timestamp) -> JSONObject {
        var result = json(of: task)
        result["run"] = .string(row.id.description)
        result["workflow"] = .string(row.workflow)
        result["project"] = row.ownership.project.map(JSONValue.string)
        if let cause {
            result["waiting_for"] = ["kind": .string(cause.kind), "explanation": .string(cause.sentence(now: now))]
        }
        return result
    }
}
