// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model

/// One attempt at a worker: what it will do is drawn when it begins.
struct Attempt {
    let assignment: Assignment
    /// Which life of the process handed it out.
    let life: Int
    let conduct: Conduct
    /// Nothing happens any more: it was told to stop, or died.
    var isOver = false
    /// Its effect has happened.
    var isDone = false
    /// Its result reached the engine.
    var isDelivered = false

    /// How an attempt goes.
    struct Conduct {
        enum End { case completes, failsTransient, failsUpstream, failsPermanent, isLost }
        var end = End.completes
        /// Milliseconds to its end.
        var duration: Int64 = 10
        /// It does not say that it is alive.
        var isSilent = false
        /// It goes on after its process died or told it to stop.
        var isZombie = false
        /// Its output does not fit into an event.
        var isLarge = false
    }

    var outcome: AttemptOutcome {
        if let checks = assignment.checks { return outcome(checks) }
        switch conduct.end {
        case .completes, .isLost:
            var output: JSONObject = ["fence": .int(assignment.attemptLease.fence), "n": 1]
            if conduct.isLarge {
                // Own bytes, so that the blob is not there already.
                let text = assignment.idempotencyKey + String(repeating: "x", count: 4200)
                output["text"] = .string(text)
            }
            return .completed(.object(output), usage: usage)
        case .failsTransient: return .failed(error(.transient), usage: usage)
        case .failsUpstream: return .failed(error(.upstream), usage: usage)
        case .failsPermanent: return .failed(error(.permanent), usage: usage)
        }
    }

    /// Checks find out what the attempt was drawn for; now and then nobody makes some of them.
    private func outcome(_ order: CheckOrder) -> AttemptOutcome {
        let verdict: Verdict
        switch conduct.end {
        case .completes, .isLost: verdict = .passed
        case .failsTransient: return .failed(error(.transient))
        case .failsUpstream: verdict = .gapsFound
        case .failsPermanent: verdict = .humanNeeded
        }
        return .checked(order.open.map { CheckEvidence(check: $0.number, verdict: verdict, message: "as drawn") })
    }

    private var usage: CallUsage? { SimulatedMoney.usage(of: assignment) }

    private func error(_ errorClass: ErrorClass) -> TaskError {
        TaskError(code: "tool.failed", errorClass: errorClass, message: "as drawn")
    }
}

extension Attempt.Conduct {
    /// The same task and attempt behave the same whatever else is left out of the case.
    static func draw(_ assignment: Assignment, _ plan: SimulationCase) -> Self {
        let key = "\(assignment.idempotencyKey)#\(assignment.attemptLease.fence)"
        var random = SeededRandom(seed: plan.number, for: key)
        var conduct = Self()
        guard !plan.leftOut.badAttempts else { return conduct }
        var swarm = SeededRandom(seed: plan.number, for: "attempts")
        let (bad, slow) = (swarm.pick([0, 50, 200]), swarm.pick([20, 100, 400]))
        switch random.draw(0...999) {
        case ..<bad:
            conduct.end = random.pick([.failsTransient, .failsTransient, .failsUpstream, .failsPermanent, .isLost])
        default: break
        }
        conduct.duration =
            random.happens(slow) ? random.span(1_000...25_000) : random.span(1...300)
        if random.happens(slow / 10) { conduct.duration = random.span(30_000...200_000) }
        conduct.isLarge = random.happens(30)
        if plan.scenario.hasLossyNetwork {
            conduct.isSilent = random.happens(swarm.pick([0, 30, 150]))
        }
        if plan.scenario != .quiet { conduct.isZombie = random.happens(300) }
        return conduct
    }
}
