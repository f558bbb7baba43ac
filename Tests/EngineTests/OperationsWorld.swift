// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// An engine that tests of operations drive turn by turn, with answers.
final class OperationsWorld {
    let store = MemoryRunStore()
    let blobs = MemoryBlobStore()
    let clock = ManualClock()
    let configuration: EngineConfiguration
    private(set) var engine: SteppedEngine
    /// By run and node: the last attempt that was handed out.
    private(set) var leases: [RunID: [String: AttemptLease]] = [:]
    private var started: [String] = []
    /// Nodes of the attempts that were told to stop.
    private(set) var stopped: [String] = []
    private var newest: [RunID: AttemptLease] = [:]
    private var count: UInt64 = 0

    init(_ change: (inout EngineConfiguration) -> Void = { _ in }) {
        var configuration = EngineConfiguration(worker: "w")
        configuration.rowLag = .zero
        change(&configuration)
        self.configuration = configuration
        engine = Self.engine(store, blobs, clock, configuration)
    }

    private static func engine(
        _ store: MemoryRunStore,
        _ blobs: MemoryBlobStore,
        _ clock: ManualClock,
        _ configuration: EngineConfiguration
    ) -> SteppedEngine {
        let engine = SteppedEngine(
            store: store,
            blobs: blobs,
            clock: clock,
            configuration: configuration,
            seed: 1,
            failStop: { Issue.record("stopped: \($0)") }
        )
        _ = engine.open()
        return engine
    }

    func start(_ yaml: String, inputs: JSONObject = [:], _ change: (inout StartRequest) -> Void = { _ in }) throws
        -> RunID
    {
        count += 1
        let id = RunID(high: 1, low: count)
        var request = StartRequest(graph: try compile(yaml), source: [], inputs: inputs, id: id, actor: "user:a")
        change(&request)
        engine.start(request) { _ in }
        return id
    }

    /// Takes a turn; gives the nodes of the attempts that begin.
    @discardableResult
    func turn() -> [String] {
        let (starts, stops) = engine.turn()
        for start in starts {
            leases[start.run, default: [:]][start.node.id] = start.attemptLease
            newest[start.run] = start.attemptLease
        }
        for stop in stops { note(stop) }
        let nodes = starts.map(\.node.id)
        started += nodes
        return nodes
    }

    /// Lets time pass, with a turn every ten seconds in which attempts say that they are alive.
    func pass(_ span: Duration) {
        let end = clock.wall() + span
        while clock.wall() < end {
            clock.advance(min(.seconds(10), end - clock.wall()))
            engine.heartbeat(Array(newest.values))
            turn()
        }
    }

    /// Nodes of the attempts that began since this was asked last.
    func begun() -> [String] {
        defer { started = [] }
        return started.sorted()
    }

    private func note(_ stop: AttemptLease) {
        let node = leases.values.flatMap { $0 }.first { $0.value == stop }?.key
        stopped.append(node ?? "?")
    }

    /// Asks something and takes turns until it is answered; what begins meanwhile is in ``begun()``.
    @discardableResult
    func ask<Value: Sendable>(
        _ body: (SteppedEngine, @escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
    ) throws -> Value {
        let box = Mutex2<Result<Value, EngineError>?>(nil)
        body(engine) { result in box.withLock { $0 = result } }
        turn()
        return try #require(box.withLock { $0 }).get()
    }

    func code<Value: Sendable>(
        _ body: (SteppedEngine, @escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
    ) -> EngineError.Code? {
        do {
            try ask(body)
            return nil
        } catch {
            return (error as? EngineError)?.code
        }
    }

    /// The last attempt of the run, or of one of its nodes, completes.
    func complete(_ run: RunID, _ node: String? = nil, _ output: JSONValue = .null) {
        finish(run, node, .completed(output))
    }

    func finish(_ run: RunID, _ node: String? = nil, _ outcome: AttemptOutcome) {
        guard let lease = node == nil ? newest[run] : leases[run]?[node ?? ""] else { return }
        #expect(throws: Never.self) { try engine.attemptEnded(lease, outcome, blobs: blobs) }
    }

    /// The process dies, and another one takes over.
    func restart(adopts: Bool = true) {
        engine = Self.engine(store, blobs, clock, configuration)
        if adopts { engine.adopt(nil) { _ in } }
    }

    func state(of run: RunID) throws -> RunState {
        let reader = RunReader(store: store, blobs: blobs)
        return try reader.state(ofRun: try #require(store.run(run)).key)
    }

    func events(of run: RunID) throws -> [Event] {
        let reader = RunReader(store: store, blobs: blobs)
        var events: [Event] = []
        try reader.forEachEvent(ofRun: try #require(store.run(run)).key, after: 0) { _, _, event, _ in
            events.append(event)
        }
        return events
    }

    func explain(_ run: RunID) throws -> Explanation {
        Explanation(try state(of: run), now: clock.wall(), pauses: PauseTable(store.pauses()))
    }
}
