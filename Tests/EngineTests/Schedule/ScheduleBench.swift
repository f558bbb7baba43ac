// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Engines over the same stores, one after the other, whose schedules start runs of what a test publishes.
final class ScheduleBench {
    let store = FaultyStore()
    let blobs = MemoryBlobStore()
    let clock = ManualClock()
    let published = PublishedByTest()
    /// Attempts stay in flight until a test ends them.
    var hangs = false
    private(set) var problems: [EngineError] = []
    private(set) var failStops = Mutex2<[String]>([])
    private var engine: SteppedEngine
    private var attempts: [AttemptLease: RunID] = [:]

    static let start = ManualClock().wall()

    init() throws {
        published.graphs["report"] = try compile(
            "workflow: report\nnodes: [{id: work, type: tool, timeout: 2h, config: {tool: noop}}]"
        )
        engine = Self.engine(store, blobs, clock, published, failStops)
        #expect(engine.open())
    }

    private static func engine(
        _ store: FaultyStore,
        _ blobs: MemoryBlobStore,
        _ clock: ManualClock,
        _ published: PublishedByTest,
        _ failStops: Mutex2<[String]>
    ) -> SteppedEngine {
        var configuration = EngineConfiguration(worker: "w")
        configuration.lease = .seconds(1_000_000)
        configuration.fullDiskPause = .milliseconds(10)
        configuration.rowLag = .zero
        return SteppedEngine(
            store: store,
            blobs: blobs,
            clock: clock,
            workflows: published,
            configuration: configuration,
            seed: 1,
            failStop: { reason in failStops.withLock { $0.append(reason) } }
        )
    }

    /// Drops the engine as a crash does, and makes another one.
    ///
    /// - Parameter drives: It takes every run over and fires schedules.
    func restart(drives: Bool = true) {
        attempts = [:]
        engine = Self.engine(store, blobs, clock, published, failStops)
        #expect(engine.open())
        guard drives else { return }
        engine.adopt(nil) { _ in }
        drive()
    }

    /// Fires schedules from now on.
    func drive() {
        problems = (try? ask { $0.runSchedules($1) }) ?? []
    }

    /// Asks the engine something and takes turns until it rests.
    @discardableResult
    func ask<Value: Sendable>(
        _ request: (SteppedEngine, @escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
    ) throws -> Value {
        let answer = Mutex2<Result<Value, EngineError>?>(nil)
        request(engine) { result in answer.withLock { $0 = result } }
        settle()
        return try #require(answer.withLock { $0 }).get()
    }

    /// Takes turns until nothing happens by itself, at this time or after the pause of a full disk.
    func settle() {
        for _ in 0..<1000 {
            let (starts, stops) = engine.turn()
            for start in starts { attempts[start.attemptLease] = start.run }
            for stop in stops { attempts[stop] = nil }
            if !hangs { for run in Set(attempts.values) { hand(in: run) } }
            guard engine.idleTime > 0 else { continue }
            guard engine.idleTime <= 10 else { return }
            clock.advance(.milliseconds(engine.idleTime))
        }
        Issue.record("the engine never rests")
    }

    private func hand(in run: RunID) {
        for (lease, owner) in attempts where owner == run {
            try? engine.attemptEnded(lease, .completed(.null), blobs: blobs)
            attempts[lease] = nil
        }
    }

    /// Ends the attempts of a run.
    func complete(_ run: RunID) {
        hand(in: run)
        settle()
    }

    /// Lets time pass, a minute at a time.
    func pass(minutes: Int) {
        for _ in 0..<minutes {
            clock.advance(.seconds(60))
            settle()
        }
    }

    // MARK: Schedules

    func definition(
        _ name: String = "nightly",
        _ timing: String = "@every 10m",
        id: UInt64 = 1,
        overlap: OverlapPolicy = .skip
    ) throws -> ScheduleDefinition {
        var result = ScheduleDefinition(
            id: ScheduleID(high: 1, low: id),
            createdAt: Self.start,
            name: name,
            workflow: "report",
            inputs: [:],
            timing: try ScheduleTiming(timing, anchor: Self.start),
            creator: "user:test"
        )
        result.overlap = overlap
        return result
    }

    @discardableResult
    func create(_ definition: ScheduleDefinition) throws -> Schedule {
        try ask { $0.createSchedule(definition, $1) }
    }

    @discardableResult
    func change(_ definition: ScheduleDefinition) throws -> Schedule {
        try ask { $0.changeSchedule(definition, $1) }
    }

    @discardableResult
    func trigger(_ id: ScheduleID, _ policy: OverlapPolicy?) throws -> TriggeredRun {
        try ask { $0.trigger(id, policy, $1) }
    }

    func schedule(_ id: UInt64 = 1) throws -> Schedule {
        try Schedule(try #require(try store.schedule(ScheduleID(high: 1, low: id))))
    }

    /// The run of a firing so many minutes after the start.
    func run(at minutes: Int, id: UInt64 = 1) -> RunID {
        ScheduleFiring(time: Self.start + .seconds(Int64(minutes) * 60), origin: .timing).run(
            of: ScheduleID(high: 1, low: id)
        )
    }

    func status(_ run: RunID) throws -> RunStatus? { try store.run(run)?.status }

    /// How many runs there are.
    func runs() throws -> Int {
        var filter = RunFilter()
        filter.limit = 1000
        return try store.runs(filter).count
    }
}

/// Workflows by name; may refuse to be read.
final class PublishedByTest: WorkflowSource, @unchecked Sendable {
    // Used by one test, in its thread.
    var graphs: [String: Graph] = [:]
    var isAway = false

    func workflow(_ reference: String, for ownership: Ownership) throws(EngineError) -> ResolvedWorkflow {
        guard !isAway else { throw EngineError(.unavailable, "as told") }
        guard let graph = graphs[reference] else { throw EngineError(.notFound, "there is no workflow `\(reference)`") }
        return ResolvedWorkflow(graph: graph, source: [])
    }
}
