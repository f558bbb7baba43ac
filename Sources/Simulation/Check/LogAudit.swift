// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import JSON
internal import Model
internal import Store

/// Reads the logs of all runs event by event, and checks what they say.
struct LogAudit {
    private let simulator: Simulator
    private let reader: RunReader
    /// By commit and worker: attempts that began less those that ended.
    private var changes: [Int: [String: Int]] = [:]
    private var started: Set<Started> = []

    private struct Started: Hashable {
        let key: TaskKey
        let fence: Int64
    }

    init(_ simulator: Simulator) {
        self.simulator = simulator
        reader = RunReader(store: simulator.disk.rows, blobs: simulator.disk.blobs)
    }

    mutating func check(_ row: RunRow, _ state: RunState) {
        var run = RunAudit(row, limit: state.graph.definition.maxParallel)
        var facts: [(sequence: Int64, at: Timestamp, event: Event)] = []
        var records: [StoredRecord] = []
        do {
            records = try simulator.disk.rows.records(ofRun: row.key, after: 0, limit: .max)
            try reader.forEachEvent(ofRun: row.key) { sequence, at, event, _ in facts.append((sequence, at, event)) }
        } catch {
            return simulator.violate(.log, "\(error)")
        }
        var record = 0
        for fact in facts {
            while record + 1 < records.count, records[record + 1].record.firstSequence <= fact.sequence { record += 1 }
            let commit = simulator.disk.commit(of: records[record].globalSequence)
            note(fact.event, of: row, commit)
            let finding = run.take(
                fact.event,
                at: fact.at,
                in: state,
                simulator,
                life: simulator.disk.commits[commit].life
            )
            for (worker, change) in run.changes { changes[commit, default: [:]][worker, default: 0] += change }
            run.changes = [:]
            if let finding {
                for fact in facts.prefix(while: { $0.sequence <= fact.sequence }).suffix(20) {
                    simulator.note("event \(fact.sequence) at \(fact.at): \(fact.event)")
                }
                let step = simulator.disk.commits[commit].step
                return simulator.violate(
                    finding.rule,
                    "\(row.id), event \(fact.sequence): \(finding.message)",
                    step: step
                )
            }
        }
        if let missing = simulator.acknowledged.signals.first(where: {
            $0.run == row.id && !run.signals.contains($0.dedupeKey)
        }) {
            simulator.violate(
                .acknowledged,
                "signal `\(missing.dedupeKey)` to \(row.id) was answered, but is not in the log"
            )
        }
    }

    private mutating func note(_ event: Event, of row: RunRow, _ commit: Int) {
        guard let task = event.task, let fence = event.body.startedFence else { return }
        started.insert(Started(key: TaskKey(runKey: row.key, task: task.number), fence: fence))
    }

    /// What concerns all runs together.
    func finish() {
        for attempt in simulator.attempts {
            let lease = attempt.assignment.attemptLease
            guard started.contains(Started(key: lease.task, fence: lease.fence)) else {
                return simulator.violate(
                    .fences,
                    "\(attempt.assignment.idempotencyKey) was dispatched with fence \(lease.fence), which is not in the log"
                )
            }
        }
        var running: [String: Int] = [:]
        for commit in changes.keys.sorted() {
            for (worker, change) in changes[commit] ?? [:] { running[worker, default: 0] += change }
            let life = simulator.disk.commits[commit].life
            let count = running["p\(life)"] ?? 0
            if let slots = simulator.process?.slots, count > slots {
                let step = simulator.disk.commits[commit].step
                return simulator.violate(.limits, "\(count) attempts run at once in \(slots) slots", step: step)
            }
        }
    }
}

/// The log of one run.
struct RunAudit {
    private let row: RunRow
    private let limit: Int?
    private var running: [TaskRef: String] = [:]
    private var fences: [TaskRef: Int64] = [:]
    private var ended: Set<TaskRef> = []
    private var until: [TaskRef: Timestamp] = [:]
    private var resolved: Set<HumanTaskID> = []
    private var isTerminal = false
    private(set) var signals: Set<String> = []
    /// By worker: attempts that began less those that ended since it was emptied.
    var changes: [String: Int] = [:]

    struct Finding {
        let rule: Violation.Rule
        let message: String
    }

    init(_ row: RunRow, limit: Int?) {
        self.row = row
        self.limit = limit
    }

