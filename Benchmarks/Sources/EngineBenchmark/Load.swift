// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import Glibc
import JSON
import Model
import Store
import StoreSQLite
import Synchronization
import Threads

/// An executor that is done at once.
struct Nothing: NodeExecutor {
    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        .completed(.null)
    }
}

/// The same, and knows when the first step of each run began.
final class Stopwatch: NodeExecutor {
    private let begins = Mutex<[RunID: Double]>([:])

    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        let now = seconds()
        begins.withLock { $0[assignment.run] = min($0[assignment.run] ?? now, now) }
        return .completed(.null)
    }

    func begin(of run: RunID) -> Double? { begins.withLock { $0[run] } }
}

/// What one load did.
struct Figures {
    var runs = 0
    var steps = 0
    var seconds = 0.0
    var cpu = 0.0
    /// Bytes sent to the disk.
    var bytes = 0.0
    /// Bytes by which the database grew.
    var kept = 0.0
    var commits = 0
    /// Seconds inside the store's commit.
    var committing = 0.0
    /// Milliseconds per run, or from start to first step.
    var latencies: [Double] = []

    var stepsPerSecond: Double { Double(steps) / seconds }
}

/// One engine on a database of its own.
struct Load {
    let store: CountingStore
    let engine: DurableEngine
    private let path: String

    init(_ path: String, slots: Int, _ executor: any NodeExecutor = Nothing()) throws {
        self.path = path
        let folder = try DataFolder(locking: path, command: "benchmark")
        var options = SQLiteRunStore.Options()
        options.pregrowWAL = true
        store = CountingStore(try SQLiteRunStore(in: folder, options))
        var configuration = EngineConfiguration(worker: "benchmark")
        configuration.slots = slots
        engine = DurableEngine(
            store: store,
            blobs: try SQLiteBlobStore(in: folder),
            executors: ["tool": executor],
            configuration: configuration,
            failStop: { preconditionFailure($0) }
        )
    }

    /// Runs `count` runs of `graph`, `inFlight` at a time.
    func measure(_ graph: Graph, steps: Int, count: Int, inFlight: Int) async -> Figures {
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
    func measureStarts(_ graph: Graph, count: Int, gap: Double, _ stopwatch: Stopwatch) async -> Figures {
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
final class CountingStore: RunStoreDecorator, @unchecked Sendable {
    // `commits` is written by the engine's thread only and read while it rests.
    private(set) var commits = 0
    private(set) var commitSeconds = 0.0
    let base: SQLiteRunStore

    init(_ store: SQLiteRunStore) {
        base = store
    }

    func commit(_ commit: Commit) throws(StoreError) -> Int64 {
        commits += 1
        let begin = seconds()
        defer { commitSeconds += seconds() - begin }
        return try base.commit(commit)
    }
}
