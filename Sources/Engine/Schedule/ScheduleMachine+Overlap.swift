// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// What one turn of a schedule collects.
struct ScheduleTurn {
    let now: Timestamp
    var actions: [ScheduleAction] = []
    private var left = ScheduleMachine.budget

    init(now: Timestamp) {
        self.now = now
    }

    /// One firing more is looked at; `false` when that has to wait for the next turn.
    mutating func take() -> Bool {
        guard left > 0 else {
            isOver = true
            return false
        }
        left -= 1
        return true
    }

    /// There was more to do than one turn may.
    private(set) var isOver = false
}

/// What becomes of a firing, as the policies say.
extension ScheduleMachine {
    /// A firing's time has come.
    mutating func arrive(
        _ firing: ScheduleFiring,
        _ policy: OverlapPolicy,
        _ turn: inout ScheduleTurn,
        _ lookup: Lookup
    ) throws(EngineError) {
        guard !state.waiting.contains(where: { $0.isSame(as: firing) }), try isNew(firing, lookup) else { return }
        if state.open.isEmpty { return start(firing, &turn) }
        switch policy {
        case .skip: skip(.overlap, firing, &turn)
        case .bufferOne: wait(firing, limit: 1, .overlap, &turn)
        case .bufferAll: wait(firing, limit: ScheduleState.limit, .full, &turn)
        case .cancelOther:
            dropWaiting(&turn)
            cancelOpen(&turn)
            state.waiting = [firing]
        case .terminateOther:
            dropWaiting(&turn)
            for open in state.open { turn.actions.append(.terminate(open.run)) }
            state.open = []
            start(firing, &turn)
        case .allowAll:
            if state.open.count < ScheduleState.limit { start(firing, &turn) } else { skip(.full, firing, &turn) }
        }
    }

    /// Starts what waited for an end.
    mutating func startWaiting(_ turn: inout ScheduleTurn, _ lookup: Lookup) throws(EngineError) {
        while state.open.isEmpty, let index = state.waiting.firstIndex(where: mayStart), turn.take() {
            let firing = state.waiting.remove(at: index)
            if try isNew(firing, lookup) { start(firing, &turn) }
        }
    }

    /// Starts what backfills want, when nothing else does.
    mutating func startBackfills(_ turn: inout ScheduleTurn, _ lookup: Lookup) throws(EngineError) {
        while !state.isPaused, let backfill = state.backfills.first,
            state.open.count < (backfill.isParallel ? ScheduleState.limit : 1)
        {
            guard let time = definition.timing.next(after: backfill.handled), time <= backfill.through else {
                state.backfills.removeFirst()
                continue
            }
            guard turn.take() else { return }
            state.backfills[0].handled = time
            let firing = ScheduleFiring(time: time, origin: .backfill)
            if try isNew(firing, lookup) { start(firing, backfill: backfill.number, &turn) }
        }
    }

    /// While paused only what somebody asked for starts.
    private func mayStart(_ firing: ScheduleFiring) -> Bool { !state.isPaused || firing.origin == .trigger }

    /// The firing has no run. One that is open and that the schedule does not know of becomes known.
    private mutating func isNew(_ firing: ScheduleFiring, _ lookup: Lookup) throws(EngineError) -> Bool {
        let run = firing.run(of: definition.id)
        guard !state.open.contains(where: { $0.run == run }) else { return false }
        switch try lookup(run) {
        case .absent: return true
        case .ended: return false
        case .open:
            state.open.append(.init(run: run, firing: firing))
            return false
        }
    }

    private mutating func start(_ firing: ScheduleFiring, backfill: Int? = nil, _ turn: inout ScheduleTurn) {
        let run = firing.run(of: definition.id)
        state.open.append(.init(run: run, firing: firing, backfill: backfill))
        state.started += 1
        state.recent.append(.init(run: run, firing: firing, at: turn.now))
        if state.recent.count > ScheduleState.recentLimit { state.recent.removeFirst() }
        turn.actions.append(.start(firing, run: run))
    }

    private mutating func wait(
        _ firing: ScheduleFiring,
        limit: Int,
        _ reason: ScheduleSkip.Reason,
        _ turn: inout ScheduleTurn
    ) {
        if state.waiting.count < limit { state.waiting.append(firing) } else { skip(reason, firing, &turn) }
    }

    private mutating func dropWaiting(_ turn: inout ScheduleTurn) {
        for firing in state.waiting { skip(.overlap, firing, &turn) }
        state.waiting = []
    }

    private mutating func cancelOpen(_ turn: inout ScheduleTurn) {
        for index in state.open.indices where !state.open[index].isStopping {
            state.open[index].isStopping = true
            turn.actions.append(.cancel(state.open[index].run))
        }
    }

    // MARK: Leaving out

    mutating func skip(_ reason: ScheduleSkip.Reason, _ firing: ScheduleFiring, _ turn: inout ScheduleTurn) {
        skip(reason, firing.time...firing.time, &turn)
    }

    /// Counts firings that are left out; those that follow each other for the same reason are one action.
    mutating func skip(
        _ reason: ScheduleSkip.Reason,
        _ times: ClosedRange<Timestamp>,
        count: Int = 1,
        _ turn: inout ScheduleTurn
    ) {
        state.skipped[reason, default: 0] += count
        let isAtLeast = count == ScheduleSkip.countLimit
        guard case .skip(var last) = turn.actions.last, last.reason == reason, last.isAtLeast == isAtLeast else {
            return turn.actions.append(
                .skip(ScheduleSkip(reason: reason, count: count, isAtLeast: isAtLeast, times: times))
            )
        }
        last.count += count
        last.times = min(last.times.lowerBound, times.lowerBound)...max(last.times.upperBound, times.upperBound)
        turn.actions[turn.actions.count - 1] = .skip(last)
    }
}

extension ScheduleFiring {
    /// Both start the same run.
    fileprivate func isSame(as other: Self) -> Bool {
        time == other.time && (origin == .trigger) == (other.origin == .trigger)
    }
}
