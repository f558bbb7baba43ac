// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// Schedules in the loop: what one does is written in the commit that says how far it got, so a firing starts one run
/// whatever happens in between.
extension ShardLoop {
    /// How many schedules are woken in one turn; others are, in the next one.
    private static let wakeLimit = 100
    /// How long it takes until a schedule is tried again when the published workflows cannot be read.
    private static let patience: Int64 = 10_000

    // MARK: Time

    /// Wakes the schedules whose time has come, and all of them when the clock was set back.
    mutating func wakeSchedules(_ batch: inout Batch) {
        guard schedules.isDriven, !isReleasing, clock.monotonic() >= resumeAt else { return }
        if let at = schedules.loadAt, clock.monotonic() >= at {
            // What cannot be read yet is tried again; what is damaged was told when schedules began to fire.
            if (try? loadSchedules(&batch)) == nil { schedules.loadAt = clock.monotonic() + Self.patience }
        }
        let isSetBack = batch.now < schedules.lastTurn
        schedules.lastTurn = batch.now
        if isSetBack {
            for id in schedules.all where !schedules.stale.contains(id) { wake(id, .wake, &batch) }
        } else if let at = schedules.nextWake, at <= batch.now {
            for id in schedules.due(at: batch.now).prefix(Self.wakeLimit) { wake(id, .wake, &batch) }
        }
    }

    /// Milliseconds until a schedule has to be looked at.
    mutating func scheduleWait(_ now: Int64) -> Int64? {
        guard schedules.isDriven, !isReleasing else { return nil }
        let load = schedules.loadAt.map { $0 - now }
        let wake = schedules.nextWake.map { $0.milliseconds - clock.wall().milliseconds }
        guard let load, let wake else { return load ?? wake }
        return min(load, wake)
    }

    /// Reads the schedules that are not in memory and deals with what was due while nothing ran.
    ///
    /// - Returns: Why some of them cannot be read. They must not keep the others from firing.
    mutating func loadSchedules(_ batch: inout Batch) throws(EngineError) -> [EngineError] {
        let rows: [ScheduleRow]
        do throws(StoreError) {
            rows = try store.schedules()
        } catch {
            throw EngineError(store: error)
        }
        schedules.isDriven = true
        schedules.loadAt = nil
        for id in schedules.takeStale() { wake(id, .load, &batch) }
        var problems: [EngineError] = []
        for row in rows where schedules[row.id] == nil && !batch.commit.removedSchedules.contains(row.id) {
            do {
                schedules[row.id] = try ScheduleMachine(row)
                wake(row.id, .load, &batch)
            } catch {
                problems.append(error)
            }
        }
        return problems
    }

    /// Hands a command of the engine itself to a schedule.
    private mutating func wake(_ id: ScheduleID, _ command: ScheduleCommand, _ batch: inout Batch) {
        do {
            _ = try move(id, [command], &batch)
        } catch {
            // The store or what is published cannot be read now. What is missed meanwhile can be seen there later.
            setAside(id)
        }
    }

    private mutating func setAside(_ id: ScheduleID) {
        schedules.setAside(id, until: clock.monotonic() + Self.patience)
    }

    // MARK: Ends

    /// Tells the schedule of a run that ended in this turn.
    mutating func notifySchedule(of run: OpenRun, _ batch: inout Batch) {
        guard let id = run.state.schedule, run.state.status.isTerminal, !run.hasToldSchedule, !isReleasing else {
            return
        }
        run.hasToldSchedule = true
        // One that is not in memory looks for ends when it is read.
        if schedules[id] != nil, !schedules.stale.contains(id) { wake(id, .runEnded(run.state.id), &batch) }
    }

    // MARK: Moving

    /// Hands commands to a schedule and does what it says. When that fails nothing has happened.
    ///
    /// - Returns: What it did.
    mutating func move(
        _ id: ScheduleID,
        _ commands: [ScheduleCommand],
        _ batch: inout Batch
    ) throws(EngineError) -> [ScheduleAction] {
        guard let before = schedules[id] else { throw EngineError(.notFound, "there is no schedule \(id)") }
        var machine = before
        var actions: [ScheduleAction] = []
        for command in commands {
            actions += try machine.handle(command, at: batch.now) { (run) throws(EngineError) in
                try scheduledRun(run)
            }
        }
        let workflow = try actions.contains(where: \.isStart) ? resolved(machine.definition) : nil
        if actions.isEmpty, machine.state == before.state, machine.nextWake == before.nextWake,
            machine.definition == before.definition
        {
            return []
        }
        schedules[id] = machine
        batch.schedules.insert(id)
        perform(actions, of: id, workflow, &batch)
        return actions
    }

