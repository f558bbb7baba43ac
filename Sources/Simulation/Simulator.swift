// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Model
internal import Store

/// The engine and its world in one thread: clients, workers, a network, a disk and a clock, all driven from one seed.
///
/// Time stands still while something happens, and then goes on to the next thing that does.
final class Simulator {
    let plan: SimulationCase
    let operations: [Operation]
    let faults: [Fault]
    let disk = SimulatedDisk()
    let clock = SimulatedClock()
    var agenda = Agenda<Happening>()
    /// How messages fare.
    var network: SeededRandom
    var process: SimulatedProcess?
    var life = 0
    /// The process gets no time until then.
    var pausedUntil: Int64 = 0
    /// No message gets through until then.
    var partitionedUntil: Int64 = 0
    var attempts: [Attempt] = []
    var attemptNumbers: [AttemptLease: Int] = [:]
    var ledger = EffectLedger()
    var calls: [Call] = []
    var acknowledged = Acknowledgements()
    var report = SimulationReport()
    var steps = 0
    /// What happened, when somebody wants to know.
    var trace: [String]?

    enum Happening {
        case start
        case operation(Int)
        case arrives(call: Int)
        case asksAgain(call: Int)
        case effect(Int)
        case heartbeat(Int)
        case result(Int)
        case stop(Int)
        case fault(Fault.Kind)
        case diskHasRoom
    }

    init(_ plan: SimulationCase) {
        self.plan = plan
        var random = SeededRandom(seed: plan.number, for: "operations")
        operations = Operation.plan(&random)
        random = SeededRandom(seed: plan.number, for: "faults")
        faults = Fault.plan(plan.scenario, &random)
        network = SeededRandom(seed: plan.number, for: "network")
        disk.flaw = plan.flaw
    }

    var now: Int64 { clock.monotonic() }
    var isLossy: Bool { plan.scenario.hasLossyNetwork && !plan.leftOut.lossyNetwork }

    func run() -> SimulationReport {
        agenda.add(.start, at: 0)
        for (position, operation) in operations.enumerated() where !plan.leftOut.operations.contains(position) {
            agenda.add(.operation(position), at: operation.at)
        }
        for (position, fault) in faults.enumerated() where !plan.leftOut.faults.contains(position) {
            agenda.add(.fault(fault.kind), at: fault.at)
        }
        goOn()
        endFaults()
        finale()
        if report.violation == nil { auditEnd() }
        report.transitions = disk.transitions
        report.steps = steps
        report.elapsed = now
        report.runs = Int(disk.rows.lastRunKey())
        report.restarts = max(0, life - 1)
        report.logHash = disk.logHash
        return report
    }

    func note(_ text: @autoclosure () -> String) {
        if trace != nil { trace?.append("\(steps) \(now) ms  \(text())") }
    }

    func violate(_ rule: Violation.Rule, _ message: String, step: Int? = nil) {
        guard report.violation == nil else { return }
        report.violation = Violation(rule: rule, step: step ?? steps, message: message)
        note("VIOLATED \(rule): \(message)")
    }

    // MARK: Time

    /// Lets everything happen until nothing happens any more.
    func goOn() {
        while report.violation == nil {
            steps += 1
            disk.step = steps
            guard steps <= plan.stepLimit else {
                return violate(.progress, "it does not come to rest within \(plan.stepLimit) steps")
            }
            let wakeAt = nextTurn()
            if let next = agenda.nextAt, next <= wakeAt ?? .max {
                clock.advance(milliseconds: max(0, next - now))
                while let happening = agenda.pop(at: now) { happen(happening) }
            } else if let wakeAt {
                clock.advance(milliseconds: max(0, wakeAt - now))
                turn()
            } else {
                return
            }
        }
    }

    /// When the engine has something to do by itself; `nil` when it has not.
    private func nextTurn() -> Int64? {
        guard let process else { return nil }
        let idle = process.engine.idleTime
        let earliest = max(now, pausedUntil)
        guard idle >= 60_000 else { return max(now + idle, earliest) }
        // Nothing within a minute, which is the longest that the loop sleeps: only timers are further away.
        guard let timer = disk.rows.timers(ofRun: nil).first else { return nil }
        return max(now + idle, now + (timer.fireAt - clock.wall()).milliseconds, earliest)
    }

