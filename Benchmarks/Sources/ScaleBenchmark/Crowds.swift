// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import JSON
import Measuring
import Model
import Store
import Threads

/// 90,000 runs wait for an hour and 10,000 for moments within one second.
func waiting(_ folder: String) async throws -> String {
    let load = try Load(folder, slots: 2000)
    let work = Task { await load.engine.run() }
    let graph = try compile(
        """
        workflow: wait
        inputs: {at: {type: string}}
        nodes: [{id: rest, type: wait, config: {until: "${ inputs.at }"}}]
        """
    )
    @Sendable func start(_ number: Int, at due: Timestamp) async throws -> RunID {
        let inputs: JSONObject = ["at": .string("\(due)")]
        let request = StartRequest(graph: graph, source: [], inputs: inputs, actor: "benchmark")
        return try await load.engine.start(request).id
    }
    let clock = SystemClock()
    try await inLanes(90_000) { number in _ = try await start(number, at: clock.wall() + .seconds(3600)) }
    let base = clock.wall() + .seconds(25)
    try await inLanes(10_000) { number in _ = try await start(number, at: base + .milliseconds(number / 10)) }
    try await Task.sleep(for: .seconds(2))
    let resident = memory("VmRSS")
    let (bytes, cpu) = (transferredBytes(), cpuSeconds())
    try await Task.sleep(for: .seconds(10))
    let idle = "\(text(transferredBytes() - bytes, 0)) bytes and \(text((cpuSeconds() - cpu) * 1000)) ms CPU in 10 s"
    let left = base + .seconds(4) - clock.wall()
    try await Task.sleep(for: left)
    var filter = RunFilter()
    filter.statuses = [.completed]
    filter.limit = 20_000
    let ended = try load.store.runs(filter)
    let (state, last) = (
        try ended.map { row in
            let due = try RunReader(store: load.store, blobs: load.blobs).state(ofRun: row.key).inputs.value["at"]
            return Double(
                ((row.endedAt ?? base) - (due?.stringValue.flatMap { Timestamp(rfc3339: $0) } ?? base)).milliseconds
            )
        }, ended.compactMap(\.endedAt).max() ?? base
    )
    await load.engine.stop(grace: .zero)
    await work.value
    return
        "\(text(resident, 0)) MiB, idle \(idle); \(ended.count) due within 1 s: late p50 \(text(state.percentile(0.5))) ms, "
        + "p99 \(text(state.percentile(0.99))) ms, done after \(text(Double((last - base).milliseconds), 0)) ms"
}

/// 10,000 runs in flight in a process that is killed; another one takes them over.
func restart(_ folder: String) async throws -> String {
    system("'\(CommandLine.arguments[0])' --in restart-prepare '\(folder)'")
    let begin = seconds()
    let first = Stopwatch()
    let load = try Load(folder, slots: 2000, first)
    let work = Task { await load.engine.run() }
    let runs = try await load.engine.adopt(nil)
    let adopted = seconds()
    for run in runs { _ = try await load.engine.wait(for: run) }
    let all = seconds()
    let dispatch = runs.compactMap { first.begin(of: $0) }.min() ?? .infinity
    await load.engine.stop(grace: .zero)
    await work.value
    return "first dispatch after \(text((dispatch - begin) * 1000, 0)) ms, \(runs.count) runs taken over after "
        + "\(text((adopted - begin) * 1000, 0)) ms, all done after \(text((all - begin) * 1000, 0)) ms"
}

func hangUntilKilled(_ folder: String) async -> Never {
    do {
        let load = try Load(folder, slots: 10_000, Endless())
        Task { await load.engine.run() }
        let graph = try chain(2)
        try await inLanes(10_000) { _ in
            _ = try await load.engine.start(StartRequest(graph: graph, source: [], inputs: [:], actor: "benchmark"))
        }
        kill(getpid(), SIGKILL)
    } catch {
        print("\(error)")
    }
    exit(1)
}

/// From nothing to an engine that answers.
func open(_ folder: String) async throws -> String {
    let begin = seconds()
    let load = try Load(folder, slots: 64)
    let work = Task { await load.engine.run() }
    _ = try await load.engine.adopt(nil)
    let span = (seconds() - begin) * 1000
    try await Task.sleep(for: .seconds(1))
    let resident = memory("VmRSS")
    await load.engine.stop(grace: .zero)
    await work.value
    return "\(text(span)) ms, \(text(resident)) MiB at rest"
}

/// Never done.
private struct Endless: NodeExecutor {
    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        return .completed(.null)
    }
}

private func inLanes(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for lane in 0..<500 {
            group.addTask { for number in stride(from: lane, to: count, by: 500) { try await body(number) } }
        }
        try await group.waitForAll()
    }
}
