// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// The second half of a turn: schedule, settle, write, answer, dispatch.
extension ShardLoop {
    private func choose(_ match: Graph.Team.Match) -> Result<AgentChoice, TaskError> {
        guard let matcher = configuration.matcher else {
            let message = "nobody chooses agents here, so `match` cannot be carried out"
            return .failure(TaskError(code: "agent.unavailable", errorClass: .permanent, message: message))
        }
        do throws(TaskError) {
            return .success(try matcher.choose(match))
        } catch {
            return .failure(error)
        }
    }

    mutating func finish(_ batch: inout Batch) {
        scheduleAndSettle(&batch)
        for run in batch.runs where !run.machine.events.isEmpty {
            notePattern(of: run, &batch)
            collect(run, &batch)
            noteAwaited(run.machine.events, of: run)
        }
        catchUp(&batch)
        collectSchedules(&batch)
        collectLimits(&batch)
        if let brokenRead {
            // Somebody was not told, or some row not found: the next start reads everything again.
            return afterFailure(&batch, StoreError(.failed, brokenRead.message))
        }
        guard !batch.commit.isEmpty else {
            closeRuns(&batch)
            for reply in batch.replies { reply(nil) }
            return
        }
        do {
            let (first, duration) = try write(&batch)
            observe(batch, duration: duration)
            afterCommit(&batch, firstSequence: first)
        } catch {
            afterFailure(&batch, error)
        }
    }

    // MARK: Scheduling

    private mutating func scheduleAndSettle(_ batch: inout Batch) {
        repeat {
            drainEffects(&batch)
            startReady(&batch)
            leaveForClaims(&batch)
            // Scheduling may bring in more runs, and the end of one may touch another.
            var next = 0
            while next < batch.unsettled.count {
                let run = batch.unsettled[next]
                next += 1
                for task in run.machine.offered.sorted() { run.machine.queue(task) }
                closeAbandonedCalls(of: run, &batch)
                run.machine.settle()
                run.isSettled = true
                releaseRun(run)
                notifyParent(of: run, &batch)
                notifySchedule(of: run, &batch)
            }
            batch.unsettled.removeAll(keepingCapacity: true)
            // What ended may let other runs begin, and those are to be settled too.
            offerGranted(&batch)
        } while !batch.unsettled.isEmpty || offersOutside || batch.runs.contains { !$0.machine.effects.isEmpty }
    }

    private mutating func drainEffects(_ batch: inout Batch) {
        // An effect may bring in more runs, or give a run that was looked at more to do.
        var next = 0
        while next < batch.runs.count {
            let run = batch.runs[next]
            next += 1
            while !run.machine.effects.isEmpty {
                let effects = run.machine.effects
                run.machine.effects.removeAll(keepingCapacity: true)
                for effect in effects { perform(effect, run, &batch) }
            }
        }
    }

    private mutating func perform(_ effect: Effect, _ run: OpenRun, _ batch: inout Batch) {
        switch effect {
        case .offer(let task):
            offer(task, of: run)
        case .attemptEnded(let task, let fence):
            leases.end(TaskKey(run.key, task), fence: fence)
            claims.end(TaskKey(run.key, task), fence: fence)
            endClaim(TaskKey(run.key, task), &batch)
            limits.release(TaskKey(run.key, task), at: clock.monotonic())
            closeReservations(of: TaskKey(run.key, task), fence: fence, &batch)
            run.inFlight -= 1
            let parked = run.parked
            run.parked = []
            for task in parked { offer(task, of: run) }
        case .askToBegin:
            if limits.waits(KeyedLimits.task(ofRun: run.key)) == nil { command(.begin, on: run.key, nil, &batch) }
        case .withdraw(let task):
            _ = leaveLines(TaskKey(run.key, task))
            claimable[run.key]?.remove(task)
            limits.release(TaskKey(run.key, task), at: clock.monotonic())
        case .stopAttempt(let task, let fence, let isKilled):
            let lease = HeldLease(key: TaskKey(run.key, task), fence: fence)
            batch.stops.append((lease, isKilled ? .zero : configuration.grace))
        case .arm(let task, let kind, let at):
            lastTimerNumber += 1
            let key = TaskKey(run.key, task)
            let timer = TimerRow(fireAt: at, number: lastTimerNumber, key: key, kind: kind)
            if let replaced = timers.arm(timer) {
                batch.commit.removedTimers.append(replaced)
            } else if !adopted.contains(run.key) {
                batch.commit.removedTimers += storedTimers(of: run.key, task, kind)
            }
            batch.commit.timers.append(timer)
        case .disarm(let task, let kind):
            if let timer = timers.disarm(TaskKey(run.key, task), kind) {
                batch.commit.removedTimers.append(timer)
            } else if !adopted.contains(run.key) {
                batch.commit.removedTimers += storedTimers(of: run.key, task, kind)
            }
        case .store(let bytes):
            batch.blobs.append(bytes)
        case .loadItems(let task, let fence, let blob):
            later.append((run.key, .itemsLoaded(task: task, fence: fence, reader.items(in: blob))))
        case .chooseAgents(let task, let fence, let match):
            later.append((run.key, .agentsChosen(task: task, fence: fence, choose(match))))
        case .startChild(let task, let fence, let order):
            startChild(order, for: task, fence: fence, of: run, &batch)
        case .cancelChild(let child, let isKilled):
            if let key = attempt({ loop throws(EngineError) in try loop.key(of: child) }) {
                let reason = "the run that started it ended"
                let order: Command = isKilled ? .terminate(reason: reason) : .cancel(reason: reason)
                command(order, on: key, "run:\(run.state.id)", &batch)
            }
        case .sendSignal(let task, let fence, let target, let signal):
            sendSignal(signal, to: target, from: task, fence: fence, of: run, &batch)
        case .keepOutput(let task):
            keep(task, run, &batch)
        case .serve(let task):
            serve(task, of: run)
        case .storeGraph(let graph, let source):
            store(graph, source, &batch)
        case .checkPatch(let number):
            checkPatch(number, of: run)
        case .giveWay:
            later.append((run.key, .proceed))
        }
    }

