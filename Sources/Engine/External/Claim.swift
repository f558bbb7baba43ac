// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Definition
public import JSON
public import Model

/// A task that waits to be claimed.
public struct ClaimableTask: Sendable {
    /// The task.
    public let id: TaskID
    /// The name of the workflow.
    public let workflow: String
    /// Whose the run is.
    public let ownership: Ownership
    /// The node, with its configuration.
    public let node: Graph.Node
    /// The passes and items it belongs to, outermost first.
    public let place: [Int]
    /// 0–1000, lower first.
    public let priority: Int
    /// Attempts so far.
    public let attempts: Int
    /// Since when it waits.
    public let since: Timestamp

    init(_ state: RunState, _ task: TaskRef) {
        id = state.id(of: task)
        workflow = state.graph.name
        ownership = state.ownership
        node = state.node(task)
        place = state.place(of: task.scope)
        priority = state.priority(of: task)
        attempts = state[task].attempts
        since = state[task].since ?? state.createdAt
    }
}

/// Which tasks that may be claimed are asked for.
public struct ClaimableFilter: Sendable {
    /// What of runs is seen.
    public var visibility: Visibility
    /// Whether runs that belong to nobody are seen.
    public var includesCommon = true
    /// Only of that run.
    public var run: RunID?
    /// Only nodes of that kind.
    public var kind: String?
    /// Only of that queue.
    public var queue: String?
    /// Only nodes that have all of these labels.
    public var labels: [String: String] = [:]
    /// Only tasks behind that one.
    public var after: TaskID?
    /// At most so many.
    public var limit = 50

    /// All that somebody sees.
    public init(_ visibility: Visibility) {
        self.visibility = visibility
    }

    func takes(_ task: ClaimableTask) -> Bool {
        if let kind, task.node.kind.name != kind { return false }
        if let queue, task.node.queueName != queue { return false }
        if let after, task.id <= after { return false }
        return labels.allSatisfy { task.node.labels[$0.key] == $0.value }
    }
}

/// A claim of a task.
public struct ClaimOrder: Sendable {
    /// How long claims last without a heartbeat unless they say otherwise.
    public static let usualLease = Duration.seconds(30)
    /// How long they may.
    public static let leases = Duration.seconds(1)...Duration.seconds(86_400)

    /// The task.
    public var task: TaskID
    /// Who works on it, beside the actor: `user:NAME/worker`.
    public var worker: String?
    /// How long the claim lasts without a heartbeat, within ``leases``.
    public var lease: Duration

    /// Puts an order together.
    public init(_ task: TaskID, worker: String? = nil, lease: Duration = usualLease) {
        (self.task, self.worker, self.lease) = (task, worker, lease)
    }
}

/// A task that somebody outside has, with everything that is needed to do it.
public struct ClaimedTask: Sendable {
    /// The task.
    public let id: TaskID
    /// The name of the workflow.
    public let workflow: String
    /// The attempt, as an executor would get it.
    public let assignment: Assignment
    /// What the call is handed: arguments of a tool, the configuration of other kinds, every expression evaluated.
    public let input: JSONValue
    /// The number that makes the claim exclusive.
    public let fence: Int64
    /// Who has it, as events tell.
    public let worker: String
    /// How long the claim lasts without a heartbeat.
    public let lease: Duration
    /// When it ends if nothing is heard.
    public let until: Timestamp
}

/// A claim that goes on.
public struct ClaimLease: Sendable, Equatable {
    /// How long it lasts without a heartbeat.
    public let lease: Duration
    /// When it ends if nothing is heard.
    public let until: Timestamp
}

/// A claim that somebody says he has.
public struct HeldClaim: Sendable {
    /// The task.
    public let task: TaskID
    /// What the claim gave.
    public let fence: Int64
    /// Who claimed it.
    public let actor: String

    /// Names a claim.
    public init(_ task: TaskID, fence: Int64, by actor: String) {
        (self.task, self.fence, self.actor) = (task, fence, actor)
    }
}

/// What is asked of the loop from outside about single tasks.
enum ClaimRequest: Sendable {
    case list(ClaimableFilter, Reply<[ClaimableTask]>)
    case claim(ClaimOrder, actor: String, Reply<ClaimedTask>)
    case heartbeat(HeldClaim, TaskProgress, Reply<ClaimLease>)
    case outputSchema(TaskID, Reply<JSONValue?>)
    case result(HeldClaim, AttemptResult, Reply<Int64>)
    case release(HeldClaim, Reply<Int64>)
    case patch(HeldClaim, PatchRequest, Reply<PatchRecord>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .list(_, let reply): reply(.failure(error))
        case .claim(_, _, let reply): reply(.failure(error))
        case .heartbeat(_, _, let reply): reply(.failure(error))
        case .outputSchema(_, let reply): reply(.failure(error))
        case .result(_, _, let reply), .release(_, let reply): reply(.failure(error))
        case .patch(_, _, let reply): reply(.failure(error))
        }
    }
}
