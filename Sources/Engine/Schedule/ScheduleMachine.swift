// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// Decides what one schedule does. Pure: the same state, command, time and runs give the same actions.
///
/// A firing starts at most one run. Two things see to that: the state that says so is written in the commit that starts
/// the run, and the run's id follows from the firing, so that one that was started is found even if the clock went back.
struct ScheduleMachine: Sendable {
    /// Looks a run up: in the store, and among those that were started in the same turn.
    typealias Lookup = (RunID) throws(EngineError) -> ScheduledRun

    /// How many firings are looked at in one turn.
    static let budget = 200
    /// A step back of the clock up to that is waited for; after a larger one the schedule follows the clock.
    private static let patience = Duration.seconds(3600)

    /// What it starts and when.
    private(set) var definition: ScheduleDefinition
    /// How far it got.
    var state: ScheduleState
    /// When it has to be woken; in the past when there is more to do at once. `nil` when only a request can move it.
    private(set) var nextWake: Timestamp?

    /// A new schedule; the first firing is the first one after it was made, however long that has taken since.
    init(_ definition: ScheduleDefinition, now: Timestamp) {
        self.init(definition, state: ScheduleState(now: min(definition.createdAt, now)), nextWake: nil)
        nextWake = self.wakeTime
    }

    /// A schedule as it was stored.
    init(_ definition: ScheduleDefinition, state: ScheduleState, nextWake: Timestamp?) {
        self.definition = definition
        self.state = state
        self.nextWake = nextWake
    }

    /// Takes a command.
    ///
    /// After a step back of the clock every schedule has to be woken, whatever it asked for.
    /// - Returns: What has to be done.
    /// - Throws: `conflict` (paused already, not paused, too many backfills), `invalid` (a backfill without firings or
    ///   into the future, a definition that does not hold), and what `lookup` throws. The machine is as it was then.
    mutating func handle(
        _ command: ScheduleCommand,
        at now: Timestamp,
        _ lookup: Lookup
    ) throws(EngineError) -> [ScheduleAction] {
        var next = self
        var turn = ScheduleTurn(now: now)
        try next.take(command, &turn, lookup)
        try next.startWaiting(&turn, lookup)
        try next.startBackfills(&turn, lookup)
        next.nextWake = turn.isOver ? now : next.wakeTime
        next.rememberSkips(turn)
        self = next
        return turn.actions
    }

    private mutating func take(
        _ command: ScheduleCommand,
        _ turn: inout ScheduleTurn,
        _ lookup: Lookup
    ) throws(EngineError) {
        // Ends, and what waited for them, come before what became due.
        switch command {
        case .load: try forgetEndedRuns(lookup)
        case .runEnded(let run): state.open.removeAll { $0.run == run }
        case .startFailed(let run, let message): fail(run, message, turn.now)
        case .wake, .pause, .resume, .trigger, .backfill, .change: break
        }
        try startWaiting(&turn, lookup)
        try fireDue(&turn, lookup)
        switch command {
        case .load, .wake, .runEnded, .startFailed: break
        case .pause(let note, let actor): try pause(note, actor)
        case .resume(let note): try resume(note)
        case .trigger(let policy): try trigger(policy ?? definition.overlap, &turn, lookup)
        case .backfill(let from, let to, let isParallel): try backfill(from, to, isParallel, turn.now)
        case .change(let changed): try change(changed, turn.now)
        }
    }

    private mutating func rememberSkips(_ turn: ScheduleTurn) {
        for case .skip(let skip) in turn.actions { state.recentSkips.append(.init(skip: skip, at: turn.now)) }
        state.recentSkips.removeFirst(max(0, state.recentSkips.count - ScheduleState.recentLimit))
    }

    private mutating func forgetEndedRuns(_ lookup: Lookup) throws(EngineError) {
        var open: [ScheduleState.OpenRun] = []
        for run in state.open {
            if try lookup(run.run) == .open { open.append(run) }
        }
        state.open = open
    }

    /// A backfill ends with its first failure: the others would fail likewise.
    private mutating func fail(_ run: RunID, _ message: String, _ now: Timestamp) {
        guard let index = state.open.firstIndex(where: { $0.run == run }) else { return }
        let failed = state.open.remove(at: index)
        state.backfills.removeAll { $0.number == failed.backfill }
        state.recent.removeAll { $0.run == run }
        state.started -= 1
        state.failed += 1
        state.lastFailure = ScheduleState.Failure(at: now, message: message)
    }

    // MARK: Requests