    /// The timers of a run that another process drives, or nobody, are not in memory.
    private func storedTimers(of run: Int64, _ task: TaskRef, _ kind: TimerKind) -> [TimerRow] {
        let stored = (try? store.timers(ofRun: run)) ?? []
        return stored.filter { $0.key == TaskKey(run, task) && $0.kind == kind }
    }

    /// Leases go to the best ready tasks while executors are free.
    private mutating func startReady(_ batch: inout Batch) {
        guard !isReleasing, clock.monotonic() >= resumeAt else { return }
        offerGranted(&batch)
        while leases.count < configuration.slots {
            callWaiting(&batch)
            guard let key = ready.take(at: clock.monotonic()) else { break }
            let isCalled = leaveLines(key)
            // Entries of runs that ended are still in the queue; reading those runs back would be for nothing.
            let task = TaskRef(number: key.task)
            guard adopted.contains(key.runKey),
                let run = attempt({ loop throws(EngineError) in try loop.open(key.runKey, &batch) }),
                run.machine.canStart(task)
            else {
                letGo(key)
                continue
            }
            // Checks are made here whoever made the attempt, and need nothing that it needed.
            let isVerifying = run.state[task].status == .verifying
            if !isVerifying, answer(for: task, of: run, &batch) || setAside(task, of: run) {
                letGo(key)
                continue
            }
            guard isVerifying || configuration.serves(run.state.node(task)) else {
                // Which queues a process serves does not change while it lives.
                letGo(key)
                run.machine.leaveUnserved(task)
                continue
            }
            if let limit = run.state.graph.definition.maxParallel, run.inFlight >= limit {
                letGo(key)
                run.parked.append(task)
                continue
            }
            guard isVerifying || mayStart(task, of: run, isCalled: isCalled, &batch) else { continue }
            ready.charge()
            run.machine.start(task, worker: configuration.worker)
            run.inFlight += 1
            let timeout = isVerifying ? nil : attemptTimeout(task, of: run, at: batch.now)
            leases.grant(key, fence: run.state[task].fence, timeout: timeout, now: clock.monotonic())
            batch.starts.append((run, task))
        }
    }

    /// The node's timeout, or what is left of its total one.
    func attemptTimeout(_ task: TaskRef, of run: OpenRun, at now: Timestamp) -> Duration? {
        let definition = run.state.node(task)
        guard let total = definition.totalTimeout else { return definition.timeout }
        let first = run.state[task].countedSince ?? now
        let left = max(first + total - now, .milliseconds(1))
        return min(definition.timeout ?? left, left)
    }

    /// The smallest of the times that bound an attempt (spec 3.8): its own, and what is left for its phase and its run.
    func executorLimit(_ task: TaskRef, of run: OpenRun, at now: Timestamp) -> Duration? {
        var limits = [run.state[task].status == .verifying ? nil : attemptTimeout(task, of: run, at: now)]
        if !run.state.hasEnded { limits.append(run.state.deadline.map { $0 - now }) }
        if task.scope == 0, let phase = run.state.graph.phase(of: task.node) {
            limits.append(timers.time(of: TaskKey(run.key, .phase(phase)), .phaseTimeout).map { $0 - now })
        }
        return limits.compactMap(\.self).min().map { max($0, .milliseconds(1)) }
    }

    // MARK: Commit

