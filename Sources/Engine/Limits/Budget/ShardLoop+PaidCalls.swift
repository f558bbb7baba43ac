// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// What is asked of the loop about calls that are no attempts.
enum PaidCallRequest: Sendable {
    case hold(CallCost, PaidCaller, Reply<PaidCallAnswer>)
    case settle(ReservationID, PaidCallEnd, Reply<Void>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .hold(_, _, let reply): reply(.failure(error))
        case .settle(_, _, let reply): reply(.failure(error))
        }
    }
}

/// Calls that are no attempts: held and settled like these, without a task that keeps them.
extension ShardLoop {
    mutating func apply(_ request: PaidCallRequest, to batch: inout Batch) {
        switch request {
        case .hold(let cost, let caller, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.hold(cost, for: caller, &batch) }
        case .settle(let id, let end, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in try loop.settle(id, end, &batch) }
        }
    }

    /// Calls that another process held and did not settle may have left.
    mutating func settleAbandonedCalls(_ batch: inout Batch) {
        for row in ledger.openReservations where row.task == nil && !paidCalls.contains(row.id) {
            guard let outcome = try? ledger.settleUnknown(row.id, usage: nextID(batch), at: batch.now) else { continue }
            note(outcome, from: nil, &batch)
        }
    }

    private mutating func hold(
        _ cost: CallCost,
        for caller: PaidCaller,
        _ batch: inout Batch
    ) throws(EngineError) -> PaidCallAnswer {
        settleAbandonedCalls(&batch)
        let place = try place(of: caller, &batch)
        do throws(BudgetError) {
            let (scopes, subject) = try payment(cost, caller, place)
            let request = ReservationRequest(
                id: nextID(batch),
                scopes: scopes,
                charge: cost.charge(within: try ledger.room(in: scopes)),
                call: cost.purpose.rawValue,
                subject: subject
            )
            if case .refused(let shortage) = try ledger.reserve(request) { return .refused(shortage) }
            paidCalls.insert(request.id)
            return .held(request.id, allowance: request.charge)
        } catch {
            throw EngineError(.unavailable, "the budgets cannot be used: \(error)")
        }
    }

    /// The task that a call is made for.
    private mutating func place(
        of caller: PaidCaller,
        _ batch: inout Batch
    ) throws(EngineError) -> (run: OpenRun, task: TaskRef)? {
        guard let id = caller.run else { return nil }
        let run = try open(try key(of: id), &batch)
        guard let name = caller.task.flatMap(TaskName.init), let task = run.state.task(named: name),
            !run.state.status.isTerminal
        else { throw EngineError(.notFound, "\(id) has no task `\(caller.task ?? "")` under way") }
        return (run, task)
    }

    /// Where a call is paid, and what its record says.
    private mutating func payment(
        _ cost: CallCost,
        _ caller: PaidCaller,
        _ place: (run: OpenRun, task: TaskRef)?
    ) throws(BudgetError) -> ([BudgetScope], UsageSubject) {
        if let (run, task) = place {
            return (try openScopes(for: task, of: run), run.state.subject(of: task, cost))
        }
        let scopes = BudgetScope.shared(by: caller.ownership)
        for scope in scopes { try openScope(scope, limit: configuration.budgets[scope.kind] ?? .none) }
        let subject = UsageSubject(
            tenant: caller.ownership.tenant,
            user: caller.ownership.owner,
            project: caller.ownership.project,
            apiKey: caller.ownership.apiKey,
            provider: cost.provider,
            model: cost.model,
            purpose: cost.purpose
        )
        return (scopes, subject)
    }

    private mutating func settle(
        _ id: ReservationID,
        _ end: PaidCallEnd,
        _ batch: inout Batch
    ) throws(EngineError) {
        do throws(BudgetError) {
            let outcome =
                switch end {
                case .spent(let usage): try ledger.settle(id, SettledUsage(usage, id: nextID(batch), at: batch.now))
                case .free: try ledger.release(id)
                case .unknown: try ledger.settleUnknown(id, usage: nextID(batch), at: batch.now)
                }
            paidCalls.remove(id)
            note(outcome, from: nil, &batch)
        } catch {
            throw EngineError(.conflict, "the call \(id) cannot be settled: \(error)")
        }
    }
}
