// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import JSON
public import Model
public import Store
internal import Synchronization
internal import Threads

/// Runs workflows so that a crash at any point loses nothing that was answered.
///
/// Make one per store, call ``run()`` in a task of its own, and stop it with ``stop(grace:)``. Every other call suspends
/// until its outcome is durable.
public final class DurableEngine: Sendable {
    let mailbox: Mailbox<Request>
    let dispatcher: Dispatcher
    let attempts: Attempts
    let feed: EventFeed
    let store: any RunStore
    let clock: any EngineClock
    let blobThread: SerialThread
    /// Of the request that this is the engine for.
    private let key: IdempotencyKey?
    let configuration: EngineConfiguration
    let preparation: PatchPreparation
    /// Reads runs of the same stores.
    public let reader: RunReader

    /// Starts the loop's thread; nothing runs before a run is started or adopted.
    ///
    /// - Parameters:
    ///   - executors: By node kind. A node whose kind has none fails with `tool.unavailable`.
    ///   - workflows: Where child runs find what is published.
    ///   - compiler: Compiles patched documents; without one runs cannot be patched.
    ///   - observer: Is told every commit.
    ///   - failStop: Called when a flush failed; must end the process and not return.
    public init(
        store: any RunStore,
        blobs: any BlobStore,
        executors: [String: any NodeExecutor],
        clock: any EngineClock = SystemClock(),
        workflows: any WorkflowSource = NoWorkflows(),
        compiler: Compiler? = nil,
        observer: (any CommitObserver)? = nil,
        configuration: EngineConfiguration,
        failStop: @escaping @Sendable (String) -> Void
    ) {
        let (mailbox, feed) = (Mailbox<Request>(), EventFeed())
        let blobThread = SerialThread(named: "baton-blobs")
        (self.mailbox, self.feed, self.blobThread, key) = (mailbox, feed, blobThread, nil)
        (self.store, self.clock, self.configuration) = (store, clock, configuration)
        let reader = RunReader(store: store, blobs: blobs)
        self.reader = reader
        let attempts = Attempts(
            executors: executors,
            blobs: blobs,
            blobThread: blobThread,
            mailbox: mailbox,
            feed: feed,
            fullDiskPause: configuration.fullDiskPause
        )
        self.attempts = attempts
        let dispatcher = Dispatcher(attempts.make)
        self.dispatcher = dispatcher
        preparation = PatchPreparation(reader: reader, compiler: compiler)
        OwnThread(named: "baton-engine") {
            var loop = ShardLoop(
                store: store,
                blobs: blobs,
                reader: reader,
                clock: clock,
                dispatcher: dispatcher,
                feed: feed,
                configuration: configuration,
                failStop: failStop,
                leases: LeaseTable(duration: configuration.lease),
                claims: LeaseTable(duration: ClaimOrder.usualLease),
                random: EntropyPool(),
                workflows: workflows
            )
            loop.compiler = compiler
            loop.observer = observer
            loop.knowsAgents = executors["agent"] != nil
            loop.traits = { executors[$0.kind.name]?.traits(of: $0) ?? ExecutorTraits() }
            loop.run(mailbox)
        }.detach()
    }

    /// The same engine for a request that has a key.
    init(sharing engine: DurableEngine, key: IdempotencyKey) {
        (mailbox, dispatcher, attempts) = (engine.mailbox, engine.dispatcher, engine.attempts)
        (feed, store, clock, blobThread) = (engine.feed, engine.store, engine.clock, engine.blobThread)
        (configuration, preparation, reader) = (engine.configuration, engine.preparation, engine.reader)
        self.key = key
    }

    // MARK: Runs

    /// Starts a run. When it returns the run is durable and goes on whatever happens to this process.
    ///
    /// - Throws: `conflict` (the id is taken by another run), `draining`, `storageFull`, `unavailable`.
    public func start(_ request: StartRequest) async throws(EngineError) -> StartedRun {
        try await ask(limit: configuration.mailboxLimit) { .start(request, $0) }
    }

