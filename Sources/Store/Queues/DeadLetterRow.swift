// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A task that nobody will do unless somebody says so (spec 12.7): its queue gave up on it. There is at most one for a
/// task; it goes when the task is done again, when it is discarded, with its run, and after a time.
public struct DeadLetterRow: Sendable, Equatable {
    /// Who gave up.
    public enum Group: String, Sendable, CaseIterable {
        /// The executors of the engine.
        case engine
        /// Whoever claims tasks from outside.
        case external
    }

    /// The task.
    public var key: TaskKey
    /// Its run.
    public var run: RunID
    /// Whose the run is.
    public var tenant: String
    /// The queue of the task.
    public var queue: String
    /// Who gave up.
    public var group: Group
    /// The name of the workflow.
    public var workflow: String
    /// The id of the node.
    public var node: String
    /// How many attempts there were.
    public var attempts: Int
    /// The code of what it failed with: `provider.limited`.
    public var failure: String
    /// Why, in one sentence, without values.
    public var reason: String
    /// When.
    public var at: Timestamp

    /// Puts a row together.
    public init(
        key: TaskKey,
        run: RunID,
        tenant: String,
        queue: String,
        group: Group,
        workflow: String,
        node: String,
        attempts: Int,
        failure: String,
        reason: String,
        at: Timestamp
    ) {
        self.key = key
        self.run = run
        self.tenant = tenant
        self.queue = queue
        self.group = group
        self.workflow = workflow
        self.node = node
        self.attempts = attempts
        self.failure = failure
        self.reason = reason
        self.at = at
    }
}

/// Which dead letters are wanted; they come by run, then by place in it.
public struct DeadLetterFilter: Sendable {
    /// Only those of that tenant.
    public var tenant: String?
    /// Only those of that queue.
    public var queue: String?
    /// Only those behind that task.
    public var after: (run: RunID, task: Int)?
    /// At most that many.
    public var limit = 50

    /// All of them, the first 50.
    public init() {}

    func fits(_ row: DeadLetterRow) -> Bool {
        (tenant.map { $0 == row.tenant } ?? true) && (queue.map { $0 == row.queue } ?? true)
            && (after.map { ($0.run, $0.task) < (row.run, row.key.task) } ?? true)
    }
}
