// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store
internal import Threads

/// The one writer: takes what is in the mailbox, folds it, writes one transaction, and only then answers and
/// dispatches. What arrives during a flush is the next batch; there is no timer that waits for more.
///
/// Lives on a thread of its own and is never touched from another one.
struct ShardLoop {
    let store: any RunStore
    let blobs: any BlobStore
    let reader: RunReader
    let clock: any EngineClock
    let mailbox: Mailbox<Request>
    let dispatcher: Dispatcher
    let feed: EventFeed
    let configuration: EngineConfiguration
    /// Stops the process: a flush failed, so nobody knows what the disk holds.
    let failStop: @Sendable (String) -> Void

    /// States of runs, as the store has them.
    var runs: [Int64: LoadedRun] = [:]
    var keys: [RunID: Int64] = [:]
    var ready = ReadyQueue()
    var leases: LeaseTable
    var timers = TimerQueue()
    /// Ready tasks of runs that have as many tasks in flight as they may.
    var parked: [Int64: [TaskKey]] = [:]
    var inFlight: [Int64: Int] = [:]
    /// Runs this process drives; others are left as they are.
    var adopted: Set<Int64> = []
    var ids = IdentifierSource()
    var random = SystemRandomNumberGenerator()
    var lastRunKey: Int64 = 0
    var lastTimerNumber: Int64 = 0
    var storedDefinitions: Set<String> = []
    var isReleasing = false
    /// Who wants to know when a run ended.
    var waiters: [Int64: [Reply<RunRow>]] = [:]
    /// After a full disk: no timer or lease is looked at before that instant of the monotonic clock.
    var resumeAt: Int64 = 0

    /// A run between turns.
    struct LoadedRun {
        var state: RunState
        /// Tasks that have a row.
        var rows: Set<Int>
    }

    /// Runs until asked to stop.
    mutating func run() {
        do {
            lastRunKey = try store.lastRunKey()
            lastTimerNumber = try store.lastTimerNumber()
        } catch {
            return failStop(error.message)
        }
        while true {
            let requests = mailbox.receive(limit: configuration.batchLimit, timeout: sleepTime())
            var batch = Batch(now: clock.wall())
            for request in requests {
                if case .stop = request { return end() }
                apply(request, to: &batch)
            }
            fireTimers(&batch)
            endLeases(&batch)
            finish(&batch)
            if requests.isEmpty && batch.machines.isEmpty { store.maintain() }
        }
    }

    private mutating func end() {
        for reply in waiters.values.joined() { reply(.failure(EngineError(.draining, "the engine stopped"))) }
        waiters = [:]
        store.close()
    }

    /// How many milliseconds nothing can happen by itself.
    private mutating func sleepTime() -> Int64 {
        let now = clock.monotonic()
        var wait: Int64 = ready.isEmpty || leases.count >= configuration.slots ? 60_000 : 0
        if let fireAt = timers.nextFireAt { wait = min(wait, fireAt.milliseconds - clock.wall().milliseconds) }
        if let at = leases.nextAt { wait = min(wait, at - now) }
        return max(wait, resumeAt - now, 0)
    }

    private mutating func fireTimers(_ batch: inout Batch) {
        guard clock.monotonic() >= resumeAt else { return }
        var budget = 10_000
        while budget > 0, let timer = timers.popDue(at: batch.now) {
            CrashPoint.timerBeforeFire.reach()
            budget -= 1
            batch.commit.removedTimers.append(timer)
            command(.timerFired(node: timer.key.task, kind: timer.kind.subject), on: timer.key.runKey, nil, &batch)
        }
    }

    private mutating func endLeases(_ batch: inout Batch) {
        let now = clock.monotonic()
        guard now >= resumeAt else { return }
        while let (key, fence, due) = leases.popDue(at: now) {
            switch due {
            case .timedOut: command(.attemptTimedOut(node: key.task, fence: fence), on: key.runKey, nil, &batch)
            case .expired:
                command(.attemptLost(node: key.task, fence: fence, isRelease: false), on: key.runKey, nil, &batch)
            }
        }
    }

    /// Folds a command nobody waits for.
    mutating func command(_ command: Command, on key: Int64, _ actor: String?, _ batch: inout Batch) {
        let turn = turn(batch, actor)
        do {
            try open(key, &batch)
            try batch.machines[key]?.handle(command, in: turn)
        } catch {
            // A timer or lease that lost its race, or a run that cannot be read: `explain` names the latter.
        }
    }

    mutating func turn(_ batch: Batch, _ actor: String?) -> Turn {
        Turn(now: batch.now, actor: actor, entropy: random.next())
    }

    /// Brings a run into the batch.
    mutating func open(_ key: Int64, _ batch: inout Batch) throws(EngineError) {
        guard batch.machines[key] == nil else { return }
        let loaded: LoadedRun
        if let known = runs.removeValue(forKey: key) { loaded = known } else { loaded = try load(key) }
        batch.rows[key] = loaded.rows
        batch.machines[key] = RunMachine(loaded.state, turn: Turn(now: batch.now, actor: nil, entropy: 0))
        batch.order.append(key)
    }

    private mutating func load(_ key: Int64) throws(EngineError) -> LoadedRun {
        CrashPoint.recovery.reach()
        let state = try reader.state(ofRun: key)
        do {
            let rows = try store.openTasks(ofRun: key)
            keys[state.id] = key
            return LoadedRun(state: state, rows: Set(rows.map(\.key.task)))
        } catch {
            throw EngineError(store: error)
        }
    }
}

/// What one turn of the loop collects before its commit.
struct Batch {
    let now: Timestamp
    var machines: [Int64: RunMachine] = [:]
    var rows: [Int64: Set<Int>] = [:]
    /// Keys of `machines` in the order they came in.
    var order: [Int64] = []
    /// Runs that the store does not have yet.
    var new: Set<Int64> = []
    var commit = Commit()
    /// Requests to people as they will be, by id.
    var humanTasks: [HumanTaskID: HumanTaskRow] = [:]
    /// Attempts to hand to executors after the commit.
    var starts: [TaskKey] = []
    var stops: [HeldLease] = []
    var blobs: [[UInt8]] = []
    /// Called after the commit, or with the error that prevented it.
    var replies: [(EngineError?) -> Void] = []

    init(now: Timestamp) {
        self.now = now
    }
}

extension TimerKind {
    var subject: Command.TimerSubject {
        switch self {
        case .retry: .retry
        case .wait: .wait
        case .humanExpiry: .humanExpiry
        case .deadline: .deadline
        }
    }
}

extension Command.TimerSubject {
    var kind: TimerKind {
        switch self {
        case .retry: .retry
        case .wait: .wait
        case .humanExpiry: .humanExpiry
        case .deadline: .deadline
        }
    }
}
