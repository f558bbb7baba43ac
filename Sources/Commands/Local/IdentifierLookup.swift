// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Finds what a person means by the beginning of an id, or by `last`.
struct IdentifierLookup {
    /// Beginnings are looked for among the newest runs only.
    static let searchLimit = 10_000

    let store: any RunStore

    /// The run with that id, the only recent one whose id begins so, or the newest for `last`.
    func run(_ text: String) throws(CommandFailure) -> RunRow {
        if let id = RunID(text) {
            if let row = try reading({ () throws(StoreError) in try store.run(id) }) { return row }
            if let left = try reading({ () throws(StoreError) in try store.tombstone(id) }) { throw Self.deleted(left) }
            throw Self.noRun(text)
        }
        if text == "last" {
            guard let row = try page(before: nil, limit: 1).first else { throw Self.noRun() }
            return row
        }
        return try Self.only(text, "run", among: try recentRuns()) { $0.id.description }
    }

    /// The request with that id, the only one whose id begins so, or the newest open one for `last`.
    func humanTask(_ text: String) throws(CommandFailure) -> HumanTaskRow {
        if let id = HumanTaskID(text) {
            guard let row = try reading({ () throws(StoreError) in try store.humanTask(id) }) else {
                throw .notFound("there is no request \(text)", hint: "`baton inbox list --all` shows all requests")
            }
            return row
        }
        let isLast = text == "last"
        var filter = HumanTaskFilter()
        (filter.statuses, filter.limit) = (isLast ? HumanTaskStatus.pending : [], 100_000)
        let rows = try reading { [filter] () throws(StoreError) in try store.humanTasks(filter) }
        if isLast {
            guard let row = rows.last else {
                throw Self.noOpenRequest
            }
            return row
        }
        return try Self.only(text, "request", among: rows) { $0.id.description }
    }

    private func recentRuns() throws(CommandFailure) -> [RunRow] {
        var rows: [RunRow] = []
        while rows.count < Self.searchLimit {
            let next = try page(before: rows.last?.key, limit: 1000)
            rows += next
            if next.count < 1000 { break }
        }
        return rows
    }

    private func page(before key: Int64?, limit: Int) throws(CommandFailure) -> [RunRow] {
        var filter = RunFilter()
        filter.before = key
        filter.limit = limit
        return try reading { () throws(StoreError) in try store.runs(filter) }
    }

    /// The only row whose id begins so, with or without the type before it.
    static func only<Row>(
        _ text: String,
        _ kind: String,
        among rows: [Row],
        _ id: (Row) -> String
    ) throws(CommandFailure) -> Row {
        let found = rows.filter { row in
            let id = id(row)
            return id.hasPrefix(text) || id.drop { $0 != "_" }.dropFirst().hasPrefix(text)
        }
        guard let first = found.first else {
            let hint =
                switch kind {
                case "run": "`baton run list` shows what there is; `last` means the newest"
                case "webhook", "hook", "key", "task": "`baton \(kind) list` shows what there is"
                default: "`baton inbox list --all` shows what there is; `last` means the newest"
                }
            throw .notFound("there is no \(kind) `\(text)`", hint: hint)
        }
        guard found.count == 1 else {
            let some = found.prefix(3).map(id).joined(separator: ", ")
            throw .usage(
                "`\(text)` is the beginning of \(found.count) ids: \(some)\(found.count > 3 ? ", …" : "")",
                hint: "give more of the id"
            )
        }
        return first
    }

    /// The failure for a run that is not there any more.
    private static func deleted(_ run: TombstoneRow) -> CommandFailure {
        let ended = "it was of `\(run.workflow)` and ended \(run.status.rawValue) after \(run.events) events"
        return .notFound(
            "the run `\(run.id)` was deleted on \(TimeText.date(run.deletedAt)); \(ended)",
            hint: "`baton retention status` shows how long runs are kept"
        )
    }

    static var noOpenRequest: CommandFailure {
        .notFound("no request is open", hint: "`baton inbox list --all` shows all requests")
    }

    /// The failure for a run that is not there.
    static func noRun(_ text: String? = nil) -> CommandFailure {
        .notFound(
            text.map { "there is no run `\($0)`" } ?? "there is no run yet",
            hint: "`baton run list` shows what there is"
        )
    }
}
