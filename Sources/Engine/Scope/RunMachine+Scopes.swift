// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Passes and items: what they give, and when they are over.
extension RunMachine {
    /// Looks whether a pass or item has ended, and tells its loop or map.
    mutating func closeIfOver(_ scope: Int) {
        guard let state = state.scope(scope) else { return }
        guard let owner = state.owner else { return closeCompensation(scope) }
        // A failure in it is not to be seen before it is undone.
        guard !state.groups.values.contains(where: { $0.status == .rollingBack }) else { return }
        if let failed = firstUnhandledFailure(in: scope) {
            if self.state.graph.definition.failurePolicy == .failFast || !isActive(scope) {
                cancelOpenTasks(of: scope, reason: "run_failed")
                return fail(scope, of: owner, at: failed)
            }
        }
        guard state.open == 0, !self.state.patches.holds(scope) else { return }
        switch self.state.node(owner).kind {
        case .loop(let loop): finishIteration(scope, of: owner, loop)
        case .map(let map): finishItem(scope, of: owner, map)
        case .team(let team): finishSeat(scope, of: owner, team)
        default: break
        }
    }

    private mutating func fail(_ scope: Int, of owner: TaskRef, at failed: TaskRef) {
        let cause = state[failed].error
        let error = TaskError(
            code: cause?.code ?? "internal",
            errorClass: cause?.errorClass ?? .permanent,
            message: "task `\(state.node(failed).id)` failed: \(cause?.message ?? "no reason was recorded")"
        )
        switch state.node(owner).kind {
        case .loop:
            let number = state.scope(scope)?.number ?? 0
            let message = "in pass \(number) \(error.message)"
            containerFailed(owner, TaskError(code: error.code, errorClass: error.errorClass, message: message))
        case .map(let map): failItem(scope, of: owner, map, error)
        case .team(let team): failSeat(scope, of: owner, team, cause ?? error)
        default: break
        }
    }

    /// Something in the scope is in flight, waits, or may still start, so that a failure has to wait for it.
    private mutating func isActive(_ scope: Int) -> Bool {
        for node in state.body(of: scope).nodes {
            let task = TaskRef(scope: scope, node: node)
            switch state[task].status {
            case .running where state.node(task).kind.isContainer:
                for inner in state.scopes(of: task) where isActive(inner) { return true }
            case .waiting where !state.waitsForMoney(task): return true
            case .running, .verifying, .retrying, .needsReview: return true
            case .ready where !isStoppedByFailure(task), .waiting where !isStoppedByFailure(task): return true
            case .blocked where isOffered(task) && !isStoppedByFailure(task): return true
            case .ready, .waiting, .blocked, .completed, .failed, .skipped, .cancelled, .compensated: break
            }
        }
        return false
    }

    /// A loop or map failed: what is in it is stopped.
    mutating func containerFailed(_ task: TaskRef, _ error: TaskError) {
        for scope in state.scopes(of: task) { cancelOpenTasks(of: scope, reason: "not_needed") }
        effects.append(.disarm(task: task, kind: .timeout))
        effects.append(.disarm(task: task, kind: .wait))
        attemptFailed(task, error, nil)
    }

    /// What a pass or item gives: the body's own output, the output of its last node, or those of its last nodes by id.
    mutating func scopeOutput(_ scope: Int) throws(TaskError) -> Payload {
        guard let current = state.scope(scope) else { return Payload(inline: .null) }
        let body = state.body(of: scope)
        if let template = body.output {
            let outer = self.scope
            self.scope = scope
            defer { self.scope = outer }
            return payload(try evaluate(template, "output"))
        }
        let last = current.lastPositions(in: state.graph)
        if last.count == 1 { return current.tasks[last[0]].output ?? Payload(inline: .null) }
        var result = JSONObject()
        for position in last {
            result[state.graph.nodes[body.nodes[position]].id] = current.tasks[position].output?.value ?? .null
        }
        return payload(.object(result))
    }

    /// Goes on with loops and maps that gave way to others, or that could not begin more while the run was paused.
    mutating func proceed() {
        guard !state.status.isTerminal, state.status != .paused, !isHeld else { return }
        for task in state.loops.keys.sorted() where state.scopes(of: task).isEmpty && isDue(task) {
            startIteration(task, state.loops[task]?.iterations ?? 0)
        }
        for task in state.maps.keys.sorted() where state[task].status == .running { openedMaps.insert(task) }
        for task in state.teams.keys.sorted() where state.has(task) && state[task].status == .running {
            continueTeam(task)
        }
    }

    /// A loop that may begin its next pass: the time between passes is over.
    private func isDue(_ loop: TaskRef) -> Bool {
        switch state[loop].status {
        case .running: true
        case .waiting: state[loop].until.map { $0 <= turn.now } ?? true
        default: false
        }
    }
}
