// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model

/// What of a run was undone, what was not, and what cannot be (spec 3.10).
public struct RollbackReport: Sendable {
    /// One thing that can be undone.
    public struct Item: Sendable {
        /// The task, with its passes and items; for a call that belongs to a phase the phase.
        public let name: String
        /// The tools that are called, in order; `http` for a request.
        public let calls: [String]
        /// What became of it.
        public let status: Compensation.Status
        /// Attempts of all its calls.
        public let attempts: Int
        /// Why it failed.
        public let error: TaskError?
        /// `run`, `after PHASE`, `phase PHASE` or `group GROUP`; `nil` while no rollback took it up.
        public let scope: String?
        /// The task completed after it had been cancelled.
        public let isLate: Bool
        /// A call that a phase makes when it fails.
        public let isPhaseCall: Bool
    }
    /// The run.
    public let run: RunID
    /// Its status.
    public let status: RunStatus
    /// How it ended before it was rolled back.
    public let outcome: RunStatus?
    /// What can be undone, in the order in which that is done.
    public let items: [Item]
    /// Completed tasks that cannot be undone.
    public let leftInPlace: [String]

    /// Reads the report off a state.
    public init(_ state: RunState) {
        run = state.id
        status = state.status
        outcome = state.outcome
        items = state.compensations.all.indices.reversed().map { Item(state, $0) }
        leftInPlace = Self.leftInPlace(state)
    }

    /// Nodes that say so; those within loops and maps once for all passes and items, which may be gone.
    private static func leftInPlace(_ state: RunState) -> [String] {
        state.graph.nodes.indices.compactMap { index in
            let node = state.graph.nodes[index]
            guard !node.isReversible, node.compensation == nil, !state.graph.isGone(index) else { return nil }
            if state.graph.body(of: index) == 0 {
                return state[TaskRef(node: index)].status == .completed ? node.id : nil
            }
            guard let owner = state.graph.outermostOwner(of: index), state[TaskRef(node: owner)].startedAt != nil else {
                return nil
            }
            return "\(node.id) (in `\(state.graph.nodes[owner].id)`)"
        }
    }

    /// `{run, status, outcome, items[{task, calls[], status, attempts, error?, scope?, late?, explanation}], left_in_place[]}`.
    public var json: JSONValue {
        [
            "run": .string(run.description), "status": .string(status.rawValue),
            "outcome": outcome.map { .string($0.rawValue) } ?? .null, "items": .array(items.map(\.json)),
            "left_in_place": .array(leftInPlace.map(JSONValue.string)),
        ]
    }
}

extension RollbackReport.Item {
    fileprivate init(_ state: RunState, _ number: Int) {
        let compensation = state.compensations.all[number]
        name = compensation.plan.name(in: state.graph)
        calls = compensation.plan.calls.map { $0.tool ?? "http" }
        status = compensation.status
        let current = compensation.scope.flatMap { state.scope($0) }?.tasks ?? []
        attempts = compensation.attempts + current.reduce(0) { $0 + $1.attempts }
        error = compensation.error ?? current.compactMap(\.error).first ?? compensation.plan.error
        scope = compensation.rollback.map { state.compensations.rollbacks[$0].target.text }
        isLate = compensation.isLate
        isPhaseCall = compensation.task == nil
    }

    fileprivate var json: JSONValue {
        var result: JSONObject = [
            isPhaseCall ? "phase" : "task": .string(name), "calls": .array(calls.map(JSONValue.string)),
            "status": .string(status.rawValue), "attempts": .int(Int64(attempts)),
        ]
        result["error"] = error?.json
        result["scope"] = scope.map { .string($0) }
        if isLate { result["late"] = true }
        result["explanation"] = .string(sentence)
        return .object(result)
    }

    /// For people.
    public var sentence: String {
        let what = isPhaseCall ? "a rollback call of phase `\(name)`" : "`\(name)`"
        switch status {
        case .completed: return isPhaseCall ? "\(what) was made" : "\(what) was undone"
        case .pending: return "\(what) \(isPhaseCall ? "was not made" : "was not undone")"
        case .running: return "\(what) is being \(isPhaseCall ? "made" : "undone")"
        case .failed, .skipped:
            let reason = error?.description ?? "no reason was recorded"
            return "\(what) \(isPhaseCall ? "failed" : "could not be undone") after \(attempts) attempts: \(reason)"
        }
    }
}

extension Rollback.Target {
    /// `run`, `after PHASE`, `phase PHASE` or `group GROUP`.
    public var text: String {
        switch self {
        case .run: "run"
        case .toPhase(let phase): "after \(phase)"
        case .phase(let phase): "phase \(phase)"
        case .group(let group): "group \(group.name)"
        }
    }
}

extension RunGraph {
    /// The loop or map of the graph itself that a node of a body is in.
    fileprivate func outermostOwner(of node: Int) -> Int? {
        var current = node
        while body(of: current) != 0 {
            guard let owner = nodes.indices.first(where: { repeatedBody(of: $0) == body(of: current) }) else {
                return nil
            }
            current = owner
        }
        return current == node ? nil : current
    }
}
