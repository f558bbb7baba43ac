// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One run, as lists show it; can be rebuilt from the log.
public struct RunRow: Sendable, Equatable {
    /// A small number that stands for the id in other rows; dense from 1.
    public var key: Int64
    /// The id.
    public var id: RunID
    /// Name of the workflow.
    public var workflow: String
    /// Hash of the graph it runs; see ``DefinitionRow``.
    public var graphHash: String
    /// The status.
    public var status: RunStatus
    /// Set while waiting.
    public var reason: WaitReason?
    /// The number of its last event.
    public var lastSequence: Int64
    /// Tasks that ended.
    public var endedTasks: Int
    /// All tasks.
    public var allTasks: Int
    /// Code and message of the failure, when it failed.
    public var error: String?
    /// When it was accepted.
    public var createdAt: Timestamp
    /// When the first task was dispatched.
    public var startedAt: Timestamp?
    /// When it ended.
    public var endedAt: Timestamp?
    /// It fails then, unless it ended.
    public var deadline: Timestamp?
    /// How it ended before it was undone.
    public var outcome: RunStatus?
    /// Whose it is: as the first row of the run said. Later ones cannot change it.
    public var ownership: Ownership

    /// Puts a row together.
    public init(
        key: Int64,
        id: RunID,
        workflow: String,
        graphHash: String,
        status: RunStatus,
        reason: WaitReason? = nil,
        lastSequence: Int64 = 0,
        endedTasks: Int = 0,
        allTasks: Int = 0,
        error: String? = nil,
        createdAt: Timestamp,
        startedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil,
        deadline: Timestamp? = nil,
        outcome: RunStatus? = nil,
        ownership: Ownership = .common
    ) {
        self.key = key
        self.id = id
        self.workflow = workflow
        self.graphHash = graphHash
        self.status = status
        self.reason = reason
        self.lastSequence = lastSequence
        self.endedTasks = endedTasks
        self.allTasks = allTasks
        self.error = error
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.deadline = deadline
        self.outcome = outcome
        self.ownership = ownership
    }
}

/// Which runs a list shows.
public struct RunFilter: Sendable {
    /// Only these; empty for all.
    public var statuses: [RunStatus] = []
    /// Only runs of that workflow.
    public var workflow: String?
    /// Only runs of that project.
    public var project: String?
    /// Only runs that were not created before.
    public var createdAfter: Timestamp?
    /// Only those that somebody sees; `nil` for those of all tenants.
    public var visibility: Visibility?
    /// Only runs with a smaller key: the next page.
    public var before: Int64?
    /// At most that many [1–1000].
    public var limit = 50

    /// All runs, the newest 50.
    public init() {}
}

/// How many runs of somebody have a status.
public struct RunCount: Sendable, Equatable {
    /// Whose they are.
    public var ownership: Ownership
    /// The status.
    public var status: RunStatus
    /// At least 1.
    public var count: Int

    /// Puts a row together.
    public init(ownership: Ownership, status: RunStatus, count: Int) {
        self.ownership = ownership
        self.status = status
        self.count = count
    }
}

/// Names a task: the run and the position of the node.
public struct TaskKey: Hashable, Sendable {
    /// The run.
    public var runKey: Int64
    /// Position of the node in the graph.
    public var task: Int

    /// Names a task.
    public init(runKey: Int64, task: Int) {
        self.runKey = runKey
        self.task = task
    }
}

/// One open task: ready, running, waiting or retrying. A running one is a lease.
public struct TaskRow: Sendable, Equatable {
    /// Which task.
    public var key: TaskKey
    /// The status.
    public var status: TaskStatus
    /// 0–1000; lower runs first.
    public var priority: Int
    /// The number of its current or last attempt.
    public var attempt: Int
    /// The number that makes a lease exclusive; never falls.
    public var fence: Int64
    /// Who holds the lease.
    public var worker: String?
    /// When the lease ends, unless renewed.
    public var leaseUntil: Timestamp?
    /// The kind of signal it waits for.
    public var awaitedSignal: String?
    /// The queue that its attempts wait in; `nil` for what needs no executor.
    public var queue: String?
    /// Since when it has its status.
    public var since: Timestamp?

    /// Puts a row together.
    public init(
        key: TaskKey,
        status: TaskStatus,
        priority: Int,
        attempt: Int,
        fence: Int64,
        worker: String? = nil,
        leaseUntil: Timestamp? = nil,
        awaitedSignal: String? = nil,
        queue: String? = nil,
        since: Timestamp? = nil
    ) {
        self.key = key
        self.status = status
        self.priority = priority
        self.attempt = attempt
        self.fence = fence
        self.worker = worker
        self.leaseUntil = leaseUntil
        self.awaitedSignal = awaitedSignal
        self.queue = queue
        self.since = since
    }
}

/// Something that happens at a point in time, whatever process is alive then.
public struct TimerRow: Sendable, Hashable {
    /// When.
    public var fireAt: Timestamp
    /// Unique; later ones are larger.
    public var number: Int64
    /// Which task.
    public var key: TaskKey
    /// What for.
    public var kind: TimerKind

    /// Puts a row together.
    public init(fireAt: Timestamp, number: Int64, key: TaskKey, kind: TimerKind) {
        self.fireAt = fireAt
        self.number = number
        self.key = key
        self.kind = kind
    }
}

/// A definition that a run pins: the document as written and the graph made of it.
public struct DefinitionRow: Sendable, Equatable {
    /// Hash of the graph: `sha256:<hex>` of `graph`.
    public var hash: String
    /// Name of the workflow.
    public var name: String
    /// The document's text as it was given.
    public var source: [UInt8]
    /// Canonical JSON of the graph.
    public var graph: [UInt8]
    /// When it was first stored.
    public var createdAt: Timestamp

    /// Puts a row together.
    public init(hash: String, name: String, source: [UInt8], graph: [UInt8], createdAt: Timestamp) {
        self.hash = hash
        self.name = name
        self.source = source
        self.graph = graph
        self.createdAt = createdAt
    }
}

/// Something that leaves the store after the commit, at least once and in order.
public struct OutboxMessage: Sendable, Equatable {
    /// What is written.
    public struct Content: Sendable, Equatable {
        /// What it is, for example `run.ended`.
        public var kind: String
        /// Whom it is for.
        public var target: String
        /// JSON.
        public var body: [UInt8]

        /// Puts a message together.
        public init(kind: String, target: String, body: [UInt8]) {
            self.kind = kind
            self.target = target
            self.body = body
        }
    }
    /// The number, dense from 1.
    public var number: Int64
    /// What was written.
    public var content: Content

    /// Puts a message together.
    public init(number: Int64, content: Content) {
        self.number = number
        self.content = content
    }
}
