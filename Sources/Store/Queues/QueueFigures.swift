// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// How many open tasks of executors a queue has.
public struct QueueFigures: Sendable, Equatable {
    /// The queue.
    public var queue: String
    /// Tasks by status.
    public var tasks: [TaskStatus: Int]
    /// Since when the task waits that is ready for longest.
    public var oldestReady: Timestamp?
    /// Tasks that were given up.
    public var deadLetters: Int

    /// Puts figures together.
    public init(queue: String, tasks: [TaskStatus: Int] = [:], oldestReady: Timestamp? = nil, deadLetters: Int = 0) {
        self.queue = queue
        self.tasks = tasks
        self.oldestReady = oldestReady
        self.deadLetters = deadLetters
    }

    /// All open tasks.
    public var depth: Int { tasks.values.reduce(0, +) }
}

/// Which open tasks of a queue are wanted; they come by run, then by place in it.
public struct QueueTaskFilter: Sendable {
    /// The queue.
    public var queue: String
    /// Only those with one of these statuses.
    public var statuses: [TaskStatus]
    /// Only those of that tenant.
    public var tenant: String?
    /// Only those behind that task.
    public var after: TaskKey?
    /// At most that many.
    public var limit = 50

    /// The first 50.
    public init(_ queue: String, _ statuses: [TaskStatus]) {
        self.queue = queue
        self.statuses = statuses
    }
}

/// An open task with the run that it belongs to.
public struct QueueTaskRow: Sendable, Equatable {
    /// The task.
    public var task: TaskRow
    /// Its run.
    public var run: RunID
    /// The name of its workflow.
    public var workflow: String

    /// Puts a row together.
    public init(task: TaskRow, run: RunID, workflow: String) {
        self.task = task
        self.run = run
        self.workflow = workflow
    }
}
