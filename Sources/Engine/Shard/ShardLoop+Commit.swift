// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// The second half of a turn: schedule, settle, write, answer, dispatch.
extension ShardLoop {
    mutating func finish(_ batch: inout Batch) {
        scheduleAndSettle(&batch)
        let touched = batch.order.filter { batch.machines[$0]?.events.isEmpty == false }
        for key in touched { collectRows(key, &batch) }
        guard !touched.isEmpty || !batch.commit.removedTimers.isEmpty else {
            keepStates(&batch)
            for reply in batch.replies { reply(nil) }
            return
        }
        do {
            let first = try write(&batch)
            afterCommit(&batch, touched, firstSequence: first)
        } catch {
            afterFailure(&batch, error)
        }
    }

    // MARK: Scheduling

    private mutating func scheduleAndSettle(_ batch: inout Batch) {
        var settled = 0
        repeat {
            drainEffects(&batch)
            startReady(&batch)
            // Opening a run while scheduling makes `order` longer, so this is a loop over positions.
            while settled < batch.order.count {
                let key = batch.order[settled]
                settled += 1
                for node in batch.machines[key]?.offered.sorted() ?? [] { batch.machines[key]?.queue(node) }
                batch.machines[key]?.settle()
            }
        } while batch.order.contains { batch.machines[$0]?.effects.isEmpty == false }
    }

    private mutating func drainEffects(_ batch: inout Batch) {
        for key in batch.order {
            guard let effects = batch.machines[key]?.effects, !effects.isEmpty else { continue }
            batch.machines[key]?.effects = []
            for effect in effects { perform(effect, key, &batch) }
        }
    }

    private mutating func perform(_ effect: Effect, _ key: Int64, _ batch: inout Batch) {
        switch effect {
        case .offer(let node):
            ready.push(
                TaskKey(runKey: key, task: node), priority: batch.machines[key]?.state.graph.nodes[node].priority ?? 500)
        case .attemptEnded(let node, let fence):
            leases.end(TaskKey(runKey: key, task: node), fence: fence)
            inFlight[key, default: 1] -= 1
            for parkedKey in parked.removeValue(forKey: key) ?? [] {
                ready.push(parkedKey, priority: batch.machines[key]?.state.graph.nodes[parkedKey.task].priority ?? 500)
            }
        case .stopAttempt(let node, let fence):
            batch.stops.append(HeldLease(key: TaskKey(runKey: key, task: node), fence: fence))
        case .arm(let node, let kind, let at):
            lastTimerNumber += 1
            let timer = TimerRow(
                fireAt: at, number: lastTimerNumber, key: TaskKey(runKey: key, task: node), kind: kind.kind)
            if let replaced = timers.arm(timer) { batch.commit.removedTimers.append(replaced) }
            batch.commit.timers.append(timer)
        case .disarm(let node, let kind):
            if let timer = timers.disarm(TaskKey(runKey: key, task: node), kind.kind) {
                batch.commit.removedTimers.append(timer)
            }
        case .store(let bytes):
            batch.blobs.append(bytes)
        }
    }

    /// Leases go to the best ready tasks while executors are free.
    private mutating func startReady(_ batch: inout Batch) {
        guard !isReleasing, clock.monotonic() >= resumeAt else { return }
        while leases.count < configuration.slots, let key = ready.pop() {
            guard (try? open(key.runKey, &batch)) != nil else { continue }
            guard batch.machines[key.runKey]?.canStart(key.task) == true else { continue }
            guard let graph = batch.machines[key.runKey]?.state.graph else { continue }
            if let limit = graph.maxParallel, inFlight[key.runKey, default: 0] >= limit {
                parked[key.runKey, default: []].append(key)
                continue
            }
            batch.machines[key.runKey]?.start(key.task, worker: configuration.worker)
            let fence = batch.machines[key.runKey]?.state.tasks[key.task].fence ?? 0
            inFlight[key.runKey, default: 0] += 1
            let timeout = attemptTimeout(key, batch)
            leases.grant(key, fence: fence, timeout: timeout, now: clock.monotonic())
            batch.starts.append(key)
        }
    }

