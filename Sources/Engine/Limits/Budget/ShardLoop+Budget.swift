// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Store

/// Money: held before an attempt begins, settled when it ends, always in the commit that says so (spec 8.11).
extension ShardLoop {
    // MARK: Before an attempt

    /// Holds what an attempt can cost, or says what it lacks; it is called when there may be room.
    ///
    /// For an attempt whose next call did not fit nothing is held: it asks again, and only has to fit.
    mutating func reserve(_ task: TaskRef, of run: OpenRun, _ batch: inout Batch) -> TaskHold? {
        let lacking = run.state.steps[task]?.lacks
        guard var cost = lacking ?? traits(run.state.node(task)).cost, cost.most != .zero else { return nil }
        if lacking != nil { cost.most = cost.least }
        do throws(EngineError) {
            switch try hold(cost, of: task, fence: run.state[task].fence + 1, run, batch) {
            case .success(let row):
                if lacking == nil {
                    run.machine.emit(task, .budget(.reserved(row.id, row.charge)))
                } else {
                    _ = try? ledger.release(row.id)
                }
                return nil
            case .failure(let shortage):
                let waiter = waiter(task, of: run)
                budgets.wait(waiter, for: shortage.account.scope, least: cost.least, at: clock.monotonic())
                return .budget(shortage)
            }
        } catch {
            // Nothing that is written can be wrong: the process starts again from what the store holds.
            brokenRead = brokenRead ?? error
            return nil
        }
    }

    /// Holds what a call of an attempt can cost; no event tells of it.
    mutating func hold(
        _ cost: CallCost,
        forCall call: String = "",
        of task: TaskRef,
        fence: Int64,
        _ run: OpenRun,
        _ batch: Batch
    ) throws(EngineError) -> Result<(id: ReservationID, charge: Charge), BudgetShortage> {
        do throws(BudgetError) {
            let scopes = try openScopes(for: task, of: run)
            let request = ReservationRequest(
                id: nextID(batch),
                scopes: scopes,
                charge: cost.charge(within: try ledger.room(in: scopes)),
                task: TaskKey(run.key, task),
                fence: fence,
                call: call,
                subject: run.state.subject(of: task, cost)
            )
            switch try ledger.reserve(request) {
            case .reserved: return .success((request.id, request.charge))
            case .refused(let shortage): return .failure(shortage)
            }
        } catch {
            throw EngineError(.unavailable, "the budgets cannot be used: \(error)")
        }
    }

    /// A call of an attempt ended; one that was handed over may have been made by an earlier attempt.
    mutating func settle(
        _ lease: HeldLease,
        call: String,
        wasHandedOver: Bool = false,
        _ usage: CallUsage?,
        _ batch: inout Batch
    ) {
        let rows = ledger.reservations(of: lease.key).filter {
            $0.call == call && ($0.fence == lease.fence || wasHandedOver)
        }
        for row in rows {
            if let usage {
                settle(row, usage, of: lease.key, &batch)
            } else {
                settleUnknown(row, of: lease.key, &batch)
            }
        }
    }

    /// What the attempt that holds a reservation may spend.
    func allowance(of task: TaskKey) -> Charge? {
        ledger.reservations(of: task).first { $0.call.isEmpty }?.charge
    }

    // MARK: After an attempt

    /// The attempt of a lease told what it cost. One that nobody waits for any more proves what it did all the same.
    mutating func settle(_ lease: HeldLease, _ usage: CallUsage?, _ batch: inout Batch) {
        let rows = ledger.reservations(of: lease.key).filter { $0.fence == lease.fence }
        guard !rows.isEmpty else { return refund(lease, usage, &batch) }
        guard let usage else { return closeReservations(of: lease.key, fence: lease.fence, &batch) }
        for row in rows { settle(row, usage, of: lease.key, &batch) }
    }

    private mutating func settle(
        _ row: ReservationRow,
        _ usage: CallUsage,
        of task: TaskKey,
        _ batch: inout Batch
    ) {
        let settled = SettledUsage(usage, id: nextID(batch), at: batch.now)
        guard let outcome = try? ledger.settle(row.id, settled) else { return }
        tell(.settled(row.id, usage.charge, isKnown: true), of: task, &batch)
        note(outcome, from: task, &batch)
    }

    private mutating func settleUnknown(_ row: ReservationRow, of task: TaskKey, _ batch: inout Batch) {
        guard let outcome = try? ledger.settleUnknown(row.id, usage: nextID(batch), at: batch.now) else { return }
        tell(.settled(row.id, row.charge, isKnown: false), of: task, &batch)
        note(outcome, from: task, &batch)
    }

    /// An attempt ended and nobody knows what it cost. It may have left this machine, so all that was held counts as
    /// spent until somebody proves something else. Calls that were handed over go on.
    mutating func closeReservations(of task: TaskKey, fence: Int64, _ batch: inout Batch) {
        for row in ledger.reservations(of: task) where row.fence == fence && !isHandedOver(row, of: task, &batch) {
            settleUnknown(row, of: task, &batch)
        }
    }

