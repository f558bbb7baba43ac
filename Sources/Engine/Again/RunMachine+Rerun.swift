// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Doing a task again, and everything after it (spec 6.6).
extension RunMachine {
    /// Does it in the same run, which must have failed or been cancelled.
    mutating func rerun(from node: String) throws(Refusal) {
        guard state.status.isTerminal, state.status != .completed else {
            throw .state("cannot rerun \(state.id) in place: it is \(state.status.rawValue)")
        }
        try checkNothingIsUndone()
        let again = try tasksAgain(from: node)
        for task in again.sorted() where state[task].attempts > 0 && state.node(task).leavesSomething {
            throw .state(
                "what `\(state.name(of: task))` did cannot be brought back, so \(state.id) cannot be rerun in place; "
                    + "rerun it as a new run"
            )
        }
        goOn(with: again, forced: [])
    }

    /// A task and what comes after it, and what has to go on beside them: what failed, and what the end of the run cut
    /// off.
    func tasksAgain(from node: String) throws(Refusal) -> Set<TaskRef> {
        var again: Set<TaskRef> = [try taskOfGraph(node)]
        addDescendants(to: &again)
        if state.status.isTerminal {
            again.formUnion(unhandledFailures)
            again.formUnion(cutOffTasks)
        }
        addSkipped(to: &again)
        addUndone(to: &again)
        return again.filter { !state.node($0).isCompensation }
    }

    /// The task of the graph itself with that node.
    func taskOfGraph(_ node: String) throws(Refusal) -> TaskRef {
        guard let index = state.graph.index(of: node) else {
            throw .invalid("`\(state.graph.name)` has no node `\(node)`")
        }
        guard state.graph.body(of: index) == 0 else {
            throw .invalid("`\(node)` is part of a loop or map; name that one")
        }
        return TaskRef(node: index)
    }
}

extension Graph.Node {
    /// It cannot be done twice within one run.
    fileprivate var leavesSomething: Bool {
        isNonIdempotent || !isReversible && compensation == nil
    }
}
