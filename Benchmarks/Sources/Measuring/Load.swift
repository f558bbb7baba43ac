// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import EngineTelemetry
import Glibc
import JSON
import Model
import Store
import StoreSQLite
import Synchronization
import Telemetry
import Threads

/// An executor that is done at once.
package struct Nothing: NodeExecutor {
    /// On the engine's thread, as the peers run their steps, or on one of the pool.
    private let isImmediate: Bool

    package init(isImmediate: Bool = true) {
        self.isImmediate = isImmediate
    }

    package func traits(of node: Graph.Node) -> ExecutorTraits { ExecutorTraits(isImmediate: isImmediate) }

    package func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        .completed(.null)
    }
}

/// The same, and knows when the first step of each run began.
package final class Stopwatch: NodeExecutor {
    private let begins = Mutex<[RunID: Double]>([:])

    package init() {}

    package func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        let now = seconds()
        begins.withLock { $0[assignment.run] = min($0[assignment.run] ?? now, now) }
        return .completed(.null)
    }

    package func begin(of run: RunID) -> Double? { begins.withLock { $0[run] } }
}

/// What one load did.
package struct Figures {
    package var runs = 0
    package var steps = 0
    package var seconds = 0.0
    package var cpu = 0.0
    /// Bytes sent to the disk.
    package var bytes = 0.0
    /// Bytes by which the database grew.
    package var kept = 0.0
    package var commits = 0
    /// Seconds inside the store's commit.
    package var committing = 0.0
    /// Milliseconds per run, or from start to first step.
    package var latencies: [Double] = []

    package var stepsPerSecond: Double { Double(steps) / seconds }
}

/// One engine on a database of its own.
package struct Load {
    package let store: CountingStore
    package let blobs: SQLiteBlobStore
    package let engine: DurableEngine
    private let path: String

    /// - Parameter isObserved: Metrics and spans are made of everything, as a server does; the spans go nowhere.
    package init(
        _ path: String,
        slots: Int,
        durability: Durability = .full,
        isObserved: Bool = false,
        _ executor: any NodeExecutor = Nothing()
    ) throws {
        self.path = path
        let folder = try DataFolder(locking: path, command: "benchmark")
        var options = SQLiteRunStore.Options()
        options.pregrowWAL = true
        options.durability = durability
        store = CountingStore(try SQLiteRunStore(in: folder, options))
        var configuration = EngineConfiguration(worker: "benchmark")
        configuration.slots = slots
        blobs = try SQLiteBlobStore(in: folder)
        let exporter = SpanExporter(SpanExportSettings(endpoint: "http://127.0.0.1:9"))
        let recorder =
            isObserved
            ? EngineRecorder(metrics: MetricsRegistry(), exporter: exporter, store: store) : nil
        engine = DurableEngine(
            store: store,
            blobs: blobs,
            executors: ["tool": executor],
            observer: recorder,
            configuration: configuration,
            failStop: { preconditionFailure($0) }
        )
    }

    /// Runs `count` runs of `graph`, `inFlight` at a time.
    package func measure(_ graph: Graph, steps: Int, count: Int, inFlight: Int) async -> Figures {
        await figures(runs: count, steps: steps * count) {
            await withTaskGroup(of: [Double].self) { group in
                for lane in 0..<inFlight {
                    group.addTask {
                        var latencies: [Double] = []
                        for _ in 0..<(count / inFlight + (lane < count % inFlight ? 1 : 0)) {
                            let begin = seconds()
                            _ = await one(graph, engine)
                            latencies.append((seconds() - begin) * 1000)
                        }
                        return latencies
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
        }
    }

    /// Starts `count` runs of a one-step `graph`, `gap` milliseconds apart on average whether or not the one before has
    /// ended; latencies are from the start to the step. The gaps vary from 0 to twice the average in a fixed order.
    package func measureStarts(_ graph: Graph, count: Int, gap: Double, _ stopwatch: Stopwatch) async -> Figures {
        await figures(runs: count, steps: count) {
            await withTaskGroup(of: Double.self) { group in
                var next = seconds()
                for index in 0..<count {
                    next += 2 * gap / 1000 * (Double(index) * 0.618_034).truncatingRemainder(dividingBy: 1)
                    try? await Task.sleep(for: .seconds(next - seconds()))
                    group.addTask {
                        let begin = seconds()
                        let run = await one(graph, engine)
                        return ((stopwatch.begin(of: run) ?? .infinity) - begin) * 1000
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
    }

    private func figures(runs: Int, steps: Int, _ work: () async -> [Double]) async -> Figures {
        let (commits, committing) = (store.commits, store.commitSeconds)
        let kept = keptBytes(path + "/baton.db")
        let (cpu, bytes, begin) = (cpuSeconds(), writtenBytes(), seconds())
        var figures = Figures(runs: runs, steps: steps)
        figures.latencies = await work()
        figures.seconds = seconds() - begin
        figures.cpu = cpuSeconds() - cpu
        figures.bytes = writtenBytes() - bytes
        figures.kept = keptBytes(path + "/baton.db") - kept
        figures.commits = store.commits - commits
        figures.committing = store.commitSeconds - committing
        return figures
    }
}

/// One run from start to end.
private func one(_ graph: Graph, _ engine: DurableEngine) async -> RunID {
    do {
        let request = StartRequest(graph: graph, source: [], inputs: [:], actor: "benchmark")
        let run = try await engine.start(request)
        let row = try await engine.wait(for: run.id)
        precondition(row.status == .completed)
        return run.id
    } catch {
        preconditionFailure("\(error)")
    }
}

/// Counts commits.
package final class CountingStore: RunStoreDecorator, @unchecked Sendable {
    // `commits` is written by the engine's thread only and read while it rests.
    package private(set) var commits = 0
    package private(set) var commitSeconds = 0.0
    package let base: SQLiteRunStore

    package init(_ store: SQLiteRunStore) {
        base = store
    }

    package func commit(_ commit: Commit) throws(StoreError) -> Int64 {
        commits += 1
        let begin = seconds()
        defer { commitSeconds += seconds() - begin }
        return try base.commit(commit)
    }
}
