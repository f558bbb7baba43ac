// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import Model
internal import Store

/// Workers: they take attempts, say that they are alive, have an effect on the world, and hand in a result.
extension Simulator {
    static let heartbeat: Int64 = 10_000

    func begin(_ assignment: Assignment, _ process: SimulatedProcess) {
        let lease = assignment.attemptLease
        guard attemptNumbers[lease] == nil else {
            return violate(.fences, "\(assignment.idempotencyKey) was dispatched twice with fence \(lease.fence)")
        }
        let number = attempts.count
        let attempt = Attempt(assignment: assignment, life: life, conduct: .draw(assignment, plan))
        attempts.append(attempt)
        attemptNumbers[lease] = number
        note("attempt \(number) of \(assignment.idempotencyKey) fence \(lease.fence): \(attempt.conduct)")
        guard !(isLossy && isMessageLost) else { return attempts[number].isOver = true }
        let begins = now + delay()
        agenda.add(.effect(number), at: begins + attempt.conduct.duration)
        if !attempt.conduct.isSilent { agenda.add(.heartbeat(number), at: begins + Self.heartbeat) }
    }

    /// The attempt does what it is for.
    func effect(_ number: Int) {
        guard !attempts[number].isOver else { return }
        let attempt = attempts[number]
        if disk.crashPoint == .beforeEffect, attempt.life == life {
            crash(.beforeEffect)
            if attempts[number].isOver { return }
        }
        attempts[number].isDone = true
        if attempt.assignment.checks == nil, attempt.conduct.end == .completes || attempt.conduct.end == .isLost {
            note("effect of attempt \(number)")
            ledger.record(attempt)
        }
        guard attempt.conduct.end != .isLost else { return attempts[number].isOver = true }
        if disk.crashPoint == .afterEffect, attempt.life == life {
            crash(.afterEffect)
            if attempts[number].isOver { return }
        }
        send(number)
    }

    private func send(_ number: Int) {
        guard isLossy else { return agenda.add(.result(number), at: now + delay()) }
        // It is sent until it is likely to have come.
        for try_ in 0..<3 {
            for _ in 0..<copies() { agenda.add(.result(number), at: now + delay() + Int64(try_) * 3_000) }
        }
    }

    func result(_ number: Int) {
        let attempt = attempts[number]
        guard !attempt.isOver, let process else { return }
        if disk.crashPoint == .beforeCompletion, attempt.life == life {
            crash(.beforeCompletion)
            return
        }
        do throws(StoreError) {
            try process.engine.attemptEnded(presentedLease(of: attempt), attempt.outcome, blobs: process.blobs)
            note("result of attempt \(number)")
            attempts[number].isDelivered = true
        } catch {
            if process.disk.isDead { return die(answersCount: false) }
            agenda.add(.result(number), at: now + 1_000)
        }
    }

    private func presentedLease(of attempt: Attempt) -> AttemptLease {
        let lease = attempt.assignment.attemptLease
        guard plan.flaw == .forgesFences else { return lease }
        return attempts.last { $0.assignment.attemptLease.task == lease.task }?.assignment.attemptLease ?? lease
    }

    func heartbeat(_ number: Int) {
        guard !attempts[number].isOver, !attempts[number].isDelivered else { return }
        // A result that never arrives is not waited for: the lease has to end.
        guard !(isLossy && attempts[number].isDone) else { return }
        // The host of a program says that it is alive; when it is gone, nobody does.
        guard attempts[number].life == life else { return }
        if let process, !isMessageLost { process.engine.heartbeat([attempts[number].assignment.attemptLease]) }
        agenda.add(.heartbeat(number), at: now + Self.heartbeat)
    }

    func stop(_ number: Int) {
        guard !attempts[number].isDone, !attempts[number].conduct.isZombie else { return }
        note("attempt \(number) is told to stop")
        attempts[number].isOver = true
    }
}

/// What attempts did to the world, by idempotency key.
struct EffectLedger {
    private(set) var effects: [String: [(attempt: Int64, isNonIdempotent: Bool)]] = [:]

    mutating func record(_ attempt: Attempt) {
        let assignment = attempt.assignment
        effects[assignment.idempotencyKey, default: []].append(
            (assignment.attemptLease.fence, assignment.node.isNonIdempotent)
        )
    }

    /// An effect that takes no key happened twice.
    var repeated: String? {
        effects.filter { $0.value.count > 1 && $0.value[0].isNonIdempotent }.keys.min()
    }
}
