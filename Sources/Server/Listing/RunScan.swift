// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Engine
internal import HTTPServer
public import JSON
internal import Model
public import Store

/// A page of runs that a filter and labels let through.
///
/// Rows are read until the page is full, or until ``rowLimit`` were looked at: then the page is short and its cursor
/// goes on behind the last row that was looked at.
struct RunScan: Sendable {
    /// Rows of one request.
    private static let rowLimit = 10_000
    /// Runs of one request whose log is read.
    private static let stateLimit = 500

    /// What `filter` may name.
    static let fields = ListFilter.Fields(
        types: [
            "id": .string, "workflow": .string, "status": .string, "reason": .string, "outcome": .string,
            "tasks": .int, "tasks_ended": .int, "created_at": .timestamp, "started_at": .timestamp,
            "ended_at": .timestamp, "error": .string, "definition": .string, "project": .string, "owner": .string,
            "labels": .map(key: .string, value: .string), "priority": .int, "usd": .double,
        ],
        costly: ["labels", "priority", "usd"]
    )

    /// What the store narrows down by itself.
    var rows: RunFilter
    var filter: ListFilter?
    var labels: [(name: String, value: String)] = []

    /// Reads what the query of a list says.
    init(_ call: APICall, workflow: String?, visibility: Visibility, now: Timestamp) throws(Problem) {
        rows = RunFilter()
        rows.before = try call.cursor { Int64($0) }
        rows.workflow = workflow
        rows.visibility = visibility
        rows.statuses = call.request.target.query.compactMap { item in
            item.name == "status" ? RunStatus(rawValue: item.value) : nil
        }
        for item in call.request.target.query where item.name == "label" {
            let parts = item.value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            labels.append((String(parts[0]), parts.count == 2 ? String(parts[1]) : ""))
        }
        filter = try call.filter(over: Self.fields, now: now)
    }

    /// For a list that is read to its end.
    init(_ rows: RunFilter, labels: [(name: String, value: String)], filter: String?, now: Timestamp) throws(Problem) {
        (self.rows, self.labels) = (rows, labels)
        self.filter = try filter.map { text throws(Problem) in try ListFilter(text, over: Self.fields, now: now) }
    }

    /// Blocks.
    ///
    /// - Returns: The rows, and where the next page begins.
    func page(_ limit: Int, _ reader: RunReader, _ store: any RunStore) throws(Problem) -> ([JSONValue], next: String?)
    {
        guard var rows = narrowed() else { return ([], nil) }
        let isPlain = filter == nil && labels.isEmpty
        let readsStates = filter?.isCostly == true || !labels.isEmpty
        var (found, seen): ([JSONValue], Int) = ([], 0)
        let most = readsStates ? Self.stateLimit : Self.rowLimit
        while true {
            rows.limit = isPlain ? limit : min(most - seen, max(limit, readsStates ? 50 : 500))
            let page = try stored { () throws(StoreError) in try store.runs(rows) }
            for row in page {
                seen += 1
                rows.before = row.key
                let isFound = isPlain ? true : try isWanted(row, reader, readsStates)
                if isFound { found.append(row.json) }
                if found.count == limit { return (found, String(row.key)) }
            }
            guard page.count == rows.limit else { return (found, nil) }
            guard seen < most else { return (found, rows.before.map { String($0) }) }
        }
    }

    private func isWanted(_ row: RunRow, _ reader: RunReader, _ readsState: Bool) throws(Problem) -> Bool {
        var item = row.json.objectValue ?? [:]
        item["owner"] = row.ownership.owner.map(JSONValue.string)
        if readsState {
            do throws(EngineError) {
                let state = try reader.state(ofRun: row.key)
                guard labels.allSatisfy({ state.labels[$0.name] == $0.value }) else { return false }
                state.addCostlyFields(to: &item)
            } catch {
                throw Problem(error)
            }
        }
        return try filter?.holds(for: item) ?? true
    }

    /// With what the filter says anyway; `nil` when nothing can fit.
    private func narrowed() -> RunFilter? {
        var rows = rows
        guard let filter else { return rows }
        if let statuses = filter.texts(of: "status") {
            let possible = statuses.compactMap { RunStatus(rawValue: $0) }
            rows.statuses = rows.statuses.isEmpty ? possible : rows.statuses.filter(possible.contains)
            if rows.statuses.isEmpty { return nil }
        }
        if let names = filter.texts(of: "workflow") {
            let possible = names.filter { rows.workflow == nil || rows.workflow == $0 }
            if possible.isEmpty { return nil }
            if possible.count == 1 { rows.workflow = possible[0] }
        }
        if let projects = filter.texts(of: "project"), projects.count == 1 { rows.project = projects[0] }
        rows.createdAfter = filter.lowerBound(of: "created_at")
        return rows
    }
}

extension RunState {
    fileprivate func addCostlyFields(to item: inout JSONObject) {
        item["labels"] = .object(
            JSONObject(
                members: labels.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .string($0.value)) }
            )
        )
        item["priority"] = priority.map { .int(Int64($0)) }
        item["usd"] = .double(Double(spent.picodollars) / 1e12)
    }
}

/// Reads the store where a request is answered.
func stored<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw Problem(error)
    }
}

/// Runs as `GET /v1/runs` lists them, for a process that has the store.
public struct FilteredRuns: Sendable {
    private let scan: RunScan

    /// - Parameters:
    ///   - rows: What the store narrows down; its limit counts for the whole list.
    ///   - filter: CEL over the fields of runs.
    /// - Throws: `validation.failed` with the place, when that is no condition.
    public init(
        _ rows: RunFilter,
        labels: [(name: String, value: String)] = [],
        filter: String? = nil
    ) throws(Problem) {
        scan = try RunScan(rows, labels: labels, filter: filter, now: SystemClock().wall())
    }

    /// The newest first. Blocks.
    public func read(_ reader: RunReader, _ store: any RunStore) throws(Problem) -> [JSONValue] {
        var (scan, found) = (scan, [JSONValue]())
        while true {
            let (items, next) = try scan.page(scan.rows.limit - found.count, reader, store)
            found += items
            guard found.count < scan.rows.limit, let next else { return found }
            scan.rows.before = Int64(next)
        }
    }
}
