// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Store

/// Pauses of workflows, projects, queues and all work. A pause is one row, however many runs it holds: a run that is
/// brought into a turn is told whether it is held, and tasks of a paused queue are set aside when their turn comes.
extension ShardLoop {
    mutating func apply(_ request: PauseRequest, to batch: inout Batch) {
        switch request {
        case .pause(let scope, let reason, let actor, let reply):
            answer(reply, keeping: .pause, &batch) { loop, batch throws(EngineError) in
                try loop.pause(scope, reason, actor, &batch)
            }
        case .resume(let scope, _, let reply):
            answer(reply, keeping: .resumed, &batch) { loop, batch throws(EngineError) in
                try loop.resume(scope, &batch)
            }
        }
    }

    private mutating func pause(
        _ scope: PauseScope,
        _ reason: String?,
        _ actor: String,
        _ batch: inout Batch
    ) throws(EngineError) -> PauseRow {
        guard scope == .all || !scope.name.isEmpty else {
            throw EngineError(.invalid, "a \(scope.kind) without a name cannot be paused")
        }
        if let row = pauses[scope] {
            throw EngineError(.conflict, "\(scope) is paused already: by \(row.by) at \(row.at)")
        }
        let row = PauseRow(scope: scope, by: actor, reason: reason, at: batch.now)
        pauses[scope] = row
        batch.commit.liftedPauses.removeAll { $0 == scope }
        batch.commit.pauses.append(row)
        for run in batch.runs { run.machine.isHeld = pauses.holds(run.state) }
        return row
    }

    private mutating func resume(_ scope: PauseScope, _ batch: inout Batch) throws(EngineError) -> ResumedScope {
        guard let row = pauses[scope] else { throw EngineError(.conflict, "\(scope) is not paused") }
        pauses[scope] = nil
        batch.commit.pauses.removeAll { $0.scope == scope }
        batch.commit.liftedPauses.append(scope)
        if case .queue(let name) = scope {
            return ResumedScope(pause: row, woken: offerAside(queue: name, &batch))
        }
        // What was held is in memory: a run with something ready does not count as waiting.
        let held = runs.values.filter { adopted.contains($0.key) && scope.covers($0.state) && $0.state.mayGoOn }
        let woken = held.filter { !pauses.holds($0.state) }.map(\.key).sorted()
        for key in woken { command(.goOn(all: true), on: key, nil, &batch) }
        return ResumedScope(pause: row, woken: woken.count)
    }

    // MARK: Queues

    /// Sets a task aside whose queue is paused.
    ///
    /// - Returns: Whether it is.
    mutating func setAside(_ task: TaskRef, of run: OpenRun) -> Bool {
        guard !pauses.isEmpty, let queue = run.state.node(task).queueName, pauses.holding(queue: queue) != nil else {
            return false
        }
        aside[queue, default: []].append(TaskKey(run.key, task))
        return true
    }

    private mutating func offerAside(queue: String, _ batch: inout Batch) -> Int {
        var woken: Set<Int64> = []
        for key in aside.removeValue(forKey: queue) ?? [] where adopted.contains(key.runKey) {
            let task = TaskRef(number: key.task)
            // Whatever holds the run besides offers its tasks again when it ends.
            guard let run = attempt({ loop throws(EngineError) in try loop.open(key.runKey, &batch) }),
                run.machine.canStart(task)
            else { continue }
            offer(task, of: run)
            woken.insert(key.runKey)
        }
        return woken.count
    }
}

extension PauseScope {
    /// It holds the run as a whole.
    func covers(_ run: RunState) -> Bool {
        switch self {
        case .all: true
        case .project(let name): run.sharingPrefix + run.project == name
        case .workflow(let name): run.sharingPrefix + run.graph.name == name
        case .queue: false
        }
    }
}

extension RunState {
    /// Something of it may begin when nothing holds it.
    var mayGoOn: Bool {
        !status.isTerminal && status != .paused
            && (status == .queued || count(.ready) + heldByBudget > 0 || !loops.isEmpty || !maps.isEmpty)
    }
}
