// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// Finds runs that nothing will move any more (spec 6.10). Pure: what it is told decides.
enum Supervisor {
    /// How often it looks.
    static let interval = Duration.seconds(30)
    /// A run without an event for so long that waits for nothing known is stuck.
    static let patience = Duration.seconds(300)
    /// A ready task that nobody serves for so long is worth telling.
    static let workerPatience = Duration.seconds(60)

    /// What will move a task.
    enum Mover: Equatable {
        /// Something that is there: a queue, a permit, a timer, a person, tasks before it or within it.
        case something
        /// An attempt whose lease the table has, and ends.
        case lease
        /// Its lease is gone, so nobody will ever say that the attempt is over.
        case lostLease(fence: Int64)
        /// No worker of this process serves it.
        case noWorker
        /// Nothing.
        case nothing
    }

    /// An open task.
    struct Task: Equatable {
        let task: TaskRef
        let mover: Mover
        /// Since when it has its status.
        let since: Timestamp
        /// What was done about it, since it moved last.
        let attention: RunState.Attention?
        /// It may be put into review.
        let mayEscalate: Bool
    }

    /// An open run.
    struct Run: Equatable {
        let lastEventAt: Timestamp
        let tasks: [Task]
    }

    /// What has to be done.
    enum Finding: Equatable {
        /// Count the attempt as lost.
        case lost(TaskRef, fence: Int64)
        /// Tell that nobody serves the task.
        case workerMissing(TaskRef)
        /// Tell that the run is stuck and let these tasks begin anew; none when the run itself is.
        case stuck([TaskRef])
        /// That did not help: a person has to decide.
        case escalate(TaskRef)
    }

    static func isQuiet(since lastEventAt: Timestamp, at now: Timestamp) -> Bool {
        now - lastEventAt >= patience
    }

    static func findings(_ run: Run, at now: Timestamp) -> [Finding] {
        var findings: [Finding] = []
        for task in run.tasks {
            switch task.mover {
            case .lostLease(let fence): findings.append(.lost(task.task, fence: fence))
            case .noWorker where now - task.since >= workerPatience && task.attention == nil:
                findings.append(.workerMissing(task.task))
            case .something, .lease, .noWorker, .nothing: break
            }
        }
        guard isQuiet(since: run.lastEventAt, at: now) else { return findings }
        let stuck = run.tasks.filter { $0.mover == .nothing }
        let fresh = stuck.filter { $0.attention != .redispatched }.map(\.task)
        if !fresh.isEmpty || run.tasks.isEmpty { findings.append(.stuck(fresh)) }
        findings += stuck.filter { $0.attention == .redispatched && $0.mayEscalate }.map { .escalate($0.task) }
        return findings
    }
}
