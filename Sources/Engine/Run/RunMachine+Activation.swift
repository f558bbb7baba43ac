// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// What happens when a node's join is satisfied.
extension RunMachine {
    /// The run is in a state in which this node may begin.
    mutating func mayBegin(_ task: TaskRef) -> Bool {
        state.status != .paused && !isHeld && !state.status.isTerminal && !isStoppedByFailure(task)
    }

    /// A failure keeps it from beginning, and always will.
    mutating func isStoppedByFailure(_ task: TaskRef) -> Bool {
        if isDraining(task.scope) && !isFinally(task) { return true }
        var scope = task.scope
        while let owner = state.scope(scope)?.owner {
            scope = owner.scope
            if isDraining(scope) { return true }
        }
        return false
    }

    /// Runs whatever became of what is before it.
    func isFinally(_ task: TaskRef) -> Bool {
        state.node(task).join == .done && !state.incoming(task).isEmpty
    }

    /// Already handed to the scheduler in this turn.
    func isOffered(_ task: TaskRef) -> Bool {
        offered.contains(task)
    }

    /// The join holds: skip, evaluate, wait or offer.
    ///
    /// - Parameter isForced: A person wants it done; the condition is not looked at.
    mutating func activate(_ task: TaskRef, isForced: Bool = false) {
        guard mayBegin(task) else { return hold(task) }
        let definition = state.node(task)
        locals = state.locals(of: task)
        scope = task.scope
        defer { (locals, scope) = ([:], 0) }
        do throws(TaskError) {
            try checkPorts(of: task)
            try checkCompensation(task)
            if !isForced, let when = definition.when, try !condition(when, "`when`") {
                return skip(task, .condition)
            }
            if isServed(task) { return beginServed(task) }
            switch definition.kind {
            case .tool, .http, .agent:
                _ = try state.demands(of: task, at: turn.now)
                offer(task)
            case .loop:
                begin(task)
                startIteration(task, 0)
            case .map(let map):
                try startMap(task, map)
            case .team(let team):
                startTeam(task, team)
            case .workflow(let child):
                try startChild(task, child)
            case .waitSignal(let awaited):
                try awaitSignal(task, awaited)
            case .signal(let template):
                try sendSignal(task, template)
            case .function:
                // Compiling for a run refuses these kinds, so that this is a graph from elsewhere.
                throw TaskError(
                    code: "tool.unavailable",
                    errorClass: .permanent,
                    message: "no executor for nodes of kind `\(definition.kind.name)` is registered"
                )
            case .human(let human):
                try ask(task, human)
            case .waitFor(let span):
                try wait(task, for: span)
            case .waitUntil(let time):
                try wait(task, until: time)
            case .branch(let branch):
                let chosen = try choose(branch)
                let output: JSONObject = [
                    "case": chosen.map { .string($0.name) } ?? .null,
                    "index": chosen?.index.map { .int(Int64($0)) } ?? .null,
                ]
                complete(task, payload(.object(output)), nil, chosen: chosen?.name)
            case .join, .transform, .filter, .aggregate:
                complete(task, payload(try absorbedOutput(of: task)), nil)
            }
        } catch {
            attemptFailed(task, error, nil)
        }
    }

    /// Begins an attempt that needs no executor: a loop or map.
    mutating func begin(_ task: TaskRef) {
        let now = state[task]
        emit(task, .taskStarted(attempt: now.attempts + 1, fence: now.fence + 1, worker: "engine"))
        if let timeout = state.node(task).timeout {
            effects.append(.arm(task: task, kind: .timeout, at: turn.now + timeout))
        }
    }

    /// Looks at every task of a scope that nothing comes before.
    mutating func activateEntries(of scope: Int) {
        let body = state.body(of: scope)
        for (position, node) in body.nodes.enumerated() where body.incoming[position].isEmpty {
            let task = TaskRef(scope: scope, node: node)
            if state[task].status == .blocked { activate(task) }
        }
    }

    mutating func offer(_ task: TaskRef) {
        offered.insert(task)
        effects.append(.offer(task: task))
    }

    /// Ready, but the run is paused or held; on its way to fail it stays as it is.
    private mutating func hold(_ task: TaskRef) {
        guard state.status == .paused || isHeld, !isStoppedByFailure(task), state[task].status == .blocked else {
            return
        }
        emit(task, .taskReady(.paused))
    }

    private func condition(
        _ expression: CELExpression,
        _ what: String
    ) throws(TaskError) -> Bool {
        do {
            return try expression.condition(in: snapshot(for: [expression]))
        } catch {
            throw TaskError(expression: error, what)
        }
    }

    // MARK: Branch

    private func choose(_ branch: Graph.Branch) throws(TaskError) -> (name: String, index: Int?)? {
        for (index, candidate) in branch.cases.enumerated() {
            do throws(TaskError) {
                if try condition(candidate.when, "case `\(candidate.name)`") { return (candidate.name, index) }
            } catch {
                switch branch.onError {
                case .fail: throw error
                case .next: continue
                case .default: return branch.defaultCase.map { ($0, nil) }
                }
            }
        }
        return branch.defaultCase.map { ($0, nil) }
    }

    // MARK: Time

    func text(_ template: ValueTemplate, _ field: String) throws(TaskError) -> String {
        let value = try evaluate(template, field)
        guard let text = value.stringValue else {
            throw TaskError(
                code: "expression.failed",
                errorClass: .permanent,
                message: "`\(field)` is \(value.kindName), not text"
            )
        }
        return text
    }

    private mutating func wait(_ task: TaskRef, for template: ValueTemplate) throws(TaskError) {
        let value = try evaluate(template, "for")
        guard let span = value.stringValue.flatMap(Duration.init(text:)) else {
            throw TaskError(
                code: "expression.failed",
                errorClass: .permanent,
                message: "`for` is \(value.text), not a duration such as \"10s\""
            )
        }
        wait(task, until: turn.now + span)
    }

    private mutating func wait(_ task: TaskRef, until template: ValueTemplate) throws(TaskError) {
        let value = try evaluate(template, "until")
        guard let time = value.stringValue.flatMap(Timestamp.init(rfc3339:)) else {
            throw TaskError(
                code: "expression.failed",
                errorClass: .permanent,
                message: "`until` is \(value.text), not a time such as \"2026-01-31T09:30:00Z\""
            )
        }
        wait(task, until: time)
    }

    mutating func wait(_ task: TaskRef, until time: Timestamp) {
        emit(task, .taskWaiting(until: time))
        effects.append(.arm(task: task, kind: .wait, at: time))
    }

    func evaluate(_ template: ValueTemplate, _ field: String, extra: [String: JSONValue] = [:]) throws(TaskError)
        -> JSONValue
    {
        if template.isConstant, let value = try? template.evaluate(in: ScopeSnapshot()) { return value }
        do {
            return try template.evaluate(in: snapshot(for: template.slots.map(\.expression), extra: extra))
        } catch {
            throw TaskError(expression: error.cause, "`\(field)\(error.pointer)`")
        }
    }
}
