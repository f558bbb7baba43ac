// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import JSON
import Model
import Store
import Synchronization
import Testing
import Threads

@testable import Engine

/// An engine over stores that tests can break, with executors that do as they are told.
struct EngineHarness {
    let store: FaultyStore
    let blobs = MemoryBlobStore()
    let clock = ManualClock()
    let stopReasons = Mutex2<[String]>([])
    var announced: Set<EventType> = []
    var rowLag = Duration.zero
    var projectLimit: Int?
    var toolLimits: [String: Int] = [:]
    /// Calls are made on the engine's thread.
    var isImmediate = false
    /// Nodes whose calls change nothing.
    var readers: Set<String> = []
    /// Of the code behind calls.
    var version = ""
    var cacheLimit: Int64 = 1 << 30

    init(store: FaultyStore = FaultyStore()) {
        self.store = store
    }

    /// Runs `body` while an engine works; the engine is stopped afterwards.
    func withEngine<Value>(
        slots: Int = 64,
        worker: String = "w1",
        _ execute: @escaping Execute,
        _ body: (DurableEngine) async throws -> Value
    ) async throws -> Value {
        let engine = makeEngine(slots: slots, worker: worker, execute)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run() }
            do {
                let value = try await body(engine)
                await engine.stop(grace: .zero)
                return value
            } catch {
                await engine.stop(grace: .zero)
                throw error
            }
        }
    }

    private func makeEngine(slots: Int, worker: String, _ execute: @escaping Execute) -> DurableEngine {
        var configuration = EngineConfiguration(worker: worker)
        configuration.slots = slots
        configuration.heartbeat = .seconds(3600)
        configuration.fullDiskPause = .milliseconds(10)
        configuration.rowLag = rowLag
        configuration.cacheLimit = cacheLimit
        configuration.announced = announced
        configuration.projectLimit = projectLimit
        configuration.toolLimits = toolLimits
        let executor = ClosureExecutor(execute: execute, readers: readers, version: version, isImmediate: isImmediate)
        return DurableEngine(
            store: store,
            blobs: blobs,
            executors: ["tool": executor, "http": executor, "agent": executor, ExecutorName.verification: executor],
            clock: clock,
            compiler: testCompiler,
            configuration: configuration,
            failStop: { [stopReasons] reason in stopReasons.withLock { $0.append(reason) } }
        )
    }

    func start(
        _ yaml: String,
        on engine: DurableEngine,
        inputs: JSONObject = [:],
        id: RunID? = nil
    ) async throws -> RunID {
        let request = StartRequest(
            graph: try compile(yaml),
            source: Array(yaml.utf8),
            inputs: inputs,
            id: id,
            actor: "user:test"
        )
        return try await engine.start(request).id
    }

    /// Waits until the run's row satisfies `condition`, which is looked at after every event; `withoutEvents` when the
    /// row changes by itself.
    func wait(
        for run: RunID,
        on engine: DurableEngine,
        withoutEvents: Bool = false,
        _ condition: (RunRow) -> Bool = { $0.status.isTerminal }
    ) async throws -> RunRow {
        while true {
            try Task.checkCancellation()  // A cancelled task's streams end at once.
            let events = engine.events(of: run)
            if let row = try store.run(run), condition(row) { return row }
            if withoutEvents {
                await Task.yield()
                continue
            }
            for await _ in events {
                if let row = try store.run(run), condition(row) { return row }
            }
        }
    }

    func state(of run: RunID, _ engine: DurableEngine) throws -> RunState {
        let key = try #require(try store.run(run)).key
        return try engine.reader.state(ofRun: key)
    }
}

typealias Execute = @Sendable (Assignment, CancellationSignal) async -> AttemptOutcome

struct ClosureExecutor: NodeExecutor {
    let execute: Execute
    let readers: Set<String>
    let version: String
    let isImmediate: Bool

    func traits(of node: Graph.Node) -> ExecutorTraits {
        ExecutorTraits(isRead: readers.contains(node.id), version: version, isImmediate: isImmediate)
    }

    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        await execute(assignment, cancellation)
    }
}

/// Completes with the arguments.
let echo: Execute = { assignment, _ in
    guard case .tool(_, let template, _) = assignment.node.kind else { return .completed(.null) }
    do throws(TemplateError) {
        return .completed(try template.evaluate(in: assignment.scope))
    } catch {
        return .failed(TaskError(code: "expression.failed", errorClass: .permanent, message: error.cause.message))
    }
}

/// Works until it is told to stop.
let hang: Execute = { _, control in
    let stopped = AsyncStream<Void> { continuation in _ = control.onCancel { continuation.finish() } }
    for await _ in stopped {}
    return .failed(TaskError(code: "cancelled", errorClass: .permanent, message: "stopped"))
}

/// A mutex that structs can hold and share.
final class Mutex2<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) {
        mutex = Mutex(value)
    }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        mutex.withLock { value in body(&value) }
    }
}

/// A clock that tests move.
final class ManualClock: EngineClock {
    private let now = Mutex<Int64>(1_800_000_000_000)

    func wall() -> Timestamp { Timestamp(milliseconds: now.withLock { $0 }) }
    func monotonic() -> Int64 { now.withLock { $0 } }

    func advance(_ span: Duration) {
        now.withLock { $0 += span.milliseconds }
    }
}

/// The memory store, with failures on request and a count of commits.
final class FaultyStore: RunStoreDecorator {
    let base = MemoryRunStore()
    private let faults = Mutex<[Int: StoreError]>([:])
    private let count = Mutex(0)

    var commits: Int { count.withLock { $0 } }

    /// The commit with that number, from 1, fails.
    func fail(_ commit: Int, with error: StoreError) {
        faults.withLock { $0[commit] = error }
    }

    func commit(_ commit: Commit) throws(StoreError) -> Int64 {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if let error = faults.withLock({ $0[number] }) { throw error }
        return try base.commit(commit)
    }

    private let reads = Mutex(0)
    private let damaged = Mutex<Set<Int64>>([])

    /// How often the log of a run was read.
    var runsRead: Int { reads.withLock { $0 } }

    private let lookups = Mutex(0)

    /// How often the answer to a request was looked for.
    var lookedUp: Int { lookups.withLock { $0 } }

    func idempotency(principal: String, key: String) throws(StoreError) -> IdempotencyRow? {
        lookups.withLock { $0 += 1 }
        return base.idempotency(principal: principal, key: key)
    }

    /// The log of that run cannot be read any more.
    func damage(_ run: Int64) {
        damaged.withLock { _ = $0.insert(run) }
    }

    func records(
        ofRun key: Int64,
        in range: ClosedRange<Int64>,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        reads.withLock { $0 += 1 }
        guard !damaged.withLock({ $0.contains(key) }) else { throw StoreError(.corrupted, "as told") }
        return try base.records(ofRun: key, in: range, limit: limit)
    }
}
