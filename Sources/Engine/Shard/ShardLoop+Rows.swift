// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model
internal import Store

/// What a turn writes: the log, and the rows that are derived from it.
///
/// Log, timers, requests to people and messages are written at once. The rows of runs and tasks are only for those who
/// look from outside; the log can rebuild them. They are written with a change of status, and otherwise may lag behind
/// by ``EngineConfiguration/rowLag``: a run whose steps are quick then costs two pages a step instead of four.
extension ShardLoop {
    mutating func collect(_ run: OpenRun, _ batch: inout Batch) {
        run.lastEventAt = batch.now
        var encoder = EventEncoder(graph: run.state.graph)
        for event in run.machine.events {
            encoder.append(event)
            collectMessage(event, run, &batch)
            collectLetters(event, run, &batch)
            collectTurn(event, run, &batch)
        }
        collectRequests(run, &batch)
        let count = run.machine.events.count
        let first = run.state.ownSequence - Int64(count) + 1
        let body = encoder.finish()
        batch.commit.records.append(
            LogRecord(runKey: run.key, firstSequence: first, count: count, at: batch.now, body: body)
        )
        run.snapshots.grow(events: count, bytes: body.count)
        collectSnapshot(run, &batch)
        run.dirtyTasks.formUnion(run.machine.touched)
        if mayLag(run, batch.now) {
            if lagging.isEmpty { catchUpAt = batch.now + configuration.rowLag }
            lagging.insert(run.key)
        } else {
            collectRows(run, &batch)
        }
    }

    /// What an agent answered belongs to its thread from the moment on at which its task has ended well.
    private func collectTurn(_ event: Event, _ run: OpenRun, _ batch: inout Batch) {
        guard case .taskCompleted = event.body, let task = event.task,
            case .agent(let config) = run.state.node(task).kind, config.source["session"] != nil
        else { return }
        batch.commit.keptTurns.append(TaskID(run: run.state.id, task: task).description)
    }

    /// Writes the rows that lag behind, when it is time.
    mutating func catchUp(_ batch: inout Batch) {
        guard !lagging.isEmpty, batch.now >= catchUpAt, clock.monotonic() >= resumeAt else { return }
        for key in lagging.sorted() {
            if let run = runs[key] { collectRows(run, &batch) }
        }
        lagging = []
    }

    private func mayLag(_ run: OpenRun, _ now: Timestamp) -> Bool {
        guard let written = run.writtenRow else { return false }
        let isSame = written.status == run.state.status && written.reason == run.state.waitReason
        return isSame && now - written.at < configuration.rowLag
    }

    private mutating func collectRows(_ run: OpenRun, _ batch: inout Batch) {
        lagging.remove(run.key)
        run.writtenRow = (run.state.status, run.state.waitReason, batch.now)
        batch.commit.runs.append(RunRow(key: run.key, state: run.state))
        for task in run.dirtyTasks { collectTask(task, run, &batch) }
        run.dirtyTasks.removeAll(keepingCapacity: true)
    }

    private func collectTask(_ ref: TaskRef, _ run: OpenRun, _ batch: inout Batch) {
        let key = TaskKey(run.key, ref)
        guard run.state.has(ref), run.state[ref].status.hasRow else {
            if run.rows.remove(ref) != nil { batch.commit.closedTasks.append(key) }
            return
        }
        let task = run.state[ref]
        run.rows.insert(ref)
        let isRunning = task.status == .running || task.status == .verifying && task.worker != nil
        batch.commit.tasks.append(
            TaskRow(
                key: key,
                status: task.status,
                priority: run.state.node(ref).priority,
                attempt: task.attempts,
                fence: task.fence,
                worker: task.worker,
                leaseUntil: isRunning && (task.status == .verifying || !run.state.node(ref).kind.isContainer)
                    ? batch.now + (run.state.claims[ref]?.lease ?? .milliseconds(leases.duration)) : nil,
                awaitedSignal: task.status == .waiting ? task.awaited?.type : nil,
                queue: run.state.node(ref).queueName,
                since: task.since
            )
        )
    }

    /// What leaves the engine is written with the fact it tells of, so neither exists without the other.
    private func collectMessage(_ event: Event, _ run: OpenRun, _ batch: inout Batch) {
        guard configuration.announced.contains(event.body.type) else { return }
        var body: JSONObject = ["run": .string(run.state.id.description), "at": .string(batch.now.description)]
        body["node"] = event.task.map { .string(run.state.node($0).id) }
        body["actor"] = event.actor.map(JSONValue.string)
        body["data"] = .object(event.body.data)
        batch.commit.outbox.append(
            OutboxMessage.Content(
                kind: event.body.type.rawValue,
                target: run.state.graph.name,
                body: JSONValue.object(body).bytes()
            )
        )
    }
}

extension RunRow {
    /// The row of a run, derived from its state.
    init(key: Int64, state: RunState) {
        self.init(
            key: key,
            id: state.id,
            workflow: state.graph.name,
            graphHash: state.graph.base.hash,
            status: state.status,
            reason: state.waitReason,
            lastSequence: state.ownSequence,
            endedTasks: state.endedTasks,
            allTasks: state.root.tasks.count,
            error: state.error?.description,
            createdAt: state.createdAt,
            startedAt: state.startedAt,
            endedAt: state.endedAt,
            deadline: state.deadline,
            outcome: state.outcome,
            ownership: state.ownership
        )
    }
}

extension TaskKey {
    init(_ runKey: Int64, _ task: TaskRef) {
        self.init(runKey: runKey, task: task.number)
    }
}
