// Baton
// SPDX-License-Identifier: Apache-2.0

import Audit
import Engine
import Identity
import JSON
import Model
import Retention
import Server
import Store
import StoreSQLite
import Synchronization
import Telemetry
import Threads

/// What a server does by itself from time to time: every minute uses of keys, every hour retention, logins and the audit
/// trail (spec 12.2).
final class ServerUpkeep: Sendable {
    private static let minute = Duration.seconds(60)
    /// Entries of the audit trail stay that long.
    private static let auditAge = Duration.seconds(365 * 24 * 3600)
    /// Messages of webhooks that were given up stay that long.
    private static let deadLetterAge = Duration.seconds(30 * 24 * 3600)
    /// In minutes: the first time soon, so that a server that is started often does it too.
    private static let (first, between, betweenContents) = (5, 60, 24 * 60)

    private let store: SQLiteRunStore
    private let blobs: SQLiteBlobStore
    private let identity: IdentityServices
    private let policy: RetentionPolicy
    private let workspaces: Workspaces
    private let log: Log
    private let thread = SerialThread(named: "baton-upkeep")
    private let isStopping = Atomic<Bool>(false)

    init(_ local: LocalEngine, _ identity: IdentityServices, _ policy: RetentionPolicy, _ log: Log) {
        (store, blobs, workspaces) = (local.store, local.blobs, local.workspaces)
        (self.identity, self.policy, self.log) = (identity, policy, log)
    }

    /// Works until it is cancelled.
    func run() async {
        var minute = 0
        while (try? await Task.sleep(for: Self.minute)) != nil {
            minute += 1
            let isHour = minute % Self.between == Self.first
            let withContents = minute % Self.betweenContents == Self.first
            await thread.run { [self] in
                flushKeyUses()
                if isHour { sweep(withContents: withContents) }
            }
        }
    }

    /// Ends what is being swept after its step, and writes down what must not be lost.
    func stop() async {
        isStopping.store(true, ordering: .relaxed)
        await thread.run { [self] in flushKeyUses() }
    }

    private func flushKeyUses() {
        do throws(IdentityError) {
            try identity.flushKeyUses()
        } catch {
            log.record(.warn, "uses of keys cannot be written: \(error.message)")
        }
    }

    /// One sweep.
    func sweep(withContents: Bool) {
        do throws(StoreError) {
            let report = try retention().run(at: SystemClock().wall(), sweepsBlobs: withContents)
            log.record(.info, "retention", ["done": .object(RetentionText.json(report))])
            try trimAudit()
        } catch {
            log.record(.error, "retention failed: \(error.message)")
        }
        do throws(StoreError) {
            var change = SecurityChange()
            change.webhooks.forgetsDeadBefore = SystemClock().wall() + (.zero - Self.deadLetterAge)
            try store.apply(change)
        } catch {
            log.record(.error, "old dead letters cannot be removed: \(error.message)")
        }
        do throws(IdentityError) {
            try identity.sweep()
        } catch {
            log.record(.error, "old logins cannot be removed: \(error.message)")
        }
        store.maintain()
    }

    private func retention() -> RetentionSweep {
        let (store, log, workspaces) = (store, log, workspaces)
        return RetentionSweep(
            runs: store,
            catalog: store,
            blobs: blobs,
            notes: store,
            sessions: store,
            policy: policy,
            stepSize: 100,
            write: { (commit) throws(StoreError) in _ = try store.commit(commit) },
            onDelete: { run in
                for line in workspaces.remove(run.id) { log.record(.warn, line) }
            },
            isStopping: { [self] in isStopping.load(ordering: .relaxed) }
        )
    }

    private func trimAudit() throws(StoreError) {
        let (trail, now) = (AuditTrail(store: store), SystemClock().wall())
        for tenant in try tenants() {
            while case let count = try trail.trim(
                tenant: tenant,
                before: now + (.zero - Self.auditAge),
                at: now,
                limit: 500
            ),
                count > 0, !isStopping.load(ordering: .relaxed)
            {
                log.record(.info, "audit trail trimmed", ["tenant": .string(tenant), "entries": .int(Int64(count))])
            }
        }
    }

    private func tenants() throws(StoreError) -> Set<String> {
        var tenants: Set = [Principal.defaultTenant]
        var last: UserID?
        while case let page = try store.users(tenant: nil, after: last, limit: 500), let user = page.last {
            tenants.formUnion(page.map(\.tenant))
            last = user.id
        }
        return tenants
    }
}
