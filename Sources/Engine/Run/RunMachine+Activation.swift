// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// What happens when a node's join is satisfied.
extension RunMachine {
    /// The run is in a state in which this node may begin.
    mutating func mayBegin(_ node: Int) -> Bool {
        guard state.status != .paused, !state.status.isTerminal else { return false }
        guard isDraining() else { return true }
        return state.graph.nodes[node].join == .done && !state.graph.nodes[node].incoming.isEmpty
    }

    /// Already handed to the scheduler in this turn.
    func isOffered(_ node: Int) -> Bool {
        offered.contains(node)
    }

    /// The join holds: skip, evaluate, wait or offer.
    mutating func activate(_ node: Int) {
        guard mayBegin(node) else { return hold(node) }
        let definition = state.graph.nodes[node]
        locals = state.locals(of: node)
        defer { locals = [:] }
        do throws(TaskError) {
            try checkPorts(of: node)
            if let when = definition.when, try !condition(when, "`when`") {
                return skip(node, .condition)
            }
            switch definition.kind {
            case .tool, .http:
                offer(node)
            case .agent, .loop, .map, .function, .workflow, .waitSignal, .signal:
                // Compiling for a run refuses these kinds, so that this is a graph from elsewhere.
                throw TaskError(
                    code: "tool.unavailable",
                    errorClass: .permanent,
                    message: "no executor for nodes of kind `\(definition.kind.name)` is registered"
                )
            case .human(let human):
                try ask(node, human)
            case .waitFor(let span):
                try wait(node, for: span)
            case .waitUntil(let time):
                try wait(node, until: time)
            case .branch(let branch):
                let chosen = try choose(branch)
                let output: JSONObject = [
                    "case": chosen.map { .string($0.name) } ?? .null,
                    "index": chosen?.index.map { .int(Int64($0)) } ?? .null,
                ]
                complete(node, payload(.object(output)), nil, chosen: chosen?.name)
            case .join, .transform, .filter, .aggregate:
                complete(node, payload(try absorbedOutput(of: node)), nil)
            }
        } catch {
            attemptFailed(node, error, nil)
        }
    }

    mutating func offer(_ node: Int) {
        offered.insert(node)
        effects.append(.offer(node: node))
    }

    /// Ready, but the run is paused or on its way to fail.
    private mutating func hold(_ node: Int) {
        guard state.status == .paused, state.tasks[node].status == .blocked else { return }
        emit(node, .taskReady(.paused))
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

    // MARK: People and time

    private mutating func ask(_ node: Int, _ human: Graph.Human) throws(TaskError) {
        let expiresAt = turn.now + human.deadline
        let request = Event.HumanRequest(
            id: nextHumanTaskID(node),
            title: try text(human.title, "title"),
            message: try text(human.message, "message"),
            assignees: human.assignees,
            expiresAt: expiresAt
        )
        emit(node, .humanTaskOpened(request))
        effects.append(.arm(node: node, kind: .humanExpiry, at: expiresAt))
    }

    private func nextHumanTaskID(_ node: Int) -> HumanTaskID {
        // Unique because run ids are, and a node asks once.
        let mixed = state.id.low &+ UInt64(node &+ 1) &* 0x9e37_79b9_7f4a_7c15
        return HumanTaskID(
            high: UInt64(turn.now.milliseconds) << 16 | turn.entropy & 0xffff,
            low: mixed ^ (turn.entropy >> 16)
        )
    }

    private func text(_ template: ValueTemplate, _ field: String) throws(TaskError) -> String {
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

    private mutating func wait(_ node: Int, for template: ValueTemplate) throws(TaskError) {
        let value = try evaluate(template, "for")
        guard let span = value.stringValue.flatMap(Duration.init(text:)) else {
            throw TaskError(
                code: "expression.failed",
                errorClass: .permanent,
                message: "`for` is \(value.text), not a duration such as \"10s\""
            )
        }
        wait(node, until: turn.now + span)
    }

    private mutating func wait(_ node: Int, until template: ValueTemplate) throws(TaskError) {
        let value = try evaluate(template, "until")
        guard let time = value.stringValue.flatMap(Timestamp.init(rfc3339:)) else {
            throw TaskError(
                code: "expression.failed",
                errorClass: .permanent,
                message: "`until` is \(value.text), not a time such as \"2026-01-31T09:30:00Z\""
            )
        }
        wait(node, until: time)
    }

    private mutating func wait(_ node: Int, until time: Timestamp) {
        emit(node, .taskWaiting(until: time))
        effects.append(.arm(node: node, kind: .wait, at: time))
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