    /// The node's timeout, or what is left of its total one.
    func attemptTimeout(_ key: TaskKey, _ batch: Batch) -> Duration? {
        guard let state = batch.machines[key.runKey]?.state else { return nil }
        let node = state.graph.nodes[key.task]
        let left = node.totalTimeout.map { total in
            let first = state.tasks[key.task].startedAt ?? batch.now
            return max(first + total - batch.now, .milliseconds(1))
        }
        return [node.timeout, left].compactMap { $0 }.min()
    }

    // MARK: Rows

    private mutating func collectRows(_ key: Int64, _ batch: inout Batch) {
        guard let machine = batch.machines[key] else { return }
        var encoder = EventEncoder(graph: machine.state.graph)
        for event in machine.events {
            encoder.append(event)
            collectHumanTask(event, key, machine.state, &batch)
        }
        let count = machine.events.count
        batch.commit.records.append(
            LogRecord(
                runKey: key, firstSequence: machine.state.lastSequence - Int64(count) + 1, count: count, at: batch.now,
                body: encoder.finish()))
        batch.commit.runs.append(RunRow(key: key, state: machine.state))
        for node in Set(machine.touched) { collectTask(node, key, machine.state, &batch) }
    }

    private func collectTask(_ node: Int, _ key: Int64, _ state: RunState, _ batch: inout Batch) {
        let task = state.tasks[node]
        let taskKey = TaskKey(runKey: key, task: node)
        if task.status.isTerminal || task.status == .blocked {
            if batch.rows[key]?.remove(node) != nil { batch.commit.closedTasks.append(taskKey) }
            return
        }
        batch.rows[key]?.insert(node)
        let isRunning = task.status == .running
        batch.commit.tasks.append(
            TaskRow(
                key: taskKey, status: task.status, priority: state.graph.nodes[node].priority, attempt: task.attempts,
                fence: task.fence, worker: task.worker,
                leaseUntil: isRunning ? batch.now + .milliseconds(leases.duration) : nil))
    }

    private func collectHumanTask(_ event: Event, _ key: Int64, _ state: RunState, _ batch: inout Batch) {
        guard let node = event.node, let request = state.tasks[node].humanTask else { return }
        var row = HumanTaskRow(request: request, key: TaskKey(runKey: key, task: node), state: state)
        switch event.body {
        case .humanTaskOpened:
            break
        case .humanTaskResolved(let decision):
            row.status = decision.isApproved ? .approved : .rejected
            row.decidedBy = decision.by
            row.decidedAt = batch.now
            row.comment = decision.comment
        case .humanTaskExpired:
            row.status = .expired
        case .humanTaskCancelled:
            row.status = .cancelled
        default:
            return
        }
        batch.commit.humanTasks.append(row)
        batch.humanTasks[request.id] = row
    }

    // MARK: Commit

    private func write(_ batch: inout Batch) throws(StoreError) -> Int64 {
        for bytes in batch.blobs {
            CrashPoint.blobBeforePut.reach()
            _ = try blobs.put(bytes)
            CrashPoint.blobAfterPut.reach()
        }
        CrashPoint.beforeCommit.reach()
        let first = try store.commit(batch.commit)
        CrashPoint.afterCommit.reach()
        return first
    }

    private mutating func afterCommit(_ batch: inout Batch, _ touched: [Int64], firstSequence: Int64) {
        for definition in batch.commit.definitions { storedDefinitions.insert(definition.hash) }
        let assignments = batch.starts.compactMap { assignment($0, batch) }
        publish(batch, touched, firstSequence)
        keepStates(&batch)
        CrashPoint.beforeAnswer.reach()
        for reply in batch.replies { reply(nil) }
        for row in batch.commit.runs where row.status.isTerminal {
            for reply in waiters.removeValue(forKey: row.key) ?? [] { reply(.success(row)) }
        }
        CrashPoint.beforeDispatch.reach()
        for stop in batch.stops { dispatcher.stop(stop) }
        for assignment in assignments { dispatcher.start(assignment) }
    }

