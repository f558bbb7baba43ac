// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import TestSupport
import Testing

@testable import StoreSQLite

@Suite struct UpgradeTests {
    /// Brings both databases to their first formats.
    private func downgrade(_ path: String) throws {
        try Downgrade.file(path + "/baton.db", RunSchema.schema, to: 1)
        try Downgrade.file(path + "/blobs.db", BlobSchema.schema, to: 1)
    }

    private static func request(_ number: UInt64, _ status: HumanTaskStatus) -> HumanTaskRow {
        HumanTaskRow(
            id: HumanTaskID(high: 3, low: number),
            key: TaskKey(runKey: 1, task: 0),
            run: RunID(high: 1, low: 1),
            node: "ask",
            kind: "approval",
            status: status,
            title: "Go?",
            message: "",
            assignees: ["owner"],
            openedAt: Timestamp(milliseconds: 1),
            expiresAt: nil
        )
    }

    private static let open = request(1, .open)
    private static var decided: HumanTaskRow {
        var row = request(2, .rejected)
        (row.decidedBy, row.decidedAt, row.comment) = ("user:a", Timestamp(milliseconds: 2), "no")
        return row
    }

    @Test func `a folder without schedules reads as an empty one and gets them with the upgrade`() throws {
        let temporary = TemporaryFolder()
        try withFolder(temporary.path) { runs, _ in _ = try runs.commit(.step(0)) }
        try Downgrade.file(temporary.path + "/baton.db", RunSchema.schema, to: 4)
        let id = ScheduleID(high: 1, low: 1)
        let reader = try SQLiteRunStore.openForReading(temporary.path)
        #expect(try reader.schedules().isEmpty && reader.schedule(id) == nil && reader.schedule(named: "a") == nil)
        try withFolder(temporary.path) { runs, _ in
            let time = Timestamp(milliseconds: 1_700_000_000_250)
            let definition = #"{"workflow":"w@main","timing":"@daily","zone":"UTC","overlap":"skip"}"#
            var commit = Commit()
            commit.schedules = [
                .init(
                    id: id,
                    name: "a",
                    definition: Array(definition.utf8),
                    state: Array(#"{"paused":true}"#.utf8),
                    nextFireAt: time,
                    createdAt: time
                )
            ]
            _ = try runs.commit(commit)
            #expect(try reader.schedules() == commit.schedules)
        }
        reader.close()
        let people = try Connection.open(temporary.path + "/baton.db", .read)
        let matching = """
            SELECT count(*) FROM baton_schedules WHERE name = 'a' AND workflow = 'w@main' AND timing = '@daily'
                AND zone = 'UTC' AND overlap = 'skip' AND paused = 1 AND next_fire_at = '2023-11-14T22:13:20.250Z'
            """
        #expect(try people.integer(matching) == 1)
        #expect(access(temporary.path + "/baton.db.format-4", F_OK) == 0)
    }

    @Test func `a folder without accounts reads as one without any and gets them with the upgrade`() throws {
        let temporary = TemporaryFolder()
        try withFolder(temporary.path) { runs, _ in _ = try runs.commit(.step(0)) }
        try Downgrade.file(temporary.path + "/baton.db", RunSchema.schema, to: 11)
        let reader = try SQLiteRunStore.openForReading(temporary.path)
        #expect(try reader.users(tenant: nil, after: nil, limit: 9).isEmpty && reader.auditTenants().isEmpty)
        #expect(try reader.secrets(tenant: "t", scope: nil).isEmpty && reader.user(email: "a") == nil)
        try withFolder(temporary.path) { runs, _ in
            var change = SecurityChange()
            let time = Timestamp(milliseconds: 1_700_000_000_250)
            change.audit = [.init(tenant: "t", at: time, actor: "a", action: "b", object: "c")]
            try runs.apply(change)
            #expect(try reader.auditTenants() == ["t"])
        }
        reader.close()
        let people = try Connection.open(temporary.path + "/baton.db", .read)
        let matching = "SELECT count(*) FROM baton_audit WHERE n = 1 AND at = '2023-11-14T22:13:20.250Z'"
        #expect(try people.integer(matching) == 1)
    }

    @Test func `a folder without webhooks reads as one without any and gets them with the upgrade`() throws {
        let temporary = TemporaryFolder()
        try withFolder(temporary.path) { runs, _ in _ = try runs.commit(.step(0)) }
        let version = try #require(RunSchema.schema.migrations.firstIndex(of: WebhookSchema.step))
        try Downgrade.file(temporary.path + "/baton.db", RunSchema.schema, to: version)
        let id = WebhookID(high: 1, low: 1)
        let reader = try SQLiteRunStore.openForReading(temporary.path)
        #expect(
            try reader.webhooks(tenant: nil).isEmpty && reader.webhook(id) == nil && reader.hooks(tenant: nil).isEmpty
        )
        #expect(try reader.deadDeliveries(DeadDeliveryFilter()).isEmpty && reader.nextDelivery(of: id) == nil)
        try withFolder(temporary.path) { runs, _ in
            let time = Timestamp(milliseconds: 1_700_000_000_250)
            var change = SecurityChange()
            let row = WebhookRow(id: id, tenant: "t", owner: "a", role: .user, url: "https://a", createdAt: time)
            change.webhooks.webhooks = [row]
            change.webhooks.progress = [WebhookProgressRow(webhook: id, cursor: 7)]
            change.webhooks.deliveries = [
                DeliveryRow(
                    key: .init(webhook: id, sequence: 3),
                    tenant: "t",
                    type: "run.completed",
                    body: [1],
                    state: .dead,
                    attempts: 2,
                    firstAt: time,
                    at: time,
                    failure: "no"
                )
            ]
            try runs.apply(change)
            #expect(try reader.webhook(id) == row)
        }
        reader.close()
        let people = try Connection.open(temporary.path + "/baton.db", .read)
        #expect(
            try people.integer("SELECT count(*) FROM baton_webhooks WHERE cursor = 7 AND failing_since IS NULL") == 1
        )
        let dead =
            "SELECT count(*) FROM baton_dead_deliveries WHERE at = '2023-11-14T22:13:20.250Z'"
        #expect(try people.integer(dead) == 1)
    }

    @Test func `a folder without edited texts reads as one without any and gets them with the upgrade`() throws {
        let temporary = TemporaryFolder()
        try withFolder(temporary.path) { runs, _ in _ = try runs.commit(.step(0)) }
        let version = try #require(RunSchema.schema.migrations.firstIndex(of: PromptVersionRows.step))
        try Downgrade.file(temporary.path + "/baton.db", RunSchema.schema, to: version)
        let reader = try SQLiteRunStore.openForReading(temporary.path)
        #expect(try reader.editedPrompts() == [] && reader.promptVersion(1, of: "agent:a") == nil)
        #expect(try reader.promptVersions(of: "agent:a", before: nil, limit: 9) == [])
        try withFolder(temporary.path) { runs, _ in
            var change = SecurityChange()
            let time = Timestamp(milliseconds: 1)
            change.promptVersions = [
                .init(name: "agent:a", version: 1, hash: "h", text: [1], at: time, actor: "user:a")
            ]
            try runs.apply(change)
            #expect(try reader.editedPrompts() == change.promptVersions)
        }
        reader.close()
    }

    @Test func `what was there before owners belongs to everybody of the first tenant`() throws {
        let temporary = TemporaryFolder()
        let schedule = ScheduleRow(
            id: ScheduleID(high: 1, low: 1),
            name: "a",
            definition: [1],
            state: [2],
            nextFireAt: nil,
            createdAt: Timestamp(milliseconds: 3)
        )
        try withFolder(temporary.path) { runs, _ in
            _ = try runs.commit(.step(0))
            var commit = Commit()
            commit.humanTasks = [Self.open]
            commit.schedules = [schedule]
            _ = try runs.commit(commit)
        }
        try Downgrade.file(temporary.path + "/baton.db", RunSchema.schema, to: 12)
        func seen(_ store: SQLiteRunStore, by visibility: Visibility) throws -> [Ownership] {
            var filter = RunFilter()
            filter.visibility = visibility
            return try store.runs(filter).map(\.ownership)
        }
        let everybody = Visibility.shared(in: "default", viewer: "user:a")
        let reader = try SQLiteRunStore.openForReading(temporary.path)
        let before = try seen(reader, by: everybody)
        #expect(!before.isEmpty && before.allSatisfy { $0 == .common })
        #expect(try seen(reader, by: .everything(of: "acme")).isEmpty)
        #expect(try reader.schedule(named: "a") == schedule && reader.schedule(named: "a", in: "acme") == nil)
        #expect(try reader.schedules() == [schedule])
        reader.close()
        try withFolder(temporary.path) { runs, _ in
            let (shared, all) = (try seen(runs, by: everybody), try seen(runs, by: .everything(of: "default")))
            #expect(shared == before && all == before)
            let others = try seen(runs, by: .everything(of: "acme"))
            #expect(others.isEmpty)
            var filter = HumanTaskFilter()
            filter.audience = .init(tenant: "default", assignees: ["owner"])
            let requests = try runs.humanTasks(filter)
            #expect(requests == [Self.open])
            let named = (try runs.schedule(named: "a"), try runs.schedule(named: "a", in: "acme"))
            #expect(named.0 == schedule && named.1 == nil)
        }
        let people = try Connection.open(temporary.path + "/baton.db", .read)
        let rows = "SELECT count(*) FROM baton_runs WHERE tenant = 'default' AND owner IS NULL AND project IS NULL"
        #expect(try people.integer(rows) == Int64(before.count))
    }

    @Test func `a folder of the first release is upgraded in place, and a copy is kept`() throws {
        let temporary = TemporaryFolder()
        var blob = BlobRef(hash: "", size: 0)
        try withFolder(temporary.path) { runs, blobs in
            for number in 0..<3 { _ = try runs.commit(.step(number)) }
            var requests = Commit()
            requests.humanTasks = [Self.open, Self.decided]
            _ = try runs.commit(requests)
            blob = try blobs.put([1, 2, 3])
        }
        try downgrade(temporary.path)

        let reader = try SQLiteRunStore.openForReading(temporary.path)
        #expect(try holds(reader, steps: 3))
        #expect(try reader.definitions(owner: nil).isEmpty, "a folder without a catalogue reads as an empty one")
        #expect(try reader.snapshot(ofRun: 1, atMost: .max) == nil)
        #expect(try reader.signals(SignalFilter()).isEmpty)
        #expect(try reader.cacheTotals() == CacheTotals())
        #expect(try reader.tombstones(before: nil, limit: 9).isEmpty && reader.lastRunKey() == 2)
        #expect(try reader.blobNames(after: .init(table: 4, row: 0)).next == nil)
        #expect(try reader.openBudgets().isEmpty && reader.usage(UsageFilter()).isEmpty)
        #expect(try reader.humanTasks(.pending()) == [Self.open], "nothing is known of claims")
        reader.close()
        let oldBlobs = try SQLiteBlobStore.openForReading(temporary.path)
        #expect(try oldBlobs.get(blob) == [1, 2, 3])
        oldBlobs.close()

        try withFolder(temporary.path) { runs, blobs in
            #expect(try holds(runs, steps: 3))
            try runs.verify()
            #expect(try runs.humanTasks(.pending()) == [Self.open])
            let decided = try #require(try runs.humanTask(Self.decided.id))
            #expect(decided.choice == "reject" && decided.details.decisions.map(\.by) == ["user:a"])
            #expect(decided.details.decisions.map(\.comment) == ["no"])
            var change = CatalogChange()
            change.definitions = [.init(owner: "o", name: "a", kind: "workflow", createdAt: Timestamp(milliseconds: 1))]
            try runs.apply(change)
            #expect(try runs.definitions(owner: "o").count == 1)
            #expect(try blobs.get(blob) == [1, 2, 3])
            #expect(try blobs.blobs(after: nil, limit: 9).map(\.putAt.milliseconds) == [0])
        }
        let copy = try Connection.open(temporary.path + "/baton.db.format-1", .read)
        #expect(try copy.integer("PRAGMA user_version") == 1)
        #expect(try copy.integer("SELECT count(*) FROM record") == 6)
    }

    @Test func `the format of each file is told, also of one that a newer program wrote`() throws {
        let temporary = TemporaryFolder()
        let newest = (runs: RunSchema.schema.newest, blobs: BlobSchema.schema.newest)
        func found() throws -> [Int64?] { try DatabaseFormat.all(in: temporary.path).map(\.found) }
        #expect(try found() == [nil, nil])
        try withFolder(temporary.path) { runs, _ in _ = try runs.commit(.step(0)) }
        #expect(try found() == [newest.runs, newest.blobs])
        try downgrade(temporary.path)
        #expect(try found() == [1, 1])
        #expect(try DatabaseFormat.all(in: temporary.path).map(\.isCurrent) == [false, false])
        try withFolder(temporary.path) { _, _ in }
        #expect(try DatabaseFormat.all(in: temporary.path).map(\.isCurrent) == [true, true])
        let connection = try Connection.open(temporary.path + "/baton.db", .write)
        try connection.execute("PRAGMA user_version = 99")
        #expect(try found() == [99, newest.blobs])
        try writeFile(temporary.path + "/blobs.db", Array(repeating: 0xa5, count: 5000))
        #expect(failure { _ = try found() }?.code == .corrupted)
    }

    @Test func `a reader that is open during the upgrade sees what comes after`() throws {
        let temporary = TemporaryFolder()
        try withFolder(temporary.path) { runs, _ in _ = try runs.commit(.step(0)) }
        try downgrade(temporary.path)
        let reader = try SQLiteRunStore.openForReading(temporary.path)
        #expect(try reader.definitions(owner: nil).isEmpty)
        #expect(try holds(reader, steps: 1))
        try withFolder(temporary.path) { runs, _ in
            for number in 1..<40 {
                _ = try runs.commit(.step(number))
                let records = try reader.records(ofRun: 1, after: 0, limit: 1000)
                #expect(try records.count == number + 1 && holds(reader, steps: number + 1), "\(number)")
            }
            try reader.verify()
            var change = CatalogChange()
            change.definitions = [.init(owner: "o", name: "a", kind: "workflow", createdAt: Timestamp(milliseconds: 1))]
            try runs.apply(change)
            #expect(try reader.definitions(owner: nil).count == 1)
        }
        reader.close()
    }

    @Test func `a file that cannot give room back learns it at the next start`() throws {
        let temporary = TemporaryFolder()
        try withFolder(temporary.path) { runs, _ in _ = try runs.commit(.step(0)) }
        for name in ["baton.db", "blobs.db"] {
            let connection = try Connection.open("\(temporary.path)/\(name)", .write)
            try connection.execute("PRAGMA journal_mode=DELETE; PRAGMA auto_vacuum=NONE; VACUUM")
            #expect(try connection.integer("PRAGMA auto_vacuum") == 0)
        }
        try withFolder(temporary.path) { runs, _ in
            try runs.verify()
            #expect(try holds(runs, steps: 1))
        }
        for name in ["baton.db", "blobs.db"] {
            let connection = try Connection.open("\(temporary.path)/\(name)", .read)
            #expect(try connection.integer("PRAGMA auto_vacuum") == 2)
        }
    }

    @Test func `nothing makes a copy of a file that is up to date`() throws {
        let temporary = TemporaryFolder()
        for _ in 0..<2 { try withFolder(temporary.path) { runs, _ in _ = try runs.lastSequence() } }
        #expect(access(temporary.path + "/baton.db.format-1", F_OK) != 0)
        #expect(access(temporary.path + "/baton.db.format-0", F_OK) != 0)
    }

    private func withFolder(_ path: String, _ body: (SQLiteRunStore, SQLiteBlobStore) throws -> Void) throws {
        let folder = try DataFolder(locking: path, command: "test")
        let (runs, blobs) = (try SQLiteRunStore(in: folder), try SQLiteBlobStore(in: folder))
        defer {
            blobs.close()
            runs.close()
            folder.unlock()
        }
        try body(runs, blobs)
    }
}
