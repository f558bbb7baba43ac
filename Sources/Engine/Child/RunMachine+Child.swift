// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// Child runs (spec 3.6 `workflow`). The shell starts the child in the same turn, and tells of its end in the turn in
/// which it ends, so that both runs are in one commit.
extension RunMachine {
    /// Runs within runs within runs: no deeper.
    static let deepestChild = 8

    mutating func startChild(_ task: TaskRef, _ child: Graph.Child) throws(TaskError) {
        let value = try evaluate(child.inputs, "inputs")
        guard let inputs = value.objectValue else {
            let message = "`inputs` is \(value.kindName), not an object"
            throw TaskError(code: "expression.failed", errorClass: .permanent, message: message)
        }
        let depth = (state.parent?.depth ?? 0) + 1
        guard depth <= Self.deepestChild else {
            let message = "workflows call each other more than \(Self.deepestChild) levels deep"
            throw TaskError(code: "child.failed", errorClass: .permanent, message: message)
        }
        begin(task)
        let order = ChildOrder(workflow: child.workflow, inputs: inputs, isDetached: child.isDetached, depth: depth)
        effects.append(.startChild(task: task, fence: state[task].fence, order))
    }

    /// The shell started the child, or could not.
    mutating func childStarted(
        _ task: TaskRef,
        _ fence: Int64,
        _ answer: Result<RunID, TaskError>
    ) throws(Refusal) {
        guard state.has(task), state[task].status == .running, state[task].fence == fence,
            case .workflow(let child) = state.node(task).kind
        else { throw .leaseLost }
        switch answer {
        case .success(let run):
            emit(task, .child(.started(run, isDetached: child.isDetached)))
            guard child.isDetached else { return }
            effects.append(.disarm(task: task, kind: .timeout))
            complete(task, payload(["run": .string(run.description)]), nil)
        case .failure(let error):
            effects.append(.disarm(task: task, kind: .timeout))
            attemptFailed(task, error, nil)
        }
    }

    /// A run that this one started has ended.
    mutating func childEnded(_ task: TaskRef, _ run: RunID, _ end: ChildEnd) {
        guard !state.status.isTerminal else { return }
        if state.detached[run] != nil { return emit(task, .child(.ended(run))) }
        guard state.has(task), state[task].status == .waiting, state[task].child == run else { return }
        effects.append(.disarm(task: task, kind: .timeout))
        switch end {
        case .completed(let outputs):
            complete(task, outputs, nil)
        case .ended(let status, let error):
            let reason = error.map { ": \($0.description)" } ?? ""
            let failure = TaskError(
                code: "child.failed",
                errorClass: .permanent,
                message: "\(run) \(status.rawValue)\(reason)",
                details: ["run": .string(run.description), "error": error?.json ?? .null]
            )
            attemptFailed(task, failure, nil)
        }
    }

    /// Lets go of the child of a task that ends before it.
    mutating func leaveChild(of task: TaskRef) {
        guard let run = state[task].child, case .workflow(let child) = state.node(task).kind else { return }
        if child.onParentClose == .cancel { effects.append(.cancelChild(run, isKilled: isKilling)) }
    }

    /// Stops those detached runs that may not outlive this one.
    mutating func leaveDetached() {
        for (run, rule) in state.detached.sorted(by: { $0.key.description < $1.key.description }) where rule == .cancel
        {
            effects.append(.cancelChild(run, isKilled: isKilling))
        }
    }

    /// A detached run that this one must not end before.
    var isHeldByChild: Bool { state.detached.values.contains(.wait) }
}

/// A run to start on behalf of another.
struct ChildOrder: Sendable {
    let workflow: Graph.WorkflowReference
    let inputs: JSONObject
    let isDetached: Bool
    let depth: Int
}

/// How a child ended.
public enum ChildEnd: Sendable {
    /// Well.
    case completed(outputs: Payload)
    /// Otherwise.
    case ended(RunStatus, TaskError?)
}