    private mutating func isHandedOver(_ row: ReservationRow, of task: TaskKey, _ batch: inout Batch) -> Bool {
        guard !row.call.isEmpty,
            let run = attempt({ loop throws(EngineError) in try loop.open(task.runKey, &batch) })
        else { return false }
        return run.state.isHandedOver(row.call, of: TaskRef(number: task.task))
    }

    /// Nobody will ask any more for answers to calls that were handed over, as their tasks ended or begin anew.
    mutating func closeAbandonedCalls(of run: OpenRun, _ batch: inout Batch) {
        guard !ledger.tasks.isEmpty else { return }
        for task in run.machine.touched {
            let key = TaskKey(run.key, task)
            for row in ledger.reservations(of: key) where !row.call.isEmpty {
                let isInFlight = run.state.has(task) && run.state.isInFlight(task, fence: row.fence)
                guard !isInFlight, !run.state.isHandedOver(row.call, of: task) else { continue }
                settleUnknown(row, of: key, &batch)
            }
        }
    }

    /// What was settled for want of knowledge is corrected.
    private mutating func refund(_ lease: HeldLease, _ usage: CallUsage?, _ batch: inout Batch) {
        guard let usage, let row = ledger.unknownReservation(of: lease.key, fence: lease.fence) else { return }
        let settled = SettledUsage(usage, id: nextID(batch), at: batch.now)
        for account in row.accounts where ledger.accounts[account] == nil {
            // A thousand periods are some years.
            let stored = attempt { loop throws(EngineError) in
                try loop.budgetRows(of: account.scope, limit: 1000).first { $0.account == account }
            }
            if let stored = stored ?? nil { try? ledger.load(budgets: [stored]) }
        }
        guard let outcome = try? ledger.refund(row.id, settled) else { return }
        note(outcome, from: lease.key, &batch)
    }

    /// Writes an event into the log of a run that is open.
    private mutating func tell(_ event: BudgetEvent, of task: TaskKey, _ batch: inout Batch) {
        guard let run = attempt({ loop throws(EngineError) in try loop.open(task.runKey, &batch) }),
            !run.state.status.isTerminal
        else { return }
        run.machine.emit(TaskRef(number: task.task), .budget(event))
    }

    mutating func note(_ outcome: BudgetOutcome, from task: TaskKey?, _ batch: inout Batch) {
        budgets.free(outcome.freed)
        guard let task, !outcome.warnings.isEmpty,
            let run = attempt({ loop throws(EngineError) in try loop.open(task.runKey, &batch) }),
            !run.state.status.isTerminal
        else { return }
        for warning in outcome.warnings {
            let event = BudgetEvent.warning(
                warning.account,
                percent: warning.percent,
                limit: warning.limit,
                spent: warning.spent
            )
            run.machine.emit(Event(body: .budget(event)))
        }
    }

    // MARK: Limits

    /// Sets what may be spent in a scope. That of a run is a change of the run.
    mutating func setBudget(
        _ scope: BudgetScope,
        _ limit: BudgetLimit,
        _ actor: String,
        _ batch: inout Batch
    ) throws(EngineError) {
        switch scope.kind {
        case .run, .subtree:
            guard let run = RunID(scope.name) else {
                throw EngineError(.invalid, "`\(scope.name)` is no id of a run")
            }
            _ = try handle(.update(RunUpdate(budget: limit)), on: try key(of: run), actor, &batch)
        case .day, .month, .tenant, .project, .user, .agent, .task, .apiKey:
            guard !scope.name.isEmpty else { throw EngineError(.invalid, "a budget needs a name: `\(scope)NAME`") }
            if scope.kind == .task, try budgetRows(of: scope, limit: 1).isEmpty {
                throw EngineError(.notFound, "no task has the budget \(scope)")
            }
            do throws(BudgetError) {
                try openScope(scope, limit: limit)
                note(try ledger.setLimit(limit, of: scope), from: nil, &batch)
            } catch {
                throw EngineError(.unavailable, "the budget of \(scope) cannot be changed: \(error)")
            }
        }
    }

    /// The run may spend another amount from now on.
    mutating func applyBudget(of run: OpenRun, _ batch: inout Batch) {
        let scope = BudgetScope(.subtree, run.state.id.description)
        guard let outcome = try? ledger.setLimit(run.state.budget, of: scope) else { return }
        note(outcome, from: TaskKey(runKey: run.key, task: -1), &batch)
    }

    /// Begins new days and months.
    mutating func rollBudgets(_ batch: Batch) {
        budgets.free(ledger.roll(to: batch.now))
    }

    // MARK: Scopes

