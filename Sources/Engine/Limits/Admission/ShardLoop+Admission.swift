// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Store

/// Who may start: runs by the key of their workflow, tasks by the keys of their nodes and the caps of the installation.
extension ShardLoop {
    // MARK: Runs

    /// Asks whether a run that was just accepted may begin.
    mutating func admit(_ run: OpenRun, at now: Timestamp) throws(EngineError) -> KeyedLimits.RunAnswer {
        guard let concurrency = run.state.graph.definition.concurrency else { return .start }
        guard let demand = run.state.runDemand(at: now) else {
            throw EngineError(.invalid, "the key of `concurrency` cannot be evaluated with these inputs")
        }
        let answer = limits.admit(
            run: run.key,
            demand: demand,
            whenFull: concurrency.whenFull,
            priority: run.state.priority ?? RunState.usualPriority,
            flow: flow(of: run),
            at: clock.monotonic()
        )
        if case .reject(let holders) = answer {
            let message = "\(holders.count) runs with the key \(demand.key.name) are not done, as many as may be"
            throw EngineError(.conflict, message)
        }
        return answer
    }

    /// Carries out the answer.
    mutating func begin(_ run: OpenRun, _ answer: KeyedLimits.RunAnswer, _ batch: inout Batch) {
        switch answer {
        case .start:
            command(.begin, on: run.key, nil, &batch)
        case .wait(let leaving):
            for key in leaving {
                command(.cancel(reason: "a newer run with the same key came"), on: key, "system", &batch)
            }
        case .cancel, .reject:
            command(
                .cancel(reason: "as many runs with the same key as may be are not done"),
                on: run.key,
                "system",
                &batch
            )
        }
    }

    /// Gives back what a run held; those that waited for it go on.
    mutating func releaseRun(_ run: OpenRun) {
        guard run.state.status.isTerminal else { return }
        retries.forget(.run(run.key))
        closeBudgets(of: run)
        guard run.state.graph.definition.concurrency != nil else { return }
        limits.release(KeyedLimits.task(ofRun: run.key), at: clock.monotonic())
    }

    /// Puts a run that was read back in its place again. One that has begun holds its key without asking; a rollback of
    /// a run that had ended too, so that nobody begins while it undoes what it did.
    mutating func restoreAdmission(of run: OpenRun, at now: Timestamp) {
        guard let demand = run.state.runDemand(at: now) else { return }
        guard run.state.status == .queued else {
            return limits.restore(run: run.key, demand: demand, at: clock.monotonic())
        }
        let priority = run.state.priority ?? RunState.usualPriority
        let answer = limits.admit(
            run: run.key,
            demand: demand,
            whenFull: .queue,
            priority: priority,
            flow: flow(of: run),
            at: clock.monotonic()
        )
        if answer == .start { later.append((run.key, .begin)) }
    }

    // MARK: Tasks

    func flow(of run: OpenRun) -> FairKey {
        FairKey(tenant: run.state.sharingTenant, project: run.state.project)
    }

    mutating func offer(_ task: TaskRef, of run: OpenRun) {
        if run.state.isExternal(task), run.state[task].status != .verifying {
            return outside.append(TaskKey(run.key, task))
        }
        let waiter = waiter(task, of: run)
        ready.push(
            waiter.task,
            priority: waiter.priority,
            flow: waiter.flow,
            since: waiter.since,
            at: clock.monotonic()
        )
    }

    /// Puts back the permits of an attempt that goes on.
    mutating func restorePermits(_ task: TaskRef, of run: OpenRun, at now: Timestamp) {
        guard let request = request(task, of: run, fence: run.state[task].fence, at: now) else { return }
        limits.restore(request, at: clock.monotonic())
    }

    /// What became free goes to those whose turn it was.
    mutating func offerGranted(_ batch: inout Batch) {
        for key in limits.takeGranted() {
            if key.task < 0 {
                command(.begin, on: key.runKey, nil, &batch)
            } else if let run = attempt({ loop throws(EngineError) in try loop.open(key.runKey, &batch) }) {
                offer(TaskRef(number: key.task), of: run)
            } else {
                limits.release(key, at: clock.monotonic())
            }
        }
    }

    func request(
        _ task: TaskRef,
        of run: OpenRun,
        fence: Int64,
        at now: Timestamp
    ) -> KeyedLimits.Request? {
        let demands = demands(of: task, of: run, at: now)
        guard !demands.isEmpty else { return nil }
        return KeyedLimits.Request(waiter: waiter(task, of: run), fence: fence, demands: demands)
    }

    /// A key that cannot be evaluated was refused when the task became ready.
    private func demands(of task: TaskRef, of run: OpenRun, at now: Timestamp) -> [KeyedLimits.Demand] {
        var demands = (try? run.state.demands(of: task, at: now)) ?? []
        if let maximum = configuration.projectLimit {
            demands.append(
                .init(key: LimitKey(.project, run.state.project, tenant: run.state.sharingTenant), maximum: maximum)
            )
        }
        if let tool = run.state.node(task).kind.tool, let maximum = configuration.toolLimits[tool] {
            demands.append(.init(key: LimitKey(.tool, tool), maximum: maximum))
        }
        if let agent = run.state.agent(of: task), let maximum = configuration.agentLimit(agent) {
            demands.append(.init(key: LimitKey(.agent, agent), maximum: maximum))
        }
        return demands
    }
}
