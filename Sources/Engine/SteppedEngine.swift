// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import Model
public import Store

/// The engine without threads: its owner decides when it takes a turn, and makes the attempts.
///
/// The same loop as in ``DurableEngine``, over stores, clock and random bits that the owner gives, so that everything
/// that can happen to it can be made to happen, in the same order again. Not safe to use from several threads at once.
/// Answers are given during ``turn()``.
public final class SteppedEngine {
    var loop: ShardLoop
    var requests: [Request] = []
    private let outbox: OfferedAttempts
    private let feed = EventFeed()

    /// - Parameters:
    ///   - seed: Where the random bits come from.
    ///   - traits: What executors say about the calls of a node.
    ///   - failStop: Called when a flush failed; the owner must drop the engine then.
    public init(
        store: any RunStore,
        blobs: any BlobStore,
        clock: any EngineClock,
        workflows: any WorkflowSource = NoWorkflows(),
        compiler: Compiler? = nil,
        configuration: EngineConfiguration,
        seed: UInt64,
        traits: @escaping @Sendable (Graph.Node) -> ExecutorTraits = { _ in ExecutorTraits() },
        failStop: @escaping @Sendable (String) -> Void
    ) {
        outbox = OfferedAttempts()
        loop = ShardLoop(
            store: store,
            blobs: blobs,
            reader: RunReader(store: store, blobs: blobs),
            clock: clock,
            dispatcher: outbox,
            feed: feed,
            configuration: configuration,
            failStop: failStop,
            leases: LeaseTable(duration: configuration.lease),
            claims: LeaseTable(duration: ClaimOrder.usualLease),
            random: EntropyPool(seed: seed),
            workflows: workflows
        )
        loop.compiler = compiler
        loop.traits = traits
    }

    /// Reads the stores; call once, before the first turn. False when they cannot be read.
    public func open() -> Bool {
        loop.prepare()
    }

    /// Milliseconds in which nothing happens by itself; 0 when a turn has something to do.
    public var idleTime: Int64 {
        requests.isEmpty ? loop.sleepTime() : 0
    }

    /// The runs in memory, by key: the store's small numbers for them.
    public var runsInMemory: [(key: Int64, state: RunState)] {
        loop.runs.sorted { $0.key < $1.key }.map { ($0.key, $0.value.state) }
    }

    /// One turn: folds all requests and what is due, commits, answers, and hands out attempts.
    ///
    /// - Returns: Attempts to make, and leases of attempts that have to stop.
    public func turn() -> (starts: [Assignment], stops: [AttemptLease]) {
        let taken = requests
        requests = []
        _ = loop.turn(taken)
        return outbox.take()
    }

    // MARK: Requests

    /// See ``DurableEngine/start(_:)``.
    public func start(_ request: StartRequest, _ reply: @escaping @Sendable (Result<StartedRun, EngineError>) -> Void) {
        requests.append(.start(request, reply))
    }

    /// See ``DurableEngine/derive(_:)``.
    public func derive(
        _ request: DeriveRequest,
        _ reply: @escaping @Sendable (Result<StartedRun, EngineError>) -> Void
    ) {
        requests.append(.again(.derive(request, reply)))
    }

    /// See ``DurableEngine/patch(_:_:by:)``.
    public func patch(
        _ run: RunID,
        _ request: PatchRequest,
        by actor: String,
        _ reply: @escaping @Sendable (Result<PatchRecord, EngineError>) -> Void
    ) {
        requests.append(.patch(.patch(.run(run), request, nil, actor: actor, reply)))
    }

    /// See ``ExecutionControl/propose(_:)``.
    public func propose(
        _ lease: AttemptLease,
        _ request: PatchRequest,
        _ reply: @escaping @Sendable (Result<PatchRecord, EngineError>) -> Void
    ) {
        requests.append(.patch(.patch(.attempt(lease.held), request, nil, actor: "task", reply)))
    }

    /// Asks something of a run.
    public func control(
        _ run: RunID,
        _ command: Command,
        by actor: String,
        _ reply: @escaping @Sendable (Result<Int64, EngineError>) -> Void
    ) {
        requests.append(.control(run, command, actor: actor, reply))
    }

    /// See ``DurableEngine/decide(_:approve:comment:by:)``.
    public func decide(
        _ id: HumanTaskID,
        approve: Bool,
        comment: String?,
        by actor: String,
        _ reply: @escaping @Sendable (Result<HumanTaskRow, EngineError>) -> Void
    ) {
        requests.append(.person(id, .decide(agrees: approve, comment: comment), actor: actor, reply))
    }

    /// Does something with a request to people; see ``DurableEngine/answer(_:_:by:)`` and its neighbours.
    public func person(
        _ id: HumanTaskID,
        _ action: PersonAction,
        by actor: String,
        _ reply: @escaping @Sendable (Result<HumanTaskRow, EngineError>) -> Void
    ) {
        requests.append(.person(id, .action(action), actor: actor, reply))
    }

    /// See ``DurableEngine/signal(_:type:key:payload:dedupeKey:by:)``.
    public func signal(
        _ target: SignalTarget,
        _ signal: RunSignal,
        from sender: SignalSender? = nil,
        by actor: String,
        _ reply: @escaping @Sendable (Result<Int, EngineError>) -> Void
    ) {
        requests.append(.signal(target, signal, from: sender, actor: actor, reply))
    }

