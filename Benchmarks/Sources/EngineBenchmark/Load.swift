// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import Glibc
import JSON
import Model
import Store
import StoreSQLite
import Threads

/// An executor that is done at once.
struct Nothing: NodeExecutor {
    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        .completed(.null)
    }
}

/// What one load did.
struct Figures {
    var steps = 0
    var seconds = 0.0
    var cpu = 0.0
    var bytes = 0.0
    var commits = 0
    /// Seconds inside the store's commit.
    var committing = 0.0
    /// Milliseconds per step, or per run where many are in flight.
    var latencies: [Double] = []

    var stepsPerSecond: Double { Double(steps) / seconds }
}

/// One engine on a database of its own.
struct Load {
    let store: CountingStore
    let engine: DurableEngine

    init(_ path: String, slots: Int) throws {
        let folder = try DataFolder(locking: path, command: "benchmark")
        var options = SQLiteRunStore.Options()
        options.pregrowWAL = true
        store = CountingStore(try SQLiteRunStore(in: folder, options))
        var configuration = EngineConfiguration(worker: "benchmark")
        configuration.slots = slots
        engine = DurableEngine(
            store: store,
            blobs: try SQLiteBlobStore(in: folder),
            executors: ["tool": Nothing()],
            configuration: configuration,
            failStop: { preconditionFailure($0) }
        )
    }

    /// Runs `count` runs of `graph`, `inFlight` at a time.
    func measure(_ graph: Graph, steps: Int, count: Int, inFlight: Int) async -> Figures {
        let (engine, store) = (engine, store)
        let (commits, committing) = (store.commits, store.commitSeconds)
        let (cpu, bytes, begin) = (cpuSeconds(), writtenBytes(), seconds())
        let latencies = await withTaskGroup(of: [Double].self) { group in
            for lane in 0..<inFlight {
                group.addTask {
                    var latencies: [Double] = []
                    for _ in 0..<(count / inFlight + (lane < count % inFlight ? 1 : 0)) {
                        latencies.append(await one(graph, engine))
                    }
                    return latencies
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        var figures = Figures(steps: steps * count, seconds: seconds() - begin)
        figures.cpu = cpuSeconds() - cpu
        figures.bytes = writtenBytes() - bytes
        figures.commits = store.commits - commits
        figures.committing = store.commitSeconds - committing
        figures.latencies = latencies
        return figures
    }
}

/// Milliseconds from start to end of one run.
private func one(_ graph: Graph, _ engine: DurableEngine) async -> Double {
    let begin = seconds()
    do {
        let request = StartRequest(graph: graph, source: [], inputs: [:], actor: "benchmark")
        let run = try await engine.start(request)
        let row = try await engine.wait(for: run.id)
        precondition(row.status == .completed)
    } catch {
        preconditionFailure("\(error)")
    }
    return (seconds() - begin) * 1000
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