    private func assignment(_ key: TaskKey, _ batch: Batch) -> Assignment? {
        guard let state = batch.machines[key.runKey]?.state, state.tasks[key.task].status == .running else { return nil }
        return Assignment(key: key, state: state, timeout: attemptTimeout(key, batch), now: batch.now)
    }

    private func publish(_ batch: Batch, _ touched: [Int64], _ firstSequence: Int64) {
        guard feed.hasSubscribers else { return }
        var global = firstSequence
        for key in touched {
            guard let machine = batch.machines[key] else { continue }
            let first = machine.state.lastSequence - Int64(machine.events.count) + 1
            for (offset, event) in machine.events.enumerated() {
                feed.publish(
                    FeedEvent(
                        globalSequence: global, runSequence: first + Int64(offset), run: machine.state.id,
                        at: batch.now, event: event, graph: machine.state.graph))
                global += 1
            }
        }
    }

    /// The folded states become what memory knows. Ended runs leave it, and waiting ones when there are many.
    mutating func keepStates(_ batch: inout Batch) {
        for key in batch.order {
            guard let machine = batch.machines.removeValue(forKey: key) else { continue }
            if machine.state.status.isTerminal {
                adopted.remove(key)
                keys[machine.state.id] = nil
                inFlight[key] = nil
                parked[key] = nil
            } else if machine.state.status != .waiting || runs.count < configuration.cachedRuns {
                keys[machine.state.id] = key
                runs[key] = LoadedRun(state: machine.state, rows: batch.rows[key] ?? [])
            }
        }
    }

    /// Nothing was written: memory goes back to what the store holds.
    private mutating func afterFailure(_ batch: inout Batch, _ error: StoreError) {
        let failure = EngineError(store: error)
        guard error.code == .full else {
            for reply in batch.replies { reply(failure) }
            return failStop(error.message)
        }
        // Leases granted in this turn exist nowhere but here; those granted before are still worked on.
        for key in batch.starts {
            if let fence = batch.machines[key.runKey]?.state.tasks[key.task].fence { leases.end(key, fence: fence) }
        }
        let open = adopted.subtracting(batch.new)
        adopted = []
        runs = [:]
        keys = [:]
        ready = ReadyQueue()
        timers = TimerQueue()
        parked = [:]
        inFlight = [:]
        resumeAt = clock.monotonic() + configuration.fullDiskPause.milliseconds
        for reply in batch.replies { reply(failure) }
        feed.storageIsFull()
        recover(open)
    }
}

extension RunRow {
    /// The row of a run, derived from its state.
    init(key: Int64, state: RunState) {
        self.init(
            key: key, id: state.id, workflow: state.graph.name, graphHash: state.graph.hash, status: state.status,
            reason: state.waitReason, lastSequence: state.lastSequence, endedTasks: state.endedTasks,
            allTasks: state.tasks.count, error: state.error?.description, createdAt: state.createdAt,
            startedAt: state.startedAt, endedAt: state.endedAt, deadline: state.deadline)
    }
}

extension HumanTaskRow {
    /// The row of a request as it was opened.
    fileprivate init(request: Event.HumanRequest, key: TaskKey, state: RunState) {
        self.init(
            id: request.id, key: key, run: state.id, node: state.graph.nodes[key.task].id, kind: "approval",
            status: .open, title: request.title, message: request.message, assignees: request.assignees,
            openedAt: state.tasks[key.task].startedAt ?? state.createdAt, expiresAt: request.expiresAt)
    }
}