    /// All scopes that a call of the task must fit, made known to the ledger.
    mutating func openScopes(for task: TaskRef, of run: OpenRun) throws(BudgetError) -> [BudgetScope] {
        var scopes = run.state.sharedScopes(for: task)
        for scope in scopes { try openScope(scope, limit: configuration.budgets[scope.kind] ?? .none) }
        for payer in payers(of: run) {
            let scope = BudgetScope(.subtree, payer.id.description)
            try openScope(scope, limit: payer.budget)
            if ledger.limit(of: scope) != payer.budget { _ = try ledger.setLimit(payer.budget, of: scope) }
            scopes.append(scope)
        }
        if let budget = run.state.node(task).budget {
            let scope = BudgetScope(.task, "\(run.state.id)/\(run.state.name(of: task))")
            try openScope(scope, limit: BudgetLimit.none.over(budget))
            scopes.append(scope)
        }
        // Agents that work together share what their node may spend.
        if let owner = run.state.scope(task.scope)?.owner, case .team = run.state.node(owner).kind,
            let budget = run.state.node(owner).budget
        {
            let scope = BudgetScope(.task, "\(run.state.id)/\(run.state.name(of: owner))")
            try openScope(scope, limit: BudgetLimit.none.over(budget))
            scopes.append(scope)
        }
        return scopes
    }

    mutating func openScope(_ scope: BudgetScope, limit: BudgetLimit) throws(BudgetError) {
        guard (try? ledger.current(scope)) == nil else { return }
        let stored = attempt { loop throws(EngineError) in try loop.budgetRows(of: scope, limit: 1).first }
        guard let stored else { throw .notOpen(scope) }
        ledger.open(scope, limit: limit, stored: stored)
    }

    private func budgetRows(of scope: BudgetScope, limit: Int) throws(EngineError) -> [BudgetRow] {
        do throws(StoreError) {
            return try store.budgets(of: scope, limit: limit)
        } catch {
            throw EngineError(store: error)
        }
    }

    /// The run, and those that it was started for: its calls are paid out of what they may spend too.
    private mutating func payers(of run: OpenRun) -> [RunState] {
        var payers = [run.state]
        while payers.count <= RunMachine.deepestChild, let above = payers[payers.count - 1].parent {
            let found = attempt { loop throws(EngineError) -> RunState in
                let key = try loop.key(of: above.run)
                if let known = loop.runs[key] { return known.state }
                return try loop.reader.restore(key).state
            }
            guard let found else { break }
            payers.append(found)
        }
        return payers
    }

    /// A run ended: nothing more is charged to it, and not to those above it that ended before.
    mutating func closeBudgets(of run: OpenRun) {
        guard (try? ledger.current(BudgetScope(.subtree, run.state.id.description))) != nil else { return }
        for payer in payers(of: run) where payer.status.isTerminal {
            ledger.close(BudgetScope(.subtree, payer.id.description))
        }
        guard run.state.graph.nodes.contains(where: { $0.budget != nil }) else { return }
        let prefix = "\(run.state.id)/"
        for scope in ledger.periods.keys where scope.kind == .task && scope.name.hasPrefix(prefix) {
            ledger.close(scope)
        }
    }

    mutating func nextID<Kind: IdentifierKind>(_ batch: Batch) -> Identifier<Kind> {
        ids.next(at: batch.now, entropy: (random.next(), random.next()))
    }
}

extension SettledUsage {
    init(_ usage: CallUsage, id: UsageID, at time: Timestamp) {
        self.init(
            id: id,
            at: time,
            charge: usage.charge,
            tokens: usage.tokens,
            pricedBy: usage.pricedBy,
            isSimulated: usage.isSimulated
        )
    }
}

extension RunState {
    /// Scopes that many runs share.
    fileprivate func sharedScopes(for task: TaskRef) -> [BudgetScope] {
        // Every run is in a project here, be it in that of those that name none.
        var payer = ownership
        payer.project = project
        return BudgetScope.shared(by: payer, agent: agent(of: task))
    }

    func subject(of task: TaskRef, _ cost: CallCost) -> UsageSubject {
        UsageSubject(
            tenant: tenant,
            user: owner,
            project: project,
            apiKey: apiKey,
            run: id,
            task: name(of: task),
            // Before it has begun an attempt has the next number.
            attempt: self[task].attempts + ([.running, .verifying].contains(self[task].status) ? 0 : 1),
            agent: agent(of: task),
            provider: cost.provider,
            model: cost.model,
            purpose: cost.purpose
        )
    }
}

extension BudgetScope {
    /// Those of what somebody does, within runs and outside of them.
    static func shared(by ownership: Ownership, agent: String? = nil) -> [BudgetScope] {
        let tenant = ownership.tenant
        let prefix = tenant == Ownership.defaultTenant ? "" : "\(tenant)/"
        var scopes = [BudgetScope(.day, tenant), BudgetScope(.month, tenant), BudgetScope(.tenant, tenant)]
        if let project = ownership.project { scopes.append(BudgetScope(.project, prefix + project)) }
        if let agent { scopes.append(BudgetScope(.agent, prefix + agent)) }
        if let key = ownership.apiKey { scopes.append(BudgetScope(.apiKey, "\(prefix)\(key)")) }
        if let owner = ownership.owner { scopes.append(BudgetScope(.user, prefix + owner.withoutKind)) }
        return scopes
    }
}

extension String {
    /// The id of somebody who is named as events name who acts: `user:usr_…`.
    fileprivate var withoutKind: String { hasPrefix("user:") ? String(dropFirst(5)) : self }
}