    /// What its next runs are, or why there can be none.
    ///
    /// - Throws: `unavailable`, `storageFull`: it may be different later.
    private func resolved(_ definition: ScheduleDefinition) throws(EngineError) -> Result<ScheduledStart, EngineError> {
        do throws(EngineError) {
            let workflow = try workflows.workflow(definition.workflow, for: definition.ownership)
            let inputs = try checked(definition.inputs, of: workflow.graph)
            return .success(ScheduledStart(workflow: workflow, inputs: inputs, ownership: definition.ownership))
        } catch {
            guard error.code != .unavailable, error.code != .storageFull else { throw error }
            return .failure(error)
        }
    }

    private func resolved(of id: ScheduleID) throws(EngineError) -> Result<ScheduledStart, EngineError> {
        guard let machine = schedules[id] else { throw EngineError(.notFound, "there is no schedule \(id)") }
        return try resolved(machine.definition)
    }

    private mutating func perform(
        _ actions: [ScheduleAction],
        of id: ScheduleID,
        _ workflow: Result<ScheduledStart, EngineError>?,
        _ batch: inout Batch
    ) {
        var workflow = workflow
        var queue = actions[...]
        while let action = queue.popFirst() {
            switch action {
            case .start(_, let run):
                do throws(EngineError) {
                    let order = if let workflow { workflow } else { try resolved(of: id) }
                    workflow = order
                    try start(try order.get(), as: run, for: id, &batch)
                } catch {
                    queue += follow(id, .startFailed(run, message: error.message), &batch)
                }
            case .cancel(let run):
                if !end(run, .cancel(reason: "the next run of its schedule starts"), of: id, &batch) {
                    queue += follow(id, .runEnded(run), &batch)
                }
            case .terminate(let run):
                _ = end(run, .terminate(reason: "the next run of its schedule started"), of: id, &batch)
            case .skip:
                break  // In the schedule's state.
            }
        }
    }

    /// What a schedule does because of what became of its actions.
    private mutating func follow(
        _ id: ScheduleID,
        _ command: ScheduleCommand,
        _ batch: inout Batch
    ) -> [ScheduleAction] {
        guard var machine = schedules[id] else { return [] }
        do throws(EngineError) {
            let actions = try machine.handle(command, at: batch.now) { (run) throws(EngineError) in
                try scheduledRun(run)
            }
            schedules[id] = machine
            return actions
        } catch {
            if error.code == .unavailable { brokenRead = brokenRead ?? error }
            setAside(id)
            return []
        }
    }

    private mutating func start(
        _ order: ScheduledStart,
        as run: RunID,
        for id: ScheduleID,
        _ batch: inout Batch
    ) throws(EngineError) {
        let (graph, source) = (order.workflow.graph, order.workflow.source)
        var request = StartRequest(graph: graph, source: source, inputs: order.inputs, id: run, actor: "schedule:\(id)")
        request.ownership = order.ownership
        _ = try start(request, schedule: id, &batch)
    }

    /// Ends a run of a schedule; false when its end was told before, or never will be.
    private mutating func end(
        _ id: RunID,
        _ order: Command,
        of schedule: ScheduleID,
        _ batch: inout Batch
    ) -> Bool {
        // One that cannot be read never goes on.
        let found = attempt { loop throws(EngineError) in try loop.open(try loop.key(of: id), &batch) }
        guard let run = found else { return false }
        do throws(Refusal) {
            try run.machine.handle(order, in: turn(batch, "schedule:\(schedule)"))
            return true
        } catch {
            // It may be undoing its work, and ends after that.
            return !run.state.status.isTerminal
        }
    }

    /// What became of a run, also of one that was started or ended in this turn.
    private func scheduledRun(_ id: RunID) throws(EngineError) -> ScheduledRun {
        guard let key = try knownKey(of: id) else { return .absent }
        if let run = runs[key] { return run.state.status.isTerminal ? .ended : .open }
        do throws(StoreError) {
            guard let row = try store.run(key: key) else { return .absent }
            return row.status.isTerminal ? .ended : .open
        } catch {
            throw EngineError(store: error)
        }
    }

    // MARK: Rows

    /// How far the schedules of this turn got is written with what they did.
    func collectSchedules(_ batch: inout Batch) {
        guard !batch.schedules.isEmpty else { return }
        for id in batch.schedules.sorted() {
            if let machine = schedules[id] { batch.commit.schedules.append(machine.row) }
        }
    }
}

/// The workflow that a schedule names, as it is now.
private struct ScheduledStart {
    let workflow: ResolvedWorkflow
    let inputs: JSONObject
    let ownership: Ownership
}

extension ScheduleAction {
    fileprivate var isStart: Bool {
        if case .start = self { true } else { false }
    }
}
