// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model
internal import Store

/// Tasks that are worked on outside (spec 9.11). A claim is a dispatch: what has to be free for an attempt is taken in
/// the same turn, and its lease is in the same commit. It outlives the process: a new one gives it one more lease.
extension ShardLoop {
    mutating func apply(_ request: ClaimRequest, to batch: inout Batch) {
        switch request {
        case .list(let filter, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in loop.claimable(filter) }
        case .claim(let order, let actor, let reply):
            answer(reply, keeping: .claim(by: actor), &batch) { loop, batch throws(EngineError) in
                try loop.claim(order, actor, &batch)
            }
        case .heartbeat(let claim, let progress, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.renew(claim, progress, &batch) }
        case .outputSchema(let task, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                let (run, task) = try loop.locate(task, &batch)
                return loop.outputSchema(of: run.state.node(task))
            }
        case .result(let claim, let result, let reply):
            answer(reply, keeping: .event, &batch) { loop, batch throws(EngineError) in
                try loop.take(result, of: claim, &batch)
            }
        case .release(let claim, let reply):
            answer(reply, keeping: .event, &batch) { loop, batch throws(EngineError) in
                let (run, task) = try loop.holder(of: claim, &batch)
                return try loop.handle(.handBack(task: task, fence: claim.fence), on: run.key, claim.actor, &batch)
            }
        case .patch(let claim, let request, let reply):
            // A patch has a key of its own.
            answer(reply, &batch) { loop, batch throws(EngineError) in
                let (run, task) = try loop.holder(of: claim, &batch)
                let lease = HeldLease(key: TaskKey(run.key, task), fence: claim.fence)
                return try loop.patch(.attempt(lease), request, nil, claim.actor, &batch)
            }
        }
    }

    // MARK: Offering

    /// Tasks came up that may be claimed.
    var offersOutside: Bool { !outside.isEmpty && !isReleasing && clock.monotonic() >= resumeAt }

    /// Lets tasks that came up be claimed, or answers them if something else has their result.
    mutating func leaveForClaims(_ batch: inout Batch) {
        guard offersOutside else { return }
        let keys = outside
        outside = []
        for key in keys {
            _ = leaveLines(key)
            let task = TaskRef(number: key.task)
            guard adopted.contains(key.runKey),
                let run = attempt({ loop throws(EngineError) in try loop.open(key.runKey, &batch) }),
                run.machine.canStart(task)
            else {
                letGo(key)
                continue
            }
            letGo(key)
            if answer(for: task, of: run, &batch) || waitsForResource(task, of: run) { continue }
            run.machine.leaveForClaims(task)
            claimable[run.key, default: []].insert(task)
        }
    }

    private mutating func claimable(_ filter: ClaimableFilter) -> [ClaimableTask] {
        var found: [ClaimableTask] = []
        for (key, tasks) in claimable {
            guard let run = runs[key], filter.run.map({ $0 == run.state.id }) ?? true,
                filter.visibility.shows(run.state.ownership), !isFull(run),
                filter.includesCommon || run.state.owner != nil
            else { continue }
            run.machine.isHeld = pauses.holds(run.state)
            for task in tasks where isFree(task, of: run) {
                let item = ClaimableTask(run.state, task)
                if filter.takes(item) { found.append(item) }
            }
        }
        return Array(found.sorted { $0.id < $1.id }.prefix(filter.limit))
    }

    /// Nothing that is known keeps it from being claimed.
    private func isFree(_ task: TaskRef, of run: OpenRun) -> Bool {
        run.state.has(task) && run.state[task].status == .ready && run.state.holds[task] == nil
            && run.machine.canStart(task) && !isQueuePaused(task, of: run) && missingResource(task, of: run) == nil
    }

    private func isFull(_ run: OpenRun) -> Bool {
        run.state.graph.definition.maxParallel.map { run.inFlight >= $0 } ?? false
    }

    private func isQueuePaused(_ task: TaskRef, of run: OpenRun) -> Bool {
        run.state.node(task).queueName.map { pauses.holding(queue: $0) != nil } ?? false
    }

