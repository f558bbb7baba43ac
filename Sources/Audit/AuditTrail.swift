// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model
public import Store

/// The audit trail of a store: who did what, chained so that no entry can be changed, removed or moved unnoticed.
///
/// Entries are written in the transaction of what they tell (`SecurityChange.audit`); ``append(_:)`` is for acts that
/// change nothing here, such as the start of a backup. Calls block.
public struct AuditTrail: Sendable {
    private let store: any SecurityStore
    private let pageSize: Int

    /// The trail of a store.
    public init(store: any SecurityStore) {
        self.init(store: store, pageSize: 500)
    }

    init(store: any SecurityStore, pageSize: Int) {
        (self.store, self.pageSize) = (store, pageSize)
    }

    /// Adds entries, all in one transaction.
    public func append(_ entries: [AuditDraft]) throws(StoreError) {
        var change = SecurityChange()
        change.audit = entries
        try store.apply(change)
    }

    /// Entries, the newest first.
    public func entries(tenant: String, _ filter: AuditFilter = AuditFilter()) throws(StoreError) -> [AuditEntryRow] {
        try store.auditEntries(tenant: tenant, filter)
    }

    func anchor(_ tenant: String) throws(StoreError) -> AuditEnd? { try store.auditAnchor(tenant: tenant)?.end }

    /// Tenants that have a trail, by name.
    public func tenants() throws(StoreError) -> [String] { try store.auditTenants() }

    /// Hands out all entries, the oldest first; `AuditEntryRow.json` is their form in an export.
    public func export<Failure: Error>(
        tenant: String,
        _ body: (AuditEntryRow) throws(Failure) -> Void
    ) throws(StoreError) -> Failure? {
        var last: Int64 = 0
        while true {
            let page = try store.auditEntries(tenant: tenant, after: last, limit: pageSize)
            guard let end = page.last?.number else { return nil }
            for entry in page {
                do throws(Failure) { try body(entry) } catch { return error }
            }
            last = end
        }
    }

    /// Removes entries that are older than a time, from the beginning; what stays still proves what was before it.
    ///
    /// The removal is an entry itself, which names the last one removed. At most `limit` entries go at a time.
    /// - Returns: How many went.
    public func trim(
        tenant: String,
        before time: Timestamp,
        at now: Timestamp,
        limit: Int = 10_000
    ) throws(StoreError) -> Int {
        var (last, count): (AuditEntryRow?, Int) = (nil, 0)
        search: while count < limit {
            let page = try store.auditEntries(
                tenant: tenant,
                after: last?.number ?? 0,
                limit: min(pageSize, limit - count)
            )
            for entry in page {
                guard entry.draft.at < time else { break search }
                (last, count) = (entry, count + 1)
            }
            if page.isEmpty { break }
        }
        guard let last else { return 0 }
        var change = SecurityChange()
        change.audit = [
            AuditDraft(
                tenant: tenant,
                at: now,
                actor: "system",
                action: AuditChain.trimmed,
                object: "audit",
                before: last.hash,
                details: ["through": .int(last.number), "count": .int(Int64(count))]
            )
        ]
        change.auditAnchors = [AuditAnchorRow(tenant: tenant, end: last.end, at: now)]
        try store.apply(change)
        return count
    }
}