    private func happen(_ happening: Happening) {
        switch happening {
        case .start: startProcess()
        case .operation(let position): begin(operations[position])
        case .arrives(let call): arrive(call)
        case .asksAgain(let call): askAgain(call)
        case .effect(let attempt): effect(attempt)
        case .heartbeat(let attempt): heartbeat(attempt)
        case .result(let attempt): result(attempt)
        case .stop(let attempt): stop(attempt)
        case .fault(let kind): strike(kind)
        case .diskHasRoom: disk.isFull = false
        }
    }

    // MARK: The process

    private func startProcess() {
        guard process == nil else { return }
        life += 1
        disk.life = life
        let process = SimulatedProcess(disk, clock: clock, life: life, plan: plan)
        note("process \(life) starts, \(process.slots) slots")
        self.process = process
        guard process.engine.open() else { return die(answersCount: false) }
        process.engine.adopt(nil) { [answers = process.answers] in answers.adopted = $0 }
    }

    /// One turn of the engine, and what it leads to.
    func turn() {
        guard let process else { return }
        let commits = disk.commits.count
        let (starts, stops) = process.engine.turn()
        guard !process.disk.isDead else {
            if let reason = process.answers.stopReason, !process.disk.hadFault {
                violate(.engine, "the engine stopped by itself: \(reason)")
            }
            return die(answersCount: false)
        }
        let hasAnswers = !process.answers.isEmpty
        if disk.crashPoint == .beforeAnswer, hasAnswers { return crash(.beforeAnswer, answersCount: false) }
        takeAnswers(of: process)
        guard disk.crashPoint != .beforeDispatch || starts.isEmpty else { return crash(.beforeDispatch) }
        for lease in stops {
            if let number = attemptNumbers[lease] { agenda.add(.stop(number), at: now + delay()) }
        }
        for assignment in starts { begin(assignment, process) }
        // A turn that wrote something took a moment.
        if disk.commits.count > commits { clock.advance(milliseconds: 1) }
    }

    func crash(_ point: CrashPoint, answersCount: Bool = true) {
        disk.crashPoint = nil
        note("reaches \(point.rawValue)")
        die(answersCount: answersCount)
    }

    /// The process is gone, with everything in it but what was durable.
    func die(answersCount: Bool) {
        guard let process else { return }
        note("process \(life) dies")
        process.disk.die()
        self.process = nil
        disk.cutPower()
        for number in attempts.indices where attempts[number].life == life && !attempts[number].conduct.isZombie {
            attempts[number].isOver = true
        }
        auditAcknowledged()
        agenda.add(.start, at: now + network.span(20...3_000))
    }

    private func strike(_ fault: Fault.Kind) {
        note("fault: \(fault)")
        switch fault {
        case .crash(let point): disk.crashPoint = point
        case .kill: die(answersCount: false)
        case .restart: stopGracefully()
        case .clockJump(let span): clock.jump(by: .milliseconds(span))
        case .clockFrozen(let span): clock.freeze(for: .milliseconds(span))
        case .pause(let span): pausedUntil = now + span
        case .diskFull(let span):
            disk.isFull = true
            agenda.add(.diskHasRoom, at: now + span)
        case .flushFails(let failure): disk.flushFailure = failure
        case .readsFail(let count): disk.failingReads = count
        case .partition(let span): partitionedUntil = now + span
        }
    }

    private func stopGracefully() {
        guard let process else { return }
        process.engine.release { _ in }
        turn()
        // Otherwise it died on the way.
        if self.process === process { die(answersCount: true) }
    }

    private func endFaults() {
        disk.crashPoint = nil
        disk.flushFailure = nil
        disk.failingReads = 0
        disk.isFull = false
    }

    // MARK: The network

    /// A message takes that long.
    func delay() -> Int64 {
        isLossy ? network.span(0...(network.happens(50) ? 40_000 : 400)) : network.span(0...5)
    }

    var isMessageLost: Bool {
        guard isLossy else { return false }
        return now < partitionedUntil || network.happens(100)
    }

    /// How often a message that was sent once arrives.
    func copies() -> Int {
        guard isLossy else { return 1 }
        guard !isMessageLost else { return 0 }
        return network.happens(200) ? network.draw(2...5) : 1
    }
}
