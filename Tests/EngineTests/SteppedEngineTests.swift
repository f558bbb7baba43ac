// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Synchronization
import Testing

@testable import Engine

/// What the simulator found, each as small as it gets.
@Suite struct SteppedEngineTests {
    @Test func `attempts of a dead process count against max_parallel until they are closed`() throws {
        let world = SteppedWorld()
        let run = try world.start(
            """
            workflow: w
            limits: {max_parallel: 1}
            nodes: [{id: a, type: tool, config: {tool: noop}}, {id: b, type: tool, config: {tool: noop}}]
            """
        )
        #expect(world.turn() == ["a"])
        world.restart()
        var most = 0
        for _ in 0..<4 {
            _ = world.turn()
            most = max(most, try world.state(of: run).count(.running))
        }
        #expect(most == 1)
    }

    @Test func `a paused run's attempt that died with its process is made again after the pause`() throws {
        let world = SteppedWorld()
        let run = try world.start("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        #expect(world.turn() == ["a"])
        world.engine.control(run, .pause(reason: nil), by: "user:a") { _ in }
        _ = world.turn()
        // Longer ago than rows may lag behind the log.
        world.clock.advance(.seconds(10))
        _ = try world.start("workflow: other\nnodes: [{id: z, type: tool, config: {tool: noop}}]")
        _ = world.turn()
        world.restart()
        for _ in 0..<3 { _ = world.turn() }
        world.engine.control(run, .resume, by: "user:a") { _ in }
        #expect(world.turn() + world.turn() == ["a"])
    }

    @Test func `events of a turn that no command led to carry the time of the commit in memory too`() throws {
        let world = SteppedWorld(slots: 1)
        let first = try world.start("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        _ = world.turn()
        let second = try world.start("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        _ = world.turn()
        world.clock.advance(.seconds(5))
        world.complete(first)
        #expect(world.turn() == ["a"])
        let memory = try #require(world.engine.runsInMemory.first { $0.state.id == second }?.state)
        #expect(try world.state(of: second) == memory)
        #expect(memory.root.tasks[0].startedAt == world.clock.wall())
    }

    @Test func `a task that is offered and cancelled with its pass in one turn is not written down as ready`() throws {
        let world = SteppedWorld()
        let run = try world.start(
            """
            workflow: w
            nodes:
              - id: again
                type: loop
                timeout: 1m
                config:
                  max_iterations: 2
                  body:
                    nodes:
                      - {id: pause, type: wait, config: {for: 5s}}
                      - {id: work, type: tool, depends_on: [pause], config: {tool: noop}}
            """
        )
        _ = world.turn()
        world.clock.advance(.seconds(100))
        _ = world.turn()
        var types: [EventType] = []
        let key = try #require(try world.store.run(run)).key
        try world.reader.forEachEvent(ofRun: key) { _, _, event, _ in types.append(event.body.type) }
        #expect(types.suffix(4) == [.taskCompleted, .taskCancelled, .taskFailed, .runFailed])
    }

    @Test func `a run that may begin when another one ends, and has nothing to do, ends too`() throws {
        let world = SteppedWorld()
        let text = """
            workflow: w
            concurrency: {key: shared, max: 1, when_full: queue}
            nodes: [{id: a, type: tool, when: 'false', config: {tool: noop}}]
            """
        let runs = [try world.start(text), try world.start(text)]
        for _ in 0..<3 { _ = world.turn() }
        #expect(try runs.map { try world.state(of: $0).status } == [.completed, .completed])
    }

    @Test func `a read that fails in the middle of a turn stops the process, and nothing is lost`() throws {
        let world = SteppedWorld(cachedRuns: 0)
        let run = try world.start("workflow: w\nnodes: [{id: a, type: wait, config: {for: 5s}}]")
        for _ in 0..<2 {
            _ = world.turn()
            world.clock.advance(.seconds(1))
        }
        world.clock.advance(.seconds(10))
        world.store.isBroken = true
        _ = world.turn()
        #expect(world.stopReasons.withLock { $0 }.count == 1)
        #expect(try world.store.timers(ofRun: nil).count == 1)
        world.store.isBroken = false
        world.restart()
        for _ in 0..<3 { _ = world.turn() }
        #expect(try world.state(of: run).status == .completed)
    }

    @Test func `an effect without a key is not repeated after a timeout, nor when its process stops`() throws {
        let text = "workflow: w\nnodes: [{id: a, type: tool, timeout: 5s, idempotency: none, config: {tool: noop}}]"
        var late = try RunDriver(text)
        try late.send(.attemptTimedOut(task: late.ref("a"), fence: 1))
        #expect(late.task("a").error?.code == "timeout")
        #expect(late.status("a") == .failed)
        var stopped = try RunDriver(text)
        try stopped.send(.attemptLost(task: stopped.ref("a"), fence: 1, isRelease: true))
        #expect(stopped.task("a").error?.code == "attempt.lost")
        #expect(stopped.status("a") == .failed)
    }
}

/// An engine that is driven turn by turn.
private final class SteppedWorld {
    let store = BreakableStore()
    let blobs = MemoryBlobStore()
    let clock = ManualClock()
    let stopReasons = Mutex2<[String]>([])
    private let configuration: EngineConfiguration
    private(set) var engine: SteppedEngine
    private var leases: [RunID: AttemptLease] = [:]
    var reader: RunReader { RunReader(store: store, blobs: blobs) }

    init(slots: Int = 64, cachedRuns: Int = 10_000) {
        var configuration = EngineConfiguration(worker: "w")
        configuration.slots = slots
        configuration.cachedRuns = cachedRuns
        configuration.rowLag = .zero
        self.configuration = configuration
        engine = Self.engine(store, blobs, clock, configuration, stopReasons)
    }

    private static func engine(
        _ store: BreakableStore,
        _ blobs: MemoryBlobStore,
        _ clock: ManualClock,
        _ configuration: EngineConfiguration,
        _ stopReasons: Mutex2<[String]>
    ) -> SteppedEngine {
        let engine = SteppedEngine(
            store: store,
            blobs: blobs,
            clock: clock,
            configuration: configuration,
            seed: 1,
            failStop: { reason in stopReasons.withLock { $0.append(reason) } }
        )
        _ = engine.open()
        return engine
    }

    func start(_ yaml: String) throws -> RunID {
        let graph = try compile(yaml)
        let id = RunID(high: 1, low: store.next())
        engine.start(StartRequest(graph: graph, source: [], inputs: [:], id: id, actor: "user:a")) { _ in }
        return id
    }

    /// Takes a turn; gives the nodes of the attempts that begin.
    func turn() -> [String] {
        let starts = engine.turn().starts
        for start in starts { leases[start.run] = start.attemptLease }
        return starts.map(\.node.id)
    }

    func complete(_ run: RunID) {
        guard let lease = leases[run] else { return }
        #expect(throws: Never.self) { try engine.attemptEnded(lease, .completed(.null), blobs: blobs) }
    }

    /// The process dies, and another one takes over.
    func restart() {
        engine = Self.engine(store, blobs, clock, configuration, stopReasons)
        engine.adopt(nil) { _ in }
    }

    func state(of run: RunID) throws -> RunState {
        try reader.state(ofRun: try #require(try store.run(run)).key)
    }
}

/// The memory store, whose logs cannot be read on request.
private final class BreakableStore: RunStoreDecorator {
    let base = MemoryRunStore()
    private let broken = Mutex(false)
    private let count = Mutex<UInt64>(0)

    var isBroken: Bool {
        get { broken.withLock { $0 } }
        set { broken.withLock { $0 = newValue } }
    }

    func next() -> UInt64 {
        count.withLock { count in
            count += 1
            return count
        }
    }

    func records(
        ofRun key: Int64,
        in range: ClosedRange<Int64>,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        if isBroken { throw StoreError(.failed, "the disk does not answer") }
        return try base.records(ofRun: key, in: range, limit: limit)
    }
}
