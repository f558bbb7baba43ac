// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// How requests become commands. A reply is only queued here; it is sent after the commit.
extension ShardLoop {
    mutating func apply(_ request: Request, to batch: inout Batch) {
        switch request {
        case .start(let start, let reply):
            answer(reply, keeping: .started, &batch) { loop, batch throws(EngineError) in try loop.start(start, &batch)
            }
        case .again(let request):
            apply(request, to: &batch)
        case .patch(let asked):
            apply(asked, to: &batch)
        case .claim(let request):
            apply(request, to: &batch)
        case .control(let run, let command, let actor, let reply):
            answer(reply, keeping: .event, &batch) { loop, batch throws(EngineError) in
                try loop.control(run, command, actor, &batch)
            }
        case .signal(let target, let signal, let sender, let actor, let reply):
            answer(reply, keeping: .count, &batch) { loop, batch throws(EngineError) in
                try loop.signal(signal, to: target, from: sender, by: actor, &batch)
            }
        case .person(let id, let request, let actor, let reply):
            answer(reply, keeping: .request, &batch) { loop, batch throws(EngineError) in
                try loop.person(id, request, actor, &batch)
            }
        case .attemptEnded(let lease, let result, let usage):
            endAttempt(lease, result, usage, &batch)
        case .steps(let changes, let lease, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.record(changes, of: lease, &batch) }
        case .checks(let changes, let lease, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.record(changes, of: lease, &batch) }
        case .budget(let scope, let limit, let actor, let reply):
            answer(reply, keeping: .done, &batch) { loop, batch throws(EngineError) in
                try loop.setBudget(scope, limit, actor, &batch)
            }
        case .heartbeat(let held):
            for lease in held { leases.renew(lease.key, fence: lease.fence, now: clock.monotonic()) }
        case .wait(let run, let reply):
            wait(run, reply, &batch)
        case .adopt(let run, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.adopt(run, &batch) }
        case .schedule(let request):
            apply(request, to: &batch)
        case .pause(let request):
            apply(request, to: &batch)
        case .bulk(let request):
            apply(request, to: &batch)
        case .deadLetter(let request):
            apply(request, to: &batch)
        case .worker(let request):
            apply(request, to: &batch)
        case .resource(let request):
            apply(request, to: &batch)
        case .pattern(let request):
            apply(request, to: &batch)
        case .paid(let request):
            apply(request, to: &batch)
        case .keyed(let key, let request):
            batch.key = key
            apply(request, to: &batch)
            batch.key = nil
        case .keep(let bytes, let key, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.keep(bytes, for: key, &batch) }
        case .release(let reply):
            answer(reply, &batch) { loop, batch in loop.release(&batch) }
        case .advance(let consumer, let number, let reply):
            batch.commit.cursors[consumer] = number
            batch.replies.append { failure in reply(failure.map(Result.failure) ?? .success(())) }
        case .stop:
            break  // The loop looks for it first.
        }
    }

    mutating func answer<Value: Sendable>(
        _ reply: @escaping Reply<Value>,
        _ batch: inout Batch,
        _ body: (inout Self, inout Batch) throws(EngineError) -> Value
    ) {
        let result: Result<Value, EngineError>
        do {
            result = .success(try body(&self, &batch))
        } catch {
            result = .failure(error)
        }
        batch.replies.append { failure in reply(failure.map(Result.failure) ?? result) }
    }

    // MARK: Start

    mutating func start(
        _ request: StartRequest,
        parent: ParentRun? = nil,
        schedule: ScheduleID? = nil,
        _ batch: inout Batch
    ) throws(EngineError) -> StartedRun {
        guard !isReleasing else { throw EngineError(.draining, "the engine is stopping") }
        let graph = reader.keep(request.graph)
        if !knowsAgents, let node = request.execution.agentForNobody(in: graph) { throw EngineError(noAgentFor: node) }
        let id = request.id ?? ids.next(at: batch.now, entropy: (random.next(), random.next()))
        if request.id != nil, let key = try knownKey(of: id) {
            return try repeatedStart(request, key, &batch)
        }
        lastRunKey += 1
        let key = lastRunKey
        let origin = Event.RunOrigin(
            id: id,
            workflow: request.graph.name,
            graphHash: request.graph.hash,
            inputs: Payload(inline: .object(request.inputs)),
            deadline: request.graph.deadline.map { batch.now + $0 },
            parent: parent,
            schedule: schedule,
            priority: request.priority,
            labels: request.labels,
            ownership: request.ownership,
            budget: request.budget,
            execution: request.execution
        )
        if !storedDefinitions.contains(request.graph.hash) {
            batch.commit.definitions.append(
                DefinitionRow(
                    hash: request.graph.hash,
                    name: request.graph.name,
                    source: request.source,
                    graph: request.graph.json.canonicalBytes(),
                    createdAt: batch.now
                )
            )
        }
        let machine = RunMachine.accept(origin, graph: graph, in: turn(batch, request.actor))
        let run = OpenRun(key: key, machine: machine, rows: [])
        let answer = try admit(run, at: batch.now)
        add(run, &batch)
        begin(run, answer, &batch)
        return StartedRun(id: id, sequence: run.state.lastSequence)
    }

    /// Brings a run into the batch that the store does not have yet.
    mutating func add(_ run: OpenRun, _ batch: inout Batch) {
        run.machine.isHeld = pauses.holds(run.state)
        run.isInBatch = true
        run.isNew = true
        batch.runs.append(run)
        batch.unsettled.append(run)
        runs[run.key] = run
        keys[run.state.id] = run.key
        adopted.insert(run.key)
    }

