// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Definition
public import JSON
public import Model
internal import Store
internal import Synchronization

/// The code behind a node kind.
public protocol NodeExecutor: Sendable {
    /// Makes one attempt.
    ///
    /// Must return soon after `attempt` was stopped. The result of an attempt that lost its lease is dropped, so the
    /// effect itself must carry the assignment's idempotency key.
    func execute(_ assignment: Assignment, _ attempt: AttemptControl) async -> AttemptOutcome
}

/// What an attempt gave.
public enum AttemptOutcome: Sendable {
    /// Done. `log` is what programs wrote, for people.
    case completed(JSONValue, log: String? = nil)
    /// Failed; the class of the error decides about retries.
    case failed(TaskError, log: String? = nil)
}

/// One attempt to make.
public struct Assignment: Sendable {
    /// The run.
    public let run: RunID
    /// The node, with its configuration.
    public let node: Graph.Node
    /// The number of the attempt, from 1.
    public let attempt: Int
    /// The same for all attempts of the task: `<run>/<node>`.
    public let idempotencyKey: String
    /// The longest the attempt may take.
    public let timeout: Duration?
    /// What the node's templates can see.
    public let scope: ScopeSnapshot

    let lease: HeldLease

    init(key: TaskKey, state: RunState, timeout: Duration?, now: Timestamp) {
        let node = state.graph.nodes[key.task]
        let task = state.tasks[key.task]
        run = state.id
        self.node = node
        attempt = task.attempts
        idempotencyKey = "\(state.id)/\(node.id)"
        self.timeout = timeout
        lease = HeldLease(key: key, fence: task.fence)
        var expressions: [CELExpression] = []
        switch node.kind {
        case .tool(_, let template, _), .http(let template): expressions = template.slots.map(\.expression)
        default: break
        }
        scope = state.snapshot(for: expressions, at: now)
    }
}

/// Tells an attempt that it has to stop.
public final class AttemptControl: Sendable {
    private struct State {
        var isStopped = false
        var handlers: [@Sendable () -> Void] = []
    }
    private let state = Mutex(State())

    /// A control that is not stopped.
    public init() {}

    /// Whether the attempt has to stop.
    public var isStopped: Bool { state.withLock(\.isStopped) }

    /// Calls `handler` once when the attempt has to stop, at once if it has to already. Any thread; must not block.
    public func onStop(_ handler: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            if !state.isStopped { state.handlers.append(handler) }
            return state.isStopped
        }
        if isStopped { handler() }
    }

    /// Asks the attempt to stop.
    public func stop() {
        let handlers = state.withLock { state in
            state.isStopped = true
            defer { state.handlers = [] }
            return state.handlers
        }
        for handler in handlers { handler() }
    }
}