    private mutating func pause(_ note: String?, _ actor: String?) throws(EngineError) {
        guard !state.isPaused else { throw EngineError(.conflict, "schedule \(definition.name) is paused already") }
        state.isPaused = true
        state.pausedBy = actor
        state.note = note
    }

    private mutating func resume(_ note: String?) throws(EngineError) {
        guard state.isPaused else { throw EngineError(.conflict, "schedule \(definition.name) is not paused") }
        state.isPaused = false
        state.pausedBy = nil
        state.note = note
    }

    private mutating func trigger(
        _ policy: OverlapPolicy,
        _ turn: inout ScheduleTurn,
        _ lookup: Lookup
    ) throws(EngineError) {
        // Two in one millisecond, or with a clock that went back, are still two.
        let time = max(turn.now, state.lastTrigger.map { $0 + .milliseconds(1) } ?? turn.now)
        state.lastTrigger = time
        try arrive(ScheduleFiring(time: time, origin: .trigger), policy, &turn, lookup)
    }

    private mutating func backfill(
        _ from: Timestamp,
        _ to: Timestamp,
        _ isParallel: Bool,
        _ now: Timestamp
    ) throws(EngineError) {
        guard to <= now else {
            throw EngineError(.invalid, "a backfill ends in the past; \(to) is in the future")
        }
        guard state.backfills.count < ScheduleState.backfillLimit else {
            throw EngineError(.conflict, "schedule \(definition.name) has \(state.backfills.count) backfills to do")
        }
        // Later firings come by themselves.
        let through = min(to, state.handled)
        let before = Timestamp(milliseconds: from.milliseconds &- 1)
        guard let first = definition.timing.next(after: before), from <= to, first <= through else {
            throw EngineError(.invalid, "schedule \(definition.name) has no past firing from \(from) to \(to)")
        }
        state.lastBackfill += 1
        state.backfills.append(
            .init(number: state.lastBackfill, handled: before, through: through, isParallel: isParallel)
        )
    }

    private mutating func change(_ changed: ScheduleDefinition, _ now: Timestamp) throws(EngineError) {
        guard changed.id == definition.id, changed.createdAt == definition.createdAt else {
            throw EngineError(.invalid, "the id of a schedule and when it was made never change")
        }
        try changed.check()
        // What the new timing says of the past is not made up for.
        if changed.timing != definition.timing { state.handled = max(state.handled, now) }
        definition = changed
    }

    // MARK: Firings

    /// Deals with the firings whose time has come.
    private mutating func fireDue(_ turn: inout ScheduleTurn, _ lookup: Lookup) throws(EngineError) {
        // The clock had been ahead. What it made start then is found by its id and not started again.
        if state.handled - turn.now > Self.patience { state.handled = turn.now }
        if state.isPaused { return leaveOut(through: turn.now, .paused, &turn) }
        let earliest = Timestamp(milliseconds: turn.now.milliseconds - definition.catchUp.milliseconds)
        // Runs may start as late as the jitter allows, so only what is earlier than that is surely too late.
        let surelyLate = earliest.milliseconds - definition.jitter.milliseconds - 1
        leaveOut(through: Timestamp(milliseconds: surelyLate), .late, &turn)
        while let time = definition.timing.next(after: state.handled) {
            let start = definition.start(of: time)
            guard start <= turn.now, turn.take() else { return }
            state.handled = time
            let firing = ScheduleFiring(time: time, origin: .timing)
            if start < earliest {
                skip(.late, firing, &turn)
            } else if definition.overlap.prefersNewest, wakeTime.map({ $0 <= turn.now }) ?? false {
                // The next one would end its run at once.
                skip(.overlap, firing, &turn)
            } else {
                try arrive(firing, definition.overlap, &turn, lookup)
            }
        }
    }

    /// Leaves out all firings up to a time; however many there are, it costs no more than counting to a limit.
    private mutating func leaveOut(through end: Timestamp, _ reason: ScheduleSkip.Reason, _ turn: inout ScheduleTurn) {
        guard state.handled < end else { return }
        let limit = ScheduleSkip.countLimit
        let count = definition.timing.count(after: state.handled, through: end, limit: limit)
        if count > 0 { skip(reason, state.handled...end, count: count, &turn) }
        state.handled = end
    }

    private var wakeTime: Timestamp? {
        guard !state.isPaused, let next = definition.timing.next(after: state.handled) else { return nil }
        return definition.start(of: next)
    }
}

extension OverlapPolicy {
    /// A firing ends the runs of those before it.
    fileprivate var prefersNewest: Bool { self == .cancelOther || self == .terminateOther }
}
