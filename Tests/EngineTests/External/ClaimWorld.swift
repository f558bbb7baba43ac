// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// An engine that is driven turn by turn, by somebody who claims.
final class ClaimWorld {
    let store = FaultyStore()
    let blobs = MemoryBlobStore()
    let clock = ManualClock()
    let stopReasons = Mutex2<[String]>([])
    private(set) var engine: SteppedEngine
    private var count: UInt64 = 0
    /// Nodes of attempts that this program was to make.
    private(set) var dispatched: [String] = []

    init() {
        engine = Self.engine(store, blobs, clock, stopReasons)
    }

    private static func engine(
        _ store: FaultyStore,
        _ blobs: MemoryBlobStore,
        _ clock: ManualClock,
        _ stopReasons: Mutex2<[String]>
    ) -> SteppedEngine {
        var configuration = EngineConfiguration(worker: "w")
        configuration.rowLag = .zero
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

    /// The process dies, and another one takes over.
    func restart() throws {
        engine = Self.engine(store, blobs, clock, stopReasons)
        _ = try ask { self.engine.adopt(nil, $0) }
        turn()
    }

    func turn() {
        dispatched += engine.turn().starts.map(\.node.id)
    }

    /// The answer to a request, in the turn that it takes.
    func ask<Value: Sendable>(
        _ body: (@escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
    ) throws -> Value {
        let answer = Mutex2<Result<Value, EngineError>?>(nil)
        body { result in answer.withLock { $0 = result } }
        turn()
        return try #require(answer.withLock { $0 }, "no answer").get()
    }

    func start(_ yaml: String, _ execution: RunExecution = .external) throws -> RunID {
        count += 1
        var request = StartRequest(
            graph: try compile(yaml),
            source: Array(yaml.utf8),
            inputs: [:],
            id: RunID(high: 1, low: count),
            actor: "user:a"
        )
        request.execution = execution
        let wanted = request
        let run = try ask { self.engine.start(wanted, $0) }.id
        turn()
        return run
    }

    func state(of run: RunID) throws -> RunState {
        let reader = RunReader(store: store, blobs: blobs)
        let state = try reader.state(ofRun: try #require(try store.run(run)).key)
        if let memory = engine.runsInMemory.first(where: { $0.state.id == run })?.state { #expect(memory == state) }
        return state
    }

    func id(_ node: String, _ run: RunID) throws -> TaskID {
        TaskID(run: run, task: TaskRef(node: try #require(try state(of: run).graph.index(of: node))))
    }

    func claim(_ node: String, of run: RunID, by actor: String = "user:b", for lease: Duration = .seconds(30)) throws
        -> ClaimedTask
    {
        let order = ClaimOrder(try id(node, run), lease: lease)
        return try ask { self.engine.claim(order, by: actor, $0) }
    }

    func complete(_ claim: HeldClaim, _ output: JSONValue = .null) throws {
        _ = try ask { self.engine.complete(claim, output: output, $0) }
    }

    func beat(_ claim: HeldClaim, _ progress: TaskProgress = TaskProgress()) throws -> ClaimLease {
        try ask { self.engine.heartbeat(claim, progress, $0) }
    }

    /// The names of nodes that may be claimed.
    func claimable(_ change: (inout ClaimableFilter) -> Void = { _ in }) throws -> [String] {
        var filter = ClaimableFilter(.everything(of: Ownership.defaultTenant))
        change(&filter)
        let wanted = filter
        return try ask { self.engine.claimableTasks(wanted, $0) }.map(\.node.id)
    }

    /// The code of what a request is refused with; `nil` when it is not.
    func refusal(_ body: () throws -> Void) -> EngineError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? EngineError)?.code
        }
    }

    func attempts(_ node: String, _ run: RunID) throws -> [TaskAttempt.Status] {
        let reader = RunReader(store: store, blobs: blobs)
        let key = try #require(try store.run(run)).key
        return try reader.attempts(at: try id(node, run).task, ofRun: key).map(\.status)
    }
}

extension ClaimedTask {
    /// The claim, as its owner names it.
    var held: HeldClaim { HeldClaim(id, fence: fence, by: String(worker.prefix { $0 != "/" })) }
}