    /// - Returns: The number of the first event, and how long the store took if somebody measures.
    private func write(_ batch: inout Batch) throws(StoreError) -> (first: Int64, duration: Duration) {
        for bytes in batch.blobs {
            CrashPoint.blobBeforePut.reach()
            _ = try blobs.put(bytes)
            CrashPoint.blobAfterPut.reach()
        }
        CrashPoint.beforeCommit.reach()
        let start = observer.map { _ in ContinuousClock.now }
        let first = try store.commit(batch.commit)
        CrashPoint.afterCommit.reach()
        return (first, start.map { ContinuousClock.now - $0 } ?? .zero)
    }

    private mutating func afterCommit(_ batch: inout Batch, firstSequence: Int64) {
        for definition in batch.commit.definitions { storedDefinitions.insert(definition.hash) }
        var assignments: [Assignment] = []
        for start in batch.starts {
            if let assignment = assignment(start.task, of: start.run, batch.now) { assignments.append(assignment) }
        }
        publish(batch, firstSequence)
        let ended = batch.runs.filter { $0.state.status.isTerminal }
        closeRuns(&batch)
        for (lease, _, _) in batch.results { dispatcher.forget(lease) }
        CrashPoint.beforeAnswer.reach()
        for reply in batch.replies { reply(nil) }
        for run in ended {
            let row = RunRow(key: run.key, state: run.state)
            for reply in waiters.removeValue(forKey: run.key) ?? [] { reply(.success(row)) }
        }
        if !batch.commit.outbox.isEmpty { feed.pulse() }
        CrashPoint.beforeDispatch.reach()
        for stop in batch.stops { dispatcher.stop(stop.lease, grace: stop.grace) }
        // Nobody waits for those that are made right here.
        for assignment in assignments where !assignment.isImmediate { dispatcher.start(assignment) }
        for assignment in assignments where assignment.isImmediate { dispatcher.start(assignment) }
    }

    private func assignment(_ task: TaskRef, of run: OpenRun, _ now: Timestamp) -> Assignment? {
        guard run.state.has(task), [.running, .verifying].contains(run.state[task].status) else { return nil }
        let timeout = executorLimit(task, of: run, at: now)
        let key = TaskKey(run.key, task)
        let allowance = allowance(of: key)
        var assignment = Assignment(key: key, state: run.state, timeout: timeout, allowance: allowance, now: now)
        assignment.isImmediate = assignment.checks == nil && traits(assignment.node).isImmediate
        return assignment
    }

    private func publish(_ batch: Batch, _ firstSequence: Int64) {
        guard feed.hasSubscribers else { return }
        var global = firstSequence
        for run in batch.runs {
            let first = run.state.lastSequence - Int64(run.machine.events.count) + 1
            for (offset, event) in run.machine.events.enumerated() {
                feed.publish(
                    FeedEvent(
                        globalSequence: global,
                        runSequence: first + Int64(offset),
                        run: run.state.id,
                        at: batch.now,
                        event: event,
                        graph: run.state.graph,
                        place: event.task.map { run.state.place(of: $0.scope) } ?? []
                    )
                )
                global += 1
            }
        }
    }

    /// Ends the turn for the runs it touched. Ended runs leave memory, and waiting ones when there are many.
    mutating func closeRuns(_ batch: inout Batch) {
        for run in batch.runs {
            run.isInBatch = false
            run.isSettled = true
            run.isNew = false
            run.machine.events.removeAll(keepingCapacity: true)
            run.machine.touched.removeAll(keepingCapacity: true)
            run.eventsInRequests = 0
            let isEnded = run.state.status.isTerminal
            watch(run)
            if isEnded {
                adopted.remove(run.key)
                recordings[run.key] = nil
            }
            let isIdle = run.state.status == .waiting && !lagging.contains(run.key)
            if isEnded || (isIdle && runs.count > configuration.cachedRuns) {
                runs[run.key] = nil
                claimable[run.key] = nil
                keys[run.state.id] = nil
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
        for (run, task) in batch.starts {
            leases.end(TaskKey(run.key, task), fence: run.state[task].fence)
        }
        let open = adopted.subtracting(batch.runs.filter(\.isNew).map(\.key))
        adopted = []
        runs = [:]
        lagging = []
        keys = [:]
        ready = FairQueue()
        limits = KeyedLimits()
        timers = TimerQueue()
        later = []
        unread = []
        schedules.forget()
        (watched, unsupervised, superviseAt) = ([], [], nil)
        aside = [:]
        (claims, outside, claimable) = (LeaseTable(duration: ClaimOrder.usualLease), [], [:])
        do {
            pauses = PauseTable(try store.pauses())
            try loadLetters()
            try loadWorkers()
            try loadResources()
            try loadPatterns()
        } catch {
            failStop(error.message)
        }
        resumeAt = clock.monotonic() + configuration.fullDiskPause.milliseconds
        retained += batch.results.map { .attemptEnded($0.lease, $0.result, $0.usage) }
        do {
            try loadLimits()
        } catch {
            return failStop(error.message)
        }
        for reply in batch.replies { reply(failure) }
        feed.storageIsFull()
        recover(open)
    }
}