    private mutating func repeatedStart(
        _ request: StartRequest,
        _ key: Int64,
        _ batch: inout Batch
    ) throws(EngineError) -> StartedRun {
        let state = try open(key, &batch).state
        let id = request.id?.description ?? ""
        guard Visibility.everything(of: request.ownership.tenant).shows(state.ownership),
            state.owner == request.ownership.owner
        else { throw EngineError(.conflict, "\(id) is the id of another run") }
        guard state.graph.base.hash == request.graph.hash, state.inputs.value == .object(request.inputs) else {
            throw EngineError(.conflict, "\(id) exists and was started with another definition or other inputs")
        }
        return StartedRun(id: state.id, sequence: state.lastSequence)
    }

    // MARK: Control

    /// A signal to one run tells when the run takes none; one to many goes to those that do.
    private mutating func signal(
        _ signal: RunSignal,
        to target: SignalTarget,
        from sender: SignalSender?,
        by actor: String,
        _ batch: inout Batch
    ) throws(EngineError) -> Int {
        guard case .run(let run) = target else { return deliver(signal, to: target, from: sender, by: actor, &batch) }
        _ = try control(run, .signal(signal), actor, &batch)
        return 1
    }

    func key(of id: RunID) throws(EngineError) -> Int64 {
        guard let key = try knownKey(of: id) else { throw EngineError(.notFound, "there is no run \(id)") }
        return key
    }

    func knownKey(of id: RunID) throws(EngineError) -> Int64? {
        if let key = keys[id] { return key }
        do {
            return try store.run(id)?.key
        } catch {
            throw EngineError(store: error)
        }
    }

    private mutating func control(
        _ run: RunID,
        _ command: Command,
        _ actor: String,
        _ batch: inout Batch
    ) throws(EngineError) -> Int64 {
        let key = try key(of: run)
        return try handle(command, on: key, actor, &batch)
    }

    mutating func handle(
        _ command: Command,
        on key: Int64,
        _ actor: String?,
        _ batch: inout Batch
    ) throws(EngineError) -> Int64 {
        let run = try open(key, &batch)
        let hadEnded = run.state.status.isTerminal
        run.machine.policy = configuration.patchPolicy
        do throws(Refusal) {
            try run.machine.handle(command, in: turn(batch, actor))
        } catch {
            throw EngineError(refusal: error)
        }
        // A run that ended belongs to nobody; whoever makes it go on drives it.
        if hadEnded, !run.state.status.isTerminal {
            adopted.insert(key)
            restoreAdmission(of: run, at: batch.now)
        }
        if case .update(let change) = command, change.budget != nil { applyBudget(of: run, &batch) }
        return run.state.lastSequence
    }

    /// Answers when the run's end is durable, at once if it is.
    private mutating func wait(_ run: RunID, _ reply: @escaping Reply<RunRow>, _ batch: inout Batch) {
        do {
            let key = try key(of: run)
            let row = try endedRow(key)
            if let row, row.status.isTerminal {
                batch.replies.append { failure in reply(failure.map(Result.failure) ?? .success(row)) }
            } else {
                waiters[key, default: []].append(reply)
            }
        } catch {
            batch.replies.append { _ in reply(.failure(error)) }
        }
    }

    /// `nil` while the run is in memory, which it leaves when it ends.
    private func endedRow(_ key: Int64) throws(EngineError) -> RunRow? {
        guard runs[key] == nil else { return nil }
        do {
            return try store.run(key: key)
        } catch {
            throw EngineError(store: error)
        }
    }

    // MARK: Attempts

    /// Takes a result in. Nobody waits for the answer: after a full disk the loop itself tries again, and a result
    /// that came too late is nobody's.
    private mutating func endAttempt(
        _ lease: HeldLease,
        _ result: AttemptResult,
        _ usage: CallUsage?,
        _ batch: inout Batch
    ) {
        let (task, fence) = (TaskRef(number: lease.key.task), lease.fence)
        let command = result.command(for: task, fence: fence)
        // Before the result: conditions may ask what it cost.
        settle(lease, usage, &batch)
        do {
            _ = try handle(command, on: lease.key.runKey, nil, &batch)
            batch.results.append((lease, result, usage))
            if let run = runs[lease.key.runKey] { keep(task, run, &batch) }
        } catch {
            // A result is not lost to a disk that fails.
            if error.code == .unavailable { brokenRead = brokenRead ?? error }
            dispatcher.forget(lease)
        }
    }

    /// Hands back every lease of this process; nothing is started any more.
    private mutating func release(_ batch: inout Batch) {
        isReleasing = true
        for held in leases.all {
            command(
                .attemptLost(task: TaskRef(number: held.key.task), fence: held.fence, isRelease: true),
                on: held.key.runKey,
                nil,
                &batch
            )
            batch.stops.append((held, nil))
        }
    }
}

extension EngineError {
    fileprivate init(noAgentFor node: Graph.Node) {
        self.init(
            .invalid,
            "nobody carries out node `\(node.id)`: this program has no executor for agents; start the run with "
                + "`execution: external`, or with `execution: hybrid` and the label `external` at the node, and claim it"
        )
    }

    init(refusal: Refusal) {
        switch refusal {
        case .state(let message): self.init(.conflict, message)
        case .closed(let message): self.init(.humanTaskClosed, message)
        case .invalid(let message, let violations): self.init(.invalid, message, violations: violations)
        case .leaseLost: self.init(.leaseLost, "another attempt has the task, or the run ended")
        }
    }
}