    mutating func take(
        _ event: Event,
        at: Timestamp,
        in state: RunState,
        _ simulator: Simulator,
        life: Int
    ) -> Finding? {
        if isTerminal {
            // The one way to begin again.
            if case .compensation(.runCompensating) = event.body { isTerminal = false }
            if case .child(.ended) = event.body { return nil }
            // An effect that came after the end is written down, so that a rollback undoes it too.
            if case .compensation(.recorded(_, isLate: true, _)) = event.body { return nil }
            if !isTerminal { return nil }
            return Finding(rule: .terminal, message: "\(event.body.type.rawValue) after the end")
        }
        guard let task = event.task else { return takeRun(event) }
        if case .compensation = event.body { return nil }
        // What an attempt did cost is told after it was stopped.
        if case .budget(.settled) = event.body { return nil }
        if ended.contains(task), event.body.type != .childEnded {
            if case .runFailed = event.body { return takeRun(event) }
            return Finding(rule: .effects, message: "\(event.body.type.rawValue) for a task that ended")
        }
        switch event.body {
        case .taskStarted(_, let fence, let worker), .verification(.dispatched(let fence, let worker)):
            return start(task, fence, worker)
        case .verification(.started(let subject)):
            return give(task, subject.output, at)
        case .verification(.returned), .verification(.completed):
            stop(task)
        case .taskCompleted(let output, _, _):
            return complete(task, output, at, state)
        case .taskFailed, .taskSkipped, .taskCancelled:
            stop(task)
            ended.insert(task)
        case .taskRetrying(_, let next, _, _):
            stop(task)
            until[task] = next
        case .taskReady(let reason):
            return ready(task, reason, at, simulator, life)
        case .taskWaiting(let time):
            until[task] = time
        case .loop:
            until[task] = nil
        case .human(.resolved(let id, _)):
            guard resolved.insert(id).inserted else {
                return Finding(rule: .effects, message: "\(id) was decided twice")
            }
        case .review(.poisoned), .review(.opened), .review(.exhausted):
            stop(task)
        case .runFailed:
            return takeRun(event)
        default: break
        }
        return nil
    }

    private mutating func takeRun(_ event: Event) -> Finding? {
        switch event.body {
        case .runCompleted, .runFailed, .runCancelled:
            for task in running.keys { stop(task) }
            isTerminal = true
        case .compensation(.runCompensated), .compensation(.runCompensationFailed):
            isTerminal = true
        case .signal(.received(let signal)):
            guard signals.insert(signal.dedupeKey).inserted else {
                return Finding(rule: .effects, message: "signal `\(signal.dedupeKey)` was taken in twice")
            }
        default: break
        }
        return nil
    }

    private mutating func start(_ task: TaskRef, _ fence: Int64, _ worker: String) -> Finding? {
        guard fence > fences[task] ?? 0 else {
            return Finding(rule: .fences, message: "fence \(fence) follows \(fences[task] ?? 0)")
        }
        fences[task] = fence
        until[task] = nil
        guard worker != "engine" else { return nil }
        guard running[task] == nil else { return Finding(rule: .fences, message: "it started while it ran") }
        running[task] = worker
        changes[worker, default: 0] += 1
        if let limit, running.count > limit {
            return Finding(rule: .limits, message: "\(running.count) tasks run at once, max_parallel is \(limit)")
        }
        return nil
    }

    private mutating func stop(_ task: TaskRef) {
        guard let worker = running.removeValue(forKey: task) else { return }
        changes[worker, default: 0] -= 1
    }

    private mutating func complete(_ task: TaskRef, _ output: Payload, _ at: Timestamp, _ state: RunState) -> Finding? {
        ended.insert(task)
        return give(task, output, at)
    }

    /// An attempt, or whatever stands for one, gave something.
    private mutating func give(_ task: TaskRef, _ output: Payload, _ at: Timestamp) -> Finding? {
        let isAttempt = running[task] != nil
        stop(task)
        if isAttempt, output.value["fence"]?.intValue != fences[task] {
            let given = output.value["fence"]?.intValue.map(String.init) ?? "none"
            return Finding(
                rule: .effects,
                message: "the result of the attempt with fence \(given) was taken for that of \(fences[task] ?? 0)"
            )
        }
        if let time = until[task], at < time {
            return Finding(rule: .timers, message: "a wait until \(time) ended at \(at)")
        }
        return nil
    }

    private mutating func ready(
        _ task: TaskRef,
        _ reason: Event.ReadyReason,
        _ at: Timestamp,
        _ simulator: Simulator,
        _ life: Int
    ) -> Finding? {
        stop(task)
        if reason == .retry, let next = until[task], at < next {
            return Finding(rule: .timers, message: "a retry at \(next) began at \(at)")
        }
        guard reason == .lost, !simulator.isLossy, let fence = fences[task] else { return nil }
        let key = TaskKey(runKey: row.key, task: task.number)
        let attempt = simulator.attempts.first {
            $0.assignment.attemptLease.task == key && $0.assignment.attemptLease.fence == fence
        }
        if let attempt, attempt.life == life, attempt.conduct.end != .isLost {
            return Finding(rule: .timers, message: "a lease ended although its heartbeats came")
        }
        return nil
    }
}

extension Event.Body {
    /// The fence under which an attempt, or the checks of one, began.
    fileprivate var startedFence: Int64? {
        switch self {
        case .taskStarted(_, let fence, _), .verification(.dispatched(let fence, _)): fence
        default: nil
        }
    }
}