    // MARK: Claiming

    private mutating func claim(
        _ order: ClaimOrder,
        _ actor: String,
        _ batch: inout Batch
    ) throws(EngineError) -> ClaimedTask {
        guard !isReleasing else { throw EngineError(.draining, "the engine is stopping") }
        let (run, task) = try locate(order.task, &batch)
        try checkMayBeClaimed(task, of: run)
        try checkMayClaim(task, of: run, order.worker, actor)
        let key = TaskKey(run.key, task)
        let isCalled = leaveLines(key)
        guard mayStart(task, of: run, isCalled: isCalled, &batch) else { throw kept(task, of: run) }
        let worker = order.worker.map { "\(actor)/\($0)" } ?? actor
        run.machine.claim(task, by: actor, worker: worker, lease: order.lease)
        run.inFlight += 1
        claimable[run.key]?.remove(task)
        grant(task, of: run, at: batch.now)
        do throws(TaskError) {
            return try claimed(task, of: run, at: batch.now)
        } catch {
            let fence = run.state[task].fence
            _ = try handle(.taskFailed(task: task, fence: fence, error: error, log: nil), on: run.key, nil, &batch)
            throw EngineError(.conflict, "`\(order.task)` has failed: \(error.message)")
        }
    }

    private mutating func locate(
        _ id: TaskID,
        _ batch: inout Batch
    ) throws(EngineError) -> (run: OpenRun, task: TaskRef) {
        guard let key = try knownKey(of: id.run) else { throw EngineError(.notFound, "there is no task \(id)") }
        let run = try open(key, &batch)
        guard run.state.has(id.task) else { throw EngineError(.notFound, "there is no task \(id)") }
        return (run, id.task)
    }

    private func checkMayBeClaimed(_ task: TaskRef, of run: OpenRun) throws(EngineError) {
        let (state, name) = (run.state, run.state.id(of: task))
        let now = state[task]
        guard state.isExternal(task), isLive(task, of: run) else {
            throw EngineError(.conflict, "\(name) is not to be claimed: the run is carried out by the engine")
        }
        switch now.status {
        case .running: throw EngineError(.taskTaken, "\(name) was claimed by \(now.worker ?? "somebody")")
        case .ready, .waiting: break
        default: throw EngineError(.conflict, "\(name) cannot be claimed: it is \(now.status.rawValue)")
        }
        guard state.isStartable(task), adopted.contains(run.key), run.machine.canStart(task),
            !isQueuePaused(task, of: run), !isFull(run)
        else { throw kept(task, of: run) }
    }

    /// What keeps a task from being claimed now.
    private func kept(_ task: TaskRef, of run: OpenRun) -> EngineError {
        let cause = run.state.waitCause(of: task, pauses)?.sentence(now: clock.wall()) ?? "it has ended"
        return EngineError(.conflict, "\(run.state.id(of: task)) cannot be claimed now: \(cause)")
    }

    /// Begins the lease of a claim, or begins it anew after a restart.
    mutating func grant(_ task: TaskRef, of run: OpenRun, at now: Timestamp) {
        claims.grant(
            TaskKey(run.key, task),
            fence: run.state[task].fence,
            timeout: attemptTimeout(task, of: run, at: now),
            now: clock.monotonic(),
            for: run.state.claims[task]?.lease
        )
        if let id = WorkerID(lease: run.state[task].worker) { workers.give(TaskKey(run.key, task), to: id) }
    }

    /// What the claimer is told.
    func claimed(_ task: TaskRef, of run: OpenRun, at now: Timestamp) throws(TaskError) -> ClaimedTask {
        let (state, key) = (run.state, TaskKey(run.key, task))
        let timeout = executorLimit(task, of: run, at: now)
        let assignment = Assignment(key: key, state: state, timeout: timeout, allowance: allowance(of: key), now: now)
        let lease = state.claims[task]?.lease ?? ClaimOrder.usualLease
        return ClaimedTask(
            id: state.id(of: task),
            workflow: state.graph.name,
            assignment: assignment,
            input: try assignment.input,
            fence: state[task].fence,
            worker: state[task].worker ?? "",
            lease: lease,
            until: now + lease
        )
    }