    /// See ``DurableEngine/adopt(_:)``.
    public func adopt(_ run: RunID?, _ reply: @escaping @Sendable (Result<[RunID], EngineError>) -> Void) {
        requests.append(.adopt(run, reply))
    }

    /// An attempt is over; a large output is put into the blob store first.
    ///
    /// - Throws: When a value could not be stored; the attempt is not over then.
    public func attemptEnded(
        _ lease: AttemptLease,
        _ outcome: AttemptOutcome,
        blobs: any BlobStore
    ) throws(StoreError) {
        let result: AttemptResult
        switch outcome {
        case .completed(let value, let log, _):
            let (payload, bytes) = Payload.of(value)
            if let bytes { _ = try blobs.put(bytes) }
            result = .completed(
                payload,
                log: try log.map { text throws(StoreError) in try blobs.put(Array(text.utf8)) }
            )
        case .failed(let error, let log, _):
            result = .failed(error, log: try log.map { text throws(StoreError) in try blobs.put(Array(text.utf8)) })
        case .starved(let cost): result = .starved(cost)
        case .awaits(let until): result = .awaits(until: until)
        case .asks(let approval):
            let (subject, bytes) = Payload.of(approval.subject)
            if let bytes { _ = try blobs.put(bytes) }
            result = .asks(PreparedApproval(approval, subject: subject))
        case .checked(let evidence): result = .checked(evidence)
        }
        requests.append(.attemptEnded(lease.held, result, outcome.usage))
    }

    /// See ``ExecutionControl/record(_:)``; values are not put into the blob store, however large they are.
    public func record(
        _ changes: [StepChange],
        of lease: AttemptLease,
        _ reply: @escaping @Sendable (Result<StepReceipt, EngineError>) -> Void
    ) {
        let prepared = changes.map { change -> PreparedStep in
            switch change {
            case .begin(let kind, let name, let request, let cost, let consent):
                .begin(kind, name: name, request: .inline(request), cost: cost, consent: consent)
            case .end(let number, let result, let usage): .end(number, result: .inline(result), usage: usage)
            case .handOver(let number, let ticket): .handOver(number, ticket: ticket)
            }
        }
        requests.append(.steps(prepared, lease.held, reply))
    }

    /// See ``CheckChange``.
    public func recordChecks(
        _ changes: [CheckChange],
        of lease: AttemptLease,
        _ reply: @escaping @Sendable (Result<CheckReceipt, EngineError>) -> Void
    ) {
        requests.append(.checks(changes, lease.held, reply))
    }

    /// The attempts are alive.
    public func heartbeat(_ leases: [AttemptLease]) {
        requests.append(.heartbeat(leases.map(\.held)))
    }

    /// See ``DurableEngine/setBudget(_:_:by:)``.
    public func setBudget(
        _ scope: BudgetScope,
        _ limit: BudgetLimit,
        by actor: String,
        _ reply: @escaping @Sendable (Result<Void, EngineError>) -> Void
    ) {
        requests.append(.budget(scope, limit, actor: actor, reply))
    }

    /// What is held at this moment: permits, places in lines, reservations. All 0 when every run has ended.
    var heldThings: [String: Int] {
        [
            "claims": loop.limits.claims.count, "permits": loop.limits.permits.count,
            "waiting for permits": loop.limits.waiters.count, "waiting for tokens": loop.rates.waiting,
            "delayed": loop.delays.count, "waiting for money": loop.budgets.waiting,
            "reservations": loop.ledger.openReservations.count, "leases": loop.leases.count,
            "outside": loop.claims.count,
        ]
    }

    /// Hands back every lease, as a process does that stops.
    public func release(_ reply: @escaping @Sendable (Result<Void, EngineError>) -> Void) {
        requests.append(.release(reply))
    }
}

/// Names one attempt to the engine that gave it out.
public struct AttemptLease: Hashable, Sendable {
    let held: HeldLease

    /// The number that makes the lease exclusive.
    public var fence: Int64 { held.fence }
    /// The run and the task.
    public var task: TaskKey { held.key }
}

extension Assignment {
    /// Names the attempt when its result is handed in.
    public var attemptLease: AttemptLease { AttemptLease(held: lease) }
}

/// Keeps what the loop hands out until its owner takes it.
private final class OfferedAttempts: AttemptDispatch, @unchecked Sendable {
    // Used by the owner of one ``SteppedEngine`` only, which is not shared between threads.
    private var running: Set<HeldLease> = []
    private var starts: [Assignment] = []
    private var stops: [AttemptLease] = []

    var held: [HeldLease] { Array(running) }

    func start(_ assignment: Assignment) {
        running.insert(assignment.lease)
        starts.append(assignment)
    }

    func stop(_ lease: HeldLease, grace: Duration?) {
        stops.append(AttemptLease(held: lease))
    }

    func forget(_ lease: HeldLease) {
        running.remove(lease)
    }

    func take() -> (starts: [Assignment], stops: [AttemptLease]) {
        defer { (starts, stops) = ([], []) }
        return (starts, stops)
    }
}
