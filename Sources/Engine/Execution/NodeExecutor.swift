// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Definition
public import JSON
public import Model
internal import Store
public import Threads

/// The code behind a node kind.
public protocol NodeExecutor: Sendable {
    /// Makes one attempt.
    ///
    /// Must return soon after it was cancelled. The result of an attempt that lost its lease is dropped, so the
    /// effect itself must carry the assignment's idempotency key.
    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome

    /// What it says about the calls of a node. Called on the engine's thread: must be quick and give the same answer
    /// every time.
    func traits(of node: Graph.Node) -> ExecutorTraits
}

extension NodeExecutor {
    /// Calls may change anything.
    public func traits(of node: Graph.Node) -> ExecutorTraits { ExecutorTraits() }
}

/// What an attempt gave.
public enum AttemptOutcome: Sendable {
    /// Done. `log` is what programs wrote, for people; `usage` what a paid attempt did cost, `nil` when nobody knows.
    case completed(JSONValue, log: String? = nil, usage: CallUsage? = nil)
    /// Failed; the class of the error decides about retries.
    case failed(TaskError, log: String? = nil, usage: CallUsage? = nil)

    /// A step does not fit a budget, see ``StepReceipt/shortage``. The task waits, and a new attempt goes on with its steps
    /// when there is room for the least that the call needs. It is no failure.
    case starved(CallCost)

    /// A step was handed over, see ``StepChange/handOver(_:ticket:)``, and is not answered yet. The task waits until then,
    /// and a new attempt goes on with its steps. It is no failure, and does not count as an attempt.
    case awaits(until: Timestamp)

    /// A call needs approval. The task waits for a person, and a new attempt goes on with its steps and the decision. It is
    /// no failure, and does not count as an attempt.
    case asks(CallApproval)

    /// For an assignment of ``Assignment/checks``: they are made, as far as they have to be, and these have not been
    /// recorded before.
    case checked([CheckEvidence])

    /// What it did cost.
    var usage: CallUsage? {
        switch self {
        case .completed(_, _, let usage), .failed(_, _, let usage): usage
        case .starved, .awaits, .asks, .checked: nil
        }
    }

    /// It had its effect.
    var hasCompleted: Bool {
        if case .completed = self { true } else { false }
    }
}

/// One attempt to make.
public struct Assignment: Sendable {
    /// The run.
    public let run: RunID
    /// Whose the run is.
    public let ownership: Ownership
    /// The node, with its configuration.
    public let node: Graph.Node
    /// The number of the attempt, from 1.
    public let attempt: Int
    /// The passes and items the task belongs to, outermost first; empty for the graph itself.
    public let place: [Int]
    /// How often the task had completed before it was begun again.
    let repeats: Int
    /// The same for all attempts of the task: `<run>/<node>`, within loops and maps `<run>/<node>/<pass or item>`. A
    /// task that had completed and is done again in the same run has a new one: `<run>/<node>#2`.
    public var idempotencyKey: String {
        (["\(run)", node.id] + place.map(String.init)).joined(separator: "/") + (repeats > 0 ? "#\(repeats + 1)" : "")
    }
    /// The task.
    public var task: TaskID { TaskID(run: run, task: TaskRef(number: lease.key.task)) }
    /// Larger for each attempt than for those before it.
    public var fence: Int64 { lease.fence }
    /// The longest the attempt may take.
    public let timeout: Duration?
    /// The most that a paid attempt may spend; `nil` for one whose executor names no cost.
    public let allowance: Charge?
    /// What people said about the task before they had it tried again, the oldest first.
    public let guidance: [String]
    /// What the checks of earlier attempts found; the last three, the oldest first.
    public let feedback: [CheckFeedback]
    /// What the node's templates can see; for checks, what theirs can.
    public let scope: ScopeSnapshot
    /// The checks that have to be made; `nil` for an attempt of the node.
    public let checks: CheckOrder?

    /// What an agent gets to see besides its prompt.
    public private(set) var forwardedOutputs: [ForwardedOutput] = []

    /// What the attempt may ask of the engine; `nil` where nobody would hear it.
    public internal(set) var control: ExecutionControl?

    /// What earlier attempts of the task did in steps, and this one so far, in order.
    public let steps: [TaskStep]
    /// What people decided about calls of the task that are not made yet.
    public let consents: [CallConsent]
    let lease: HeldLease
    /// See ``ExecutorTraits/isImmediate``.
    var isImmediate = false

    init(key: TaskKey, state: __shared RunState, timeout: Duration?, allowance: Charge? = nil, now: Timestamp) {
        let ref = TaskRef(number: key.task)
        let node = state.node(ref)
        let task = state[ref]
        run = state.id
        ownership = state.ownership
        place = state.place(of: ref.scope)
        self.node = node
        attempt = task.attempts
        guidance = state.guidance(of: ref)
        feedback = state.verifications[ref]?.feedback ?? []
        checks = task.status == .verifying ? state.verifications[ref].map { CheckOrder($0, node.checks) } : nil
        steps = state.steps[ref]?.all ?? []
        consents = state.steps[ref]?.consents ?? []
        repeats = task.repeats
        self.timeout = timeout
        self.allowance = allowance
        lease = HeldLease(key: key, fence: task.fence)
        var expressions: [CELExpression] = []
        if let checks {
            for check in checks.open.map(\.check) {
                expressions += check.template.slots.map(\.expression) + [check.condition].compactMap(\.self)
            }
            // Whoever judges wants to know what was asked.
            if case .agent(let template) = node.kind { expressions += template.slots.map(\.expression) }
            var extra = state.locals(of: ref)
            extra["output"] = checks.output
            scope = state.snapshot(for: expressions, in: ref.scope, at: now, extra: extra)
            return
        }
        switch node.kind {
        case .tool(_, let template, _), .http(let template): expressions = template.slots.map(\.expression)
        case .agent(let template):
            expressions = template.slots.map(\.expression)
            forwardedOutputs = Self.forwarded(template, to: ref, in: state)
        default: break
        }
        scope = state.snapshot(for: expressions, in: ref.scope, at: now, extra: state.locals(of: ref))
    }
}
