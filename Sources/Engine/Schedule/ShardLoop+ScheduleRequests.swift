// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// How requests about schedules are answered.
extension ShardLoop {
    mutating func apply(_ request: ScheduleRequest, to batch: inout Batch) {
        switch request {
        case .create(let definition, let reply):
            answer(reply, keeping: .schedule, &batch) { loop, batch throws(EngineError) in
                try loop.create(definition, &batch)
            }
        case .command(let id, let command, let reply):
            answer(reply, keeping: .schedule, &batch) { loop, batch throws(EngineError) in
                try loop.tell(id, command, &batch)
            }
        case .trigger(let id, let policy, let reply):
            answer(reply, keeping: .triggered, &batch) { loop, batch throws(EngineError) in
                try loop.trigger(id, policy, &batch)
            }
        case .delete(let id, let reply):
            answer(reply, keeping: .done, &batch) { loop, batch throws(EngineError) in
                try loop.delete(id, &batch)
            }
        case .run(let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.loadSchedules(&batch) }
        }
    }

    private mutating func create(
        _ definition: ScheduleDefinition,
        _ batch: inout Batch
    ) throws(EngineError) -> Schedule {
        try definition.check()
        try refuseWhileReleasing()
        if let known = try find(definition.id, batch) {
            guard known.definition == definition else {
                throw EngineError(.conflict, "\(definition.id) exists and is another schedule")
            }
            return Schedule(known)
        }
        try checkName(definition, batch)
        let machine = ScheduleMachine(definition, now: batch.now)
        schedules[definition.id] = machine
        batch.schedules.insert(definition.id)
        return Schedule(machine)
    }

    private mutating func tell(
        _ id: ScheduleID,
        _ command: ScheduleCommand,
        _ batch: inout Batch
    ) throws(EngineError) -> Schedule {
        if case .change(let definition) = command { try checkName(definition, batch) }
        _ = try ask(id, command, &batch)
        return Schedule(try known(id, batch))
    }

    private mutating func trigger(
        _ id: ScheduleID,
        _ policy: OverlapPolicy?,
        _ batch: inout Batch
    ) throws(EngineError) -> TriggeredRun {
        _ = try ask(id, .trigger(policy), &batch)
        let state = try known(id, batch).state
        let firing = ScheduleFiring(time: state.lastTrigger ?? batch.now, origin: .trigger)
        let run = firing.run(of: id)
        let outcome: TriggeredRun.Outcome =
            if state.open.contains(where: { $0.run == run }) {
                .started
            } else if state.waiting.contains(firing) {
                .waiting
            } else if state.recentSkips.contains(where: { $0.at == batch.now && $0.skip.times.contains(firing.time) }) {
                .skipped
            } else {
                .failed(state.lastFailure?.message ?? "the run could not be started")
            }
        return TriggeredRun(run: run, outcome: outcome)
    }

    /// Also one that cannot be read.
    private mutating func delete(_ id: ScheduleID, _ batch: inout Batch) throws(EngineError) {
        try refuseWhileReleasing()
        if schedules[id] == nil, try row(id, batch) == nil { throw missing(id) }
        schedules[id] = nil
        batch.commit.removedSchedules.append(id)
    }

    /// Hands a command to a schedule, which first sees what happened while it was not in memory.
    private mutating func ask(
        _ id: ScheduleID,
        _ command: ScheduleCommand,
        _ batch: inout Batch
    ) throws(EngineError) -> [ScheduleAction] {
        try refuseWhileReleasing()
        if schedules[id] != nil, !schedules.stale.contains(id) { return try move(id, [command], &batch) }
        let wasKnown = schedules[id] != nil
        schedules[id] = try known(id, batch)
        do throws(EngineError) {
            return try move(id, [.load, command], &batch)
        } catch {
            if !wasKnown { schedules[id] = nil }
            throw error
        }
    }

    private func refuseWhileReleasing() throws(EngineError) {
        guard !isReleasing else { throw EngineError(.draining, "the engine is stopping") }
    }

    private func missing(_ id: ScheduleID) -> EngineError { EngineError(.notFound, "there is no schedule \(id)") }

    private func known(_ id: ScheduleID, _ batch: Batch) throws(EngineError) -> ScheduleMachine {
        guard let machine = try find(id, batch) else { throw missing(id) }
        return machine
    }

    private func find(_ id: ScheduleID, _ batch: Batch) throws(EngineError) -> ScheduleMachine? {
        if let machine = schedules[id] { return machine }
        return try row(id, batch).map { (row) throws(EngineError) in try ScheduleMachine(row) }
    }

    /// What the store has, unless this turn removes it.
    private func row(_ id: ScheduleID, _ batch: Batch) throws(EngineError) -> ScheduleRow? {
        guard !batch.commit.removedSchedules.contains(id) else { return nil }
        do throws(StoreError) {
            return try store.schedule(id)
        } catch {
            throw EngineError(store: error)
        }
    }

    /// The name is free in its tenant, in the store and among the schedules of this turn.
    private func checkName(_ definition: ScheduleDefinition, _ batch: Batch) throws(EngineError) {
        let tenant = definition.ownership.tenant
        let owner: ScheduleID?
        do throws(StoreError) {
            owner = try store.schedule(named: definition.name, in: tenant)?.id
        } catch {
            throw EngineError(store: error)
        }
        let others = batch.schedules.compactMap { schedules[$0]?.definition }
        let isTaken =
            (owner ?? definition.id) != definition.id
            || others.contains { other in
                other.name == definition.name && other.ownership.tenant == tenant && other.id != definition.id
            }
        guard !isTaken else {
            throw EngineError(.conflict, "there is a schedule `\(definition.name)` already")
        }
    }
}