    // MARK: Held claims

    /// What a result must be, if anything says so: an agent's node, or the tool.
    private func outputSchema(of node: Graph.Node) -> JSONValue? {
        switch node.kind {
        case .agent(let config): config.source["output_schema"]
        case .tool(let name, _, _): compiler?.registry.tools[name]?.output
        default: nil
        }
    }

    /// The task that a claim has.
    ///
    /// - Parameter orLate: What was cancelled meanwhile may still say that it had its effect, so that it can be undone.
    /// - Throws: `leaseLost` when it has it no more, `notFound`.
    mutating func holder(
        of claim: HeldClaim,
        orLate isLate: Bool = false,
        _ batch: inout Batch
    ) throws(EngineError) -> (run: OpenRun, task: TaskRef) {
        let lost = EngineError(.leaseLost, "\(claim.task) is not yours any more: stop, and hand in nothing")
        guard let key = try knownKey(of: claim.task.run) else {
            throw EngineError(.notFound, "there is no task \(claim.task)")
        }
        let (run, task) = (try open(key, &batch), claim.task.task)
        guard run.state.has(task), run.state[task].fence == claim.fence else { throw lost }
        if run.state.claims[task]?.by == claim.actor, run.state[task].status == .running { return (run, task) }
        guard isLate, run.state[task].status == .cancelled, run.state.isExternal(task) else { throw lost }
        return (run, task)
    }

    private mutating func renew(
        _ claim: HeldClaim,
        _ progress: TaskProgress,
        _ batch: inout Batch
    ) throws(EngineError) -> ClaimLease {
        let (run, task) = try holder(of: claim, &batch)
        claims.renew(TaskKey(run.key, task), fence: claim.fence, now: clock.monotonic())
        run.machine.note(progress, of: task)
        let lease = run.state.claims[task]?.lease ?? ClaimOrder.usualLease
        return ClaimLease(lease: lease, until: batch.now + lease)
    }

    /// Takes a result in, as that of an executor.
    private mutating func take(
        _ result: AttemptResult,
        of claim: HeldClaim,
        _ batch: inout Batch
    ) throws(EngineError) -> Int64 {
        let (run, task) = try holder(of: claim, orLate: true, &batch)
        let command = result.command(for: task, fence: claim.fence)
        let sequence = try handle(command, on: run.key, claim.actor, &batch)
        keep(task, run, &batch)
        return sequence
    }
}

extension Assignment {
    /// What the call is handed, with every expression evaluated.
    fileprivate var input: JSONValue {
        get throws(TaskError) {
            let template: ValueTemplate
            switch node.kind {
            case .tool(_, let arguments, _): template = arguments
            case .http(let config), .agent(let config): template = config
            default: return .null
            }
            do throws(TemplateError) {
                return try template.evaluate(in: scope)
            } catch {
                throw TaskError(expression: error.cause, "`config\(error.pointer)`")
            }
        }
    }
}

extension KeptAnswer<ClaimedTask> {
    /// `{task, fence}`: a repeat is told the same as long as the claim lasts.
    static func claim(by actor: String) -> KeptAnswer {
        KeptAnswer(
            "claim",
            write: { ["task": .string($0.id.description), "fence": .int($0.fence)] },
            read: { json, loop, batch throws(EngineError) in
                guard let id = json["task"]?.stringValue.flatMap(TaskID.init), let fence = json["fence"]?.intValue
                else { return nil }
                let (run, task) = try loop.holder(of: HeldClaim(id, fence: fence, by: actor), &batch)
                do throws(TaskError) {
                    return try loop.claimed(task, of: run, at: batch.now)
                } catch {
                    throw EngineError(.conflict, "`\(id)` has failed: \(error.message)")
                }
            }
        )
    }
}
