// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Which runs a bulk operation is for, instead of a list of ids.
public struct RunSelection: Sendable, Equatable {
    /// Only these; empty for all.
    public var statuses: [RunStatus] = []
    /// Only runs of that workflow.
    public var workflow: String?
    /// Only those that somebody sees; `nil` for those of all tenants.
    public var visibility: Visibility?
    /// Only runs that have all of these labels.
    public var labels: [String: String] = [:]
    /// At most that many, the newest [1–100].
    public var limit = BulkReport.limit

    /// Every run, the newest first.
    public init() {}
}

extension RunReader {
    /// The runs of a selection, the newest first. Reads the log of every run that fits otherwise when there are labels.
    ///
    /// - Throws: `unavailable`, `corrupted`.
    public func select(_ selection: RunSelection) throws(EngineError) -> [RunRow] {
        var filter = RunFilter()
        (filter.statuses, filter.workflow, filter.limit) = (selection.statuses, selection.workflow, 1000)
        filter.visibility = selection.visibility
        var found: [RunRow] = []
        while true {
            let page = try runs(filter)
            for row in page {
                if try has(selection.labels, row) { found.append(row) }
                if found.count == selection.limit { return found }
            }
            guard page.count == filter.limit, let last = page.last else { return found }
            filter.before = last.key
        }
    }

    private func runs(_ filter: RunFilter) throws(EngineError) -> [RunRow] {
        do throws(StoreError) {
            return try store.runs(filter)
        } catch {
            throw EngineError(store: error)
        }
    }

    private func has(_ labels: [String: String], _ row: RunRow) throws(EngineError) -> Bool {
        guard !labels.isEmpty else { return true }
        let own = try state(ofRun: row.key).labels
        return labels.allSatisfy { own[$0.key] == $0.value }
    }
}
