// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Store

/// Checks that executors make: written down, with the money for them, in one commit.
extension ShardLoop {
    /// What whoever makes checks writes down; `leaseLost` when somebody else makes them now.
    mutating func record(
        _ changes: [CheckChange],
        of lease: HeldLease,
        _ batch: inout Batch
    ) throws(EngineError) -> CheckReceipt {
        let run = try open(lease.key.runKey, &batch)
        let task = TaskRef(number: lease.key.task)
        guard run.state.has(task), run.state.isChecking(task, lease.fence), !run.state.status.isTerminal else {
            throw EngineError(.leaseLost, "somebody else makes the checks, or the run ended")
        }
        run.machine.turn = turn(batch, nil)
        leases.renew(lease.key, fence: lease.fence, now: clock.monotonic())
        for change in changes {
            switch change {
            case .begin: break
            case .settle(let check, let usage): settle(lease, call: Self.call(check), usage, &batch)
            case .end(let evidence, let usage):
                settle(lease, call: Self.call(evidence.check), usage, &batch)
                run.machine.note([evidence], of: task)
            }
        }
        return try begin(changes, lease, task, run, batch)
    }

    /// Begins all calls, or none.
    private mutating func begin(
        _ changes: [CheckChange],
        _ lease: HeldLease,
        _ task: TaskRef,
        _ run: OpenRun,
        _ batch: Batch
    ) throws(EngineError) -> CheckReceipt {
        var receipt = CheckReceipt()
        var held: [ReservationID] = []
        for case .begin(let check, let cost) in changes {
            guard cost.most != .zero else {
                receipt.allowances.append(.zero)
                continue
            }
            switch try hold(cost, forCall: Self.call(check), of: task, fence: lease.fence, run, batch) {
            case .success(let row):
                held.append(row.id)
                receipt.allowances.append(row.charge)
            case .failure(let shortage):
                for id in held { _ = try? ledger.release(id) }
                return CheckReceipt(shortage: shortage)
            }
        }
        for (id, charge) in zip(held, receipt.allowances.filter { $0 != .zero }) {
            run.machine.emit(task, .budget(.reserved(id, charge)))
        }
        return receipt
    }

    private static func call(_ check: Int) -> String { "check \(check)" }
}

extension RunState {
    /// Somebody makes the checks of the task, under that fence.
    func isChecking(_ task: TaskRef, _ fence: Int64) -> Bool {
        self[task].status == .verifying && self[task].worker != nil && self[task].fence == fence
    }
}