    /// Stops starting work; attempts in flight finish. Returns the number of the event.
    ///
    /// - Throws: `notFound`, `conflict` when it ended or is paused already.
    public func pause(_ run: RunID, reason: String?, by actor: String) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .pause(reason: reason), actor: actor, $0) }
    }

    /// Goes on after a pause. Returns the number of the event.
    ///
    /// - Throws: `notFound`, `conflict` when it is not paused.
    public func resume(_ run: RunID, by actor: String) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .resume, actor: actor, $0) }
    }

    /// Stops a run for good. Attempts in flight are told to stop and have ``EngineConfiguration/grace`` for it; their
    /// results are refused. With `compensate` what it did is undone then; see ``rollBack(_:to:by:)``. Runs that it
    /// started follow `on_parent_close`.
    ///
    /// - Throws: `notFound`, `conflict` when it ended.
    public func cancel(
        _ run: RunID,
        reason: String?,
        compensate: Bool = false,
        by actor: String
    ) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .cancel(reason: reason, compensate: compensate), actor: actor, $0) }
    }

    /// Stops one task of a run for good; the run goes on. An attempt in flight is told to stop, what is within a loop or map
    /// is stopped, and what needs the task's result is skipped (`upstream_failed`). No failure comes of it.
    ///
    /// - Returns: The number of the last event.
    /// - Throws: `notFound`; `invalid` when there is no such task; `conflict` when the run or the task has ended, the run has
    ///   not begun, or the task undoes something.
    public func cancelTask(
        _ run: RunID,
        _ task: TaskName,
        reason: String?,
        by actor: String
    ) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .cancelTask(task, reason: reason), actor: actor, $0) }
    }

    /// Ends a run at once: attempts in flight are killed as far as that can be done, nothing is undone, and a rollback
    /// ends where it is. Runs that it started and that may not outlive it are terminated too. Returns the number of the
    /// event.
    ///
    /// - Throws: `notFound`, `conflict` when it ended.
    public func terminate(_ run: RunID, reason: String?, by actor: String) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .terminate(reason: reason), actor: actor, $0) }
    }

    /// Undoes what a run did that failed, completed or was cancelled: everything, or with `phase` what completed after
    /// that phase. Returns the number of the event when the rollback is durable; it goes on by itself, and its result is
    /// in ``RollbackReport``.
    ///
    /// - Throws: `notFound`; `conflict` when the run has not ended, was rolled back before, or the phase did not
    ///   complete; `invalid` when there is no such phase.
    public func rollBack(_ run: RunID, to phase: String? = nil, by actor: String) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .rollBack(to: phase), actor: actor, $0) }
    }

    /// Hands a signal to one run or to many; how many took it.
    ///
    /// A run that does not wait for it yet keeps it for 7 days. A second signal with the same `dedupeKey` counts as the
    /// first one.
    /// - Parameter sender: Whose it is; `nil` reaches all. Whether the sender may signal one run that is named is for the
    ///   caller to know.
    /// - Throws: `notFound`, `conflict` when the one run it is for has ended; `invalid` when the payload is larger than
    ///   256 KiB.
    public func signal(
        _ target: SignalTarget,
        type: String,
        key: String? = nil,
        payload: JSONValue = .null,
        dedupeKey: String,
        from sender: SignalSender? = nil,
        by actor: String
    ) async throws(EngineError) -> Int {
        guard !payload.isLargerThan(RunSignal.payloadLimit) else {
            throw EngineError(.invalid, "the payload is larger than \(RunSignal.payloadLimit) bytes")
        }
        let (stored, bytes) = Payload.of(payload)
        if let bytes { _ = try await attempts.put(bytes) }
        let signal = RunSignal(dedupeKey: dedupeKey, type: type, key: key ?? target.key, payload: stored)
        return try await ask { .signal(target, signal, from: sender, actor: actor, $0) }
    }

    /// Changes something of an open run that is not its graph. Returns the number of the event.
    ///
    /// - Throws: `notFound`, `conflict` when it ended, `invalid` for values out of bounds.
    public func update(_ run: RunID, _ change: RunUpdate, by actor: String) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .update(change), actor: actor, $0) }
    }

    /// Sets what may be spent in a scope (spec 8.11): a day or month of a tenant, a tenant, a project, or a run with all
    /// that it starts. What waits for it goes on when it fits.
    ///
    /// - Throws: `notFound`, `conflict` when the run ended, `invalid` for scopes that have no limit of their own.
    public func setBudget(_ scope: BudgetScope, _ limit: BudgetLimit, by actor: String) async throws(EngineError) {
        try await ask { .budget(scope, limit, actor: actor, $0) }
    }

    /// Takes over a run that another process left, or all open runs with `nil`: what was in flight is made again under
    /// a new fence, what completed is not. Returns the runs taken over.
    ///
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func adopt(_ run: RunID?) async throws(EngineError) -> [RunID] {
        try await ask { .adopt(run, $0) }
    }

    /// Suspends until the run ended and its end is durable.
    ///
    /// - Throws: `notFound`, `draining` when the engine is stopped first.
    public func wait(for run: RunID) async throws(EngineError) -> RunRow {
        try await ask { .wait(run, $0) }
    }

    /// Durable events of one run, or of all, from now on. The stream ends when its reader falls 512 events behind or
    /// the engine stops; read on from the store then.
    public func events(of run: RunID?) -> AsyncStream<FeedItem> {
        feed.subscribe(to: run)
    }

    /// Lets the loop look at its clock; for clocks that are moved by hand.
    public func wake() {
        mailbox.wake()
    }

    // MARK: Life

    /// Works until stopped. Call once.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.dispatcher.run() }
            group.addTask { await self.sendHeartbeats() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Stops: no new attempt starts, those in flight get `grace` to finish, then are told to stop and their leases are
    /// handed back. The store is closed when this returns.
    public func stop(grace: Duration) async {
        let end = ContinuousClock.now + grace
        while !dispatcher.held.isEmpty, ContinuousClock.now < end {
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { break }
        }
        // Nothing to do about a failure: leases that were not handed back are lost ones to the next process.
        _ = try? await mailbox.ask { .release($0) } as Void
        dispatcher.stopAll()
        dispatcher.finish()
        feed.finish()
        _ = try? await mailbox.ask { .stop($0) } as Void
    }

    private func sendHeartbeats() async {
        while (try? await Task.sleep(for: configuration.heartbeat)) != nil {
            let held = dispatcher.held
            if !held.isEmpty { _ = mailbox.send(.heartbeat(held)) }
        }
    }

    func ask<Value: Sendable>(
        limit: Int = .max,
        _ request: (@escaping Reply<Value>) -> Request
    ) async throws(EngineError) -> Value {
        try await mailbox.ask(limit: limit) { reply in
            let request = request(reply)
            return key.map { .keyed($0, request) } ?? request
        }
    }
}

extension Mailbox<Request> {
    /// Sends a request and suspends until it is answered.
    func ask<Value: Sendable>(
        limit: Int = .max,
        _ request: (@escaping Reply<Value>) -> Request
    ) async throws(EngineError) -> Value {
        let result: Result<Value, EngineError> = await withCheckedContinuation { continuation in
            let isTaken = send(request { continuation.resume(returning: $0) }, limit: limit)
            if !isTaken {
                let reason = limit == .max ? "the engine stopped" : "more than \(limit) requests wait; try again soon"
                continuation.resume(returning: .failure(EngineError(.draining, reason)))
            }
        }
        return try result.get()
    }
}
