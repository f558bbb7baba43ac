// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// Steps of attempts: written down, with the money for them, in one commit (spec 8.4, 8.11).
extension ShardLoop {
    /// What an attempt writes down; `leaseLost` when it is not the current one any more.
    mutating func record(
        _ changes: [PreparedStep],
        of lease: HeldLease,
        _ batch: inout Batch
    ) throws(EngineError) -> StepReceipt {
        let run = try open(lease.key.runKey, &batch)
        let task = TaskRef(number: lease.key.task)
        guard run.state.has(task), run.state[task].status == .running, run.state[task].fence == lease.fence,
            !run.state.status.isTerminal
        else { throw EngineError(.leaseLost, "another attempt has the task, or the run ended") }
        run.machine.turn = turn(batch, nil)
        try check(changes, run.state.steps[task] ?? RunState.Steps())
        leases.renew(lease.key, fence: lease.fence, now: clock.monotonic())
        for case .handOver(let number, let ticket) in changes {
            run.machine.emit(task, .step(.handedOver(number: number, ticket: ticket)))
        }
        for case .end(let number, let result, let usage) in changes {
            guard let step = run.state.steps[task]?.all[number - 1] else { continue }
            settle(lease, call: String(number), wasHandedOver: step.ticket != nil, usage, &batch)
            run.machine.emit(task, .step(.ended(step.kind, number: number, result: result)))
        }
        return try begin(changes, lease, task, run, batch)
    }

    /// Only what is under way can end, once, and what a person decided is spent once.
    private func check(_ changes: [PreparedStep], _ steps: RunState.Steps) throws(EngineError) {
        var open = Set(steps.all.filter { $0.result == nil }.map(\.number))
        var consents = Set(steps.consents.map(\.request))
        for case .begin(_, _, _, _, let consent?) in changes where consents.remove(consent) == nil {
            throw EngineError(.invalid, "\(consent) is no decision about a call of the task, or was spent")
        }
        for case .handOver(let number, let ticket) in changes {
            guard open.contains(number) else {
                throw EngineError(.invalid, "step \(number) has ended, or never began")
            }
            guard ticket.bytes().count <= TaskStep.longestTicket else {
                throw EngineError(
                    .invalid,
                    "the ticket of step \(number) is longer than \(TaskStep.longestTicket) bytes"
                )
            }
        }
        for case .end(let number, _, _) in changes where open.remove(number) == nil {
            throw EngineError(.invalid, "step \(number) has ended, or never began")
        }
    }

    /// Begins all calls, or none.
    private mutating func begin(
        _ changes: [PreparedStep],
        _ lease: HeldLease,
        _ task: TaskRef,
        _ run: OpenRun,
        _ batch: Batch
    ) throws(EngineError) -> StepReceipt {
        var receipt = StepReceipt()
        var held: [ReservationID] = []
        let first = (run.state.steps[task]?.all.count ?? 0) + 1
        for case .begin(_, _, _, let cost, _) in changes {
            var allowance: Charge?
            if let cost, cost.most != .zero {
                let call = String(first + receipt.allowances.count)
                switch try hold(cost, forCall: call, of: task, fence: lease.fence, run, batch) {
                case .success(let row):
                    held.append(row.id)
                    allowance = row.charge
                case .failure(let shortage):
                    for id in held { _ = try? ledger.release(id) }
                    receipt.allowances = []
                    receipt.shortage = shortage
                    return receipt
                }
            }
            receipt.allowances.append(allowance)
        }
        for (id, charge) in zip(held, receipt.allowances.compactMap(\.self)) {
            run.machine.emit(task, .budget(.reserved(id, charge)))
        }
        for case .begin(let kind, let name, let request, _, let consent) in changes {
            run.machine.emit(task, .step(.begun(kind, name: name, request: request, consent: consent)))
        }
        receipt.begun = Array((run.state.steps[task]?.all ?? []).dropFirst(first - 1))
        return receipt
    }
}
