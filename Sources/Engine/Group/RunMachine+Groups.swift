// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Transactional groups (spec 3.10): what the members give reaches others when all of them completed; when one fails,
/// others see that only after the completed ones were undone.
extension RunMachine {
    /// Looks whether a group is over, after one of its members ended.
    mutating func followGroup(_ group: GroupRef) {
        guard state.scope(group.scope) != nil, state.group(group).status == .open else { return }
        let members = state.members(of: group)
        let isFailed = members.contains { endsGroup($0) }
        if isFailed {
            abort(members, reason: "group_failed")
            if state.graph.definition.failurePolicy == .failFast {
                for task in members where !state[task].status.isTerminal { cancelTask(task, reason: "group_failed") }
            }
        }
        guard members.allSatisfy({ state[$0].status.isTerminal }) else { return }
        if !isFailed {
            finishGroup(group, .completed(group))
        } else if state.compensations.steps(of: .group(group), state).isEmpty {
            finishGroup(group, .failed(group))
        } else {
            beginRollback(.group(group))
        }
    }

    /// The member did not do what the group needs.
    private func endsGroup(_ task: TaskRef) -> Bool {
        switch state[task].status {
        case .failed: !state.node(task).continueOnFailure
        case .skipped: state[task].skipReason == .upstreamFailed
        case .cancelled: state[task].isCalledOff
        default: false
        }
    }

    /// Lets others see how the group ended.
    mutating func finishGroup(_ group: GroupRef, _ event: GroupEvent) {
        let held = state.group(group).held.map(\.task)
        emit(Event(body: .group(event)))
        for task in held { notifyTargets(task) }
        newFailures.insert(group.scope)
        if group.scope != 0 { changedScopes.append(group.scope) }
        changedPhases.formUnion(state.phases.indices.filter { state.phases[$0].status == .failed })
    }

    /// Ends the tasks of a group or phase that have not begun; joins that wait for any end still run.
    mutating func abort(_ tasks: [TaskRef], reason: String) {
        for task in tasks where !isFinally(task) {
            switch state[task].status {
            case .waiting where !state.waitsForMoney(task): break
            case .blocked, .ready, .waiting, .retrying, .needsReview:
                cancelTask(task, reason: reason)
                notifyTargets(task)
            default: break
            }
        }
    }
}
