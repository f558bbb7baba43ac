// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import StoreSQLite
import TestSupport

/// The stores that one suite of tests holds to the same contract.
enum Backend: CaseIterable {
    case memory, sqlite

    /// Runs `body` with an empty store.
    func runs(_ body: (any RunStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryRunStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty store and the blobs beside it.
    func packing(_ body: (any RunStore, any BlobStore) throws -> Void) throws {
        switch self {
        case .memory:
            let blobs = MemoryBlobStore()
            try body(MemoryRunStore(archives: blobs), blobs)
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let (store, blobs) = (try SQLiteRunStore(in: folder), try SQLiteBlobStore(in: folder))
            try body(store, blobs)
            try store.verify()
            store.close()
            blobs.close()
        }
    }

    /// Runs `body` with an empty catalogue.
    func catalog(_ body: (any CatalogStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryCatalogStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty security store.
    func security(_ body: (any SecurityStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemorySecurityStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty store of documents.
    func knowledge(_ body: (any KnowledgeStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryKnowledgeStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty store of notes.
    func notes(_ body: (any NoteStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryNoteStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            try store.verify()
            store.close()
        }
    }

    /// Runs `body` with an empty store of sessions, which also keeps runs.
    func conversations(_ body: (any ConversationStore & RunStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryRunStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            try store.verify()
            store.close()
        }
    }

    /// Runs `body` with an empty store of webhooks.
    func webhooks(_ body: (any WebhookStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemorySecurityStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty blob store that streams.
    func streams(_ body: (any StreamingBlobStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryBlobStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteBlobStore(in: folder, now: { Timestamp(milliseconds: 0) })
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty blob store.
    func blobs(
        now: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) },
        _ body: (any SweepableBlobStore) throws -> Void
    ) throws {
        switch self {
        case .memory: try body(MemoryBlobStore(now: now))
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteBlobStore(in: folder, now: now)
            try body(store)
            store.close()
        }
    }
}

/// The code of the error that `body` throws, if it throws one.
func code(_ body: () throws -> Void) -> StoreError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}

extension LogRecord {
    /// A record whose body names its events.
    static func sample(run: Int64, from first: Int64, count: Int = 1) -> LogRecord {
        let events = (0..<count).map { #"{"type":"test","node":"n\#(first + Int64($0))"}"# }
        return LogRecord(
            runKey: run,
            firstSequence: first,
            count: count,
            at: Timestamp(milliseconds: 1000 + first),
            body: Array("[\(events.joined(separator: ","))]".utf8)
        )
    }
}

extension RunRow {
    static func sample(_ key: Int64, _ status: RunStatus = .queued, workflow: String = "w") -> RunRow {
        RunRow(
            key: key,
            id: RunID(high: 1, low: UInt64(key)),
            workflow: workflow,
            graphHash: "sha256:\(key)",
            status: status,
            createdAt: Timestamp(milliseconds: key)
        )
    }

    /// Every field is set.
    static func full(_ key: Int64) -> RunRow {
        RunRow(
            key: key,
            id: RunID(high: .max >> 1, low: .max),
            workflow: "wörk\0flow",
            graphHash: "sha256:x",
            status: .waiting,
            reason: .retry,
            lastSequence: 9,
            endedTasks: 2,
            allTasks: 3,
            error: "a: b",
            createdAt: Timestamp(milliseconds: -1),
            startedAt: Timestamp(milliseconds: 2),
            endedAt: Timestamp(milliseconds: 3),
            deadline: Timestamp(milliseconds: .max),
            outcome: .cancelled
        )
    }
}

extension BudgetRow {
    /// The n-th of some scopes; odd ones have no limit.
    static func sample(_ number: Int, period: Int = 0, spent: Int64 = 0, _ state: BudgetRow.State = .open) -> BudgetRow
    {
        let kinds = BudgetScope.Kind.allCases
        let scope = BudgetScope(kinds[number % kinds.count], ["a", "ä:b", "", "x\"\0y"][number % 4])
        return BudgetRow(
            account: BudgetAccount(scope: scope, period: ["", "2026-01", "2026-01-31"][period]),
            limit: number % 2 == 1 ? .none : BudgetLimit(money: Money(picodollars: .max), languageModelTokens: 0),
            reserved: Charge(money: Money(picodollars: 3), languageModelTokens: .max),
            spent: Charge(money: Money(picodollars: -spent), languageModelTokens: spent),
            warned: 80,
            state: state
        )
    }
}

extension ReservationRow {
    /// The n-th of some; odd ones belong to no task.
    static func sample(_ number: UInt64) -> ReservationRow {
        let isCall = number % 2 == 1
        return ReservationRow(
            id: ReservationID(high: 5, low: number),
            accounts: (0..<Int(number % 3)).map { BudgetRow.sample($0, period: $0).account },
            charge: Charge(money: Money(picodollars: Int64(number)), languageModelTokens: 7),
            state: number % 4 == 0 ? .unknown : .open,
            task: isCall ? nil : TaskKey(runKey: 4, task: Int(number)),
            fence: Int64(number),
            call: "call \(number)",
            subject: .sample(run: Int(number % 3)),
            reservedAt: Timestamp(milliseconds: 8),
            expiresAt: isCall ? Timestamp(milliseconds: 9) : nil
        )
    }
}

extension UsageSubject {
    /// Run 0 stands for no run, and for as little as there can be.
    static func sample(run: Int) -> UsageSubject {
        var subject = UsageSubject(tenant: "t", provider: "scripted", model: "m", purpose: .execution)
        guard run > 0 else { return subject }
        (subject.user, subject.project, subject.agent) = ("ü", "", "a\"b")
        subject.apiKey = run == 2 ? APIKeyID(high: 4, low: 2) : nil
        (subject.run, subject.task, subject.attempt) = (RunID(high: 1, low: UInt64(run)), "n[3]", 2)
        subject.purpose = .verification
        return subject
    }
}

extension UsageRow {
    static func sample(_ number: UInt64, at time: Int64 = 0, run: Int = 0) -> UsageRow {
        UsageRow(
            id: UsageID(high: 6, low: number),
            at: Timestamp(milliseconds: time),
            accounts: [BudgetRow.sample(0, period: 2).account, BudgetRow.sample(3).account],
            charge: Charge(money: Money(picodollars: -5), languageModelTokens: 6),
            certainty: .correction,
            reservation: run == 0 ? nil : ReservationID(high: 5, low: 1),
            subject: .sample(run: run),
            tokens: TokenCounts(input: 1, cached: 2, cacheWrite: 3, output: 4, reasoning: .max),
            pricedBy: run == 0 ? nil : "v1",
            isSimulated: run == 0
        )
    }
}

extension HumanTaskRow {
    static func sample(_ number: UInt64, run: Int64, at: Int64, _ status: HumanTaskStatus = .open) -> HumanTaskRow {
        HumanTaskRow(
            id: HumanTaskID(high: 2, low: number),
            key: TaskKey(runKey: run, task: Int(number)),
            run: RunID(high: 1, low: UInt64(run)),
            node: "ask",
            kind: "approval",
            status: status,
            title: "Go?",
            message: "Shall \"we\"?\n",
            assignees: ["user:a\\b", "role:\"é\""],
            openedAt: Timestamp(milliseconds: at),
            expiresAt: nil
        )
    }
}
