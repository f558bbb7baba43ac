// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// What undoes a task: put on the stack when the task completes, so that a rollback depends on nothing that may be gone
/// by then (spec 3.10).
extension RunMachine {
    /// Records what undoes a task that just completed, if something does.
    mutating func recordCompensation(of task: TaskRef, _ output: JSONValue) {
        guard let compensation = state.node(task).compensation else { return }
        let plan = plan(for: task, compensation, output)
        emit(task, .compensation(.recorded(plan, isLate: false, rollback: nil)))
    }

    /// Takes in the result of an attempt that was cancelled and completed nevertheless: its effect has to be undone too.
    ///
    /// - Returns: False when it is no such result.
    mutating func completesLate(_ task: TaskRef, _ fence: Int64, _ output: JSONValue) -> Bool {
        guard state.has(task), state[task].status == .cancelled, state[task].fence == fence, fence > 0,
            let compensation = state.node(task).compensation, !isRecorded(task, fence)
        else { return false }
        let rollback = state.compensations.rollbackOfRun
        let plan = plan(for: task, compensation, output)
        emit(task, .compensation(.recorded(plan, isLate: true, rollback: rollback)))
        if let rollback { advance(rollback) }
        return true
    }

    private func isRecorded(_ task: TaskRef, _ fence: Int64) -> Bool {
        state.compensations.newest[task].map { state.compensations.all[$0].fence == fence } ?? false
    }

    private mutating func plan(
        for task: TaskRef,
        _ compensation: Graph.Compensation,
        _ output: JSONValue
    ) -> Compensation.Plan {
        let outer = (locals, scope)
        (locals, scope) = (state.locals(of: task), task.scope)
        defer { (locals, scope) = outer }
        let subject = Compensation.Plan.Subject.task(
            task,
            owners: state.owners(of: task),
            place: state.place(of: task.scope)
        )
        do throws(TaskError) {
            return Compensation.Plan(subject: subject, calls: try calls(compensation, of: task, output), error: nil)
        } catch {
            return Compensation.Plan(subject: subject, calls: [], error: error)
        }
    }

    private mutating func calls(
        _ compensation: Graph.Compensation,
        of task: TaskRef,
        _ output: JSONValue
    ) throws(TaskError) -> [Compensation.Call] {
        let extra = ["output": output]
        switch compensation {
        case .calls(let calls): return try self.calls(calls, "compensate", extra)
        case .node:
            let node = state.graph.undoing(task.node)
            switch node?.kind {
            case .tool(let name, let arguments, _):
                return [.init(tool: name, arguments: payload(try evaluate(arguments, "args", extra: extra)))]
            case .http(let config):
                return [.init(tool: nil, arguments: payload(try evaluate(config, "config", extra: extra)))]
            default:
                // Compiling for a run refuses other kinds, so that this is a graph from elsewhere.
                let message = "a node of kind `\(node?.kind.name ?? "")` cannot undo another one"
                throw TaskError(code: "tool.unavailable", errorClass: .permanent, message: message)
            }
        }
    }

    /// Calls with their arguments as they are now.
    mutating func calls(
        _ calls: [Graph.ToolCall],
        _ field: String,
        _ extra: [String: JSONValue] = [:]
    ) throws(TaskError) -> [Compensation.Call] {
        var result: [Compensation.Call] = []
        for call in calls {
            let arguments = try evaluate(call.arguments, "\(field).args", extra: extra)
            result.append(Compensation.Call(tool: call.tool, arguments: payload(arguments)))
        }
        return result
    }

    /// Refuses the one call of a compensation whose arguments could not be evaluated.
    func checkCompensation(_ task: TaskRef) throws(TaskError) {
        if let number = state.compensation(of: task), let error = state.compensations.all[number].plan.error {
            throw error
        }
    }

    /// Nothing is tried any more: a person decides whether the call is tried again, left out, or ends the rollback.
    /// Nobody is asked about a call that a phase makes; the next one is made.
    mutating func compensationExhausted(
        _ task: TaskRef,
        _ reason: ReviewReason,
        _ error: TaskError,
        _ log: BlobRef?
    ) {
        guard let number = state.compensation(of: task) else { return }
        let compensation = state.compensations.all[number]
        guard !compensation.isBestEffort else { return fail(task, error, log) }
        let name = compensation.plan.name(in: state.graph)
        escalate(
            task,
            reason,
            summary: "`\(name)` could not be undone: \(error)",
            error: error,
            question: "Shall `\(name)` be undone once more, be left as it is, or shall nothing more be undone?",
            choices: [
                HumanChoice("retry", label: "Try again", effect: "attempts are counted anew"),
                HumanChoice("skip", label: "Leave it", effect: "the rest is undone"),
                HumanChoice("stop", label: "Stop", effect: "nothing more is undone"),
            ],
            log: log
        )
    }

    /// A call of a compensation failed for good.
    mutating func compensationFailed(_ task: TaskRef, _ error: TaskError, _ log: BlobRef?) {
        emit(task, .taskFailed(error, routing: Event.Routing(), log: log))
        notifyTargets(task)
    }
}

extension RunState {
    /// The loops and maps around a task, outermost first.
    func owners(of task: TaskRef) -> [TaskRef] {
        guard let owner = scope(task.scope)?.owner else { return [] }
        return owners(of: owner) + [owner]
    }
}
