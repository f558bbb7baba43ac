// Baton
// SPDX-License-Identifier: Apache-2.0

public import CEL
internal import Definition
public import JSON
public import Model

/// The values some expressions read, taken out of a run's state: it may leave the engine's thread and keeps nothing
/// else of the run alive.
public struct ScopeSnapshot: CELScope, Sendable {
    private var values: [String: CELValue] = [:]

    /// A scope without variables.
    public init() {}

    /// The variable's value; `nil` when the expressions it was made for do not read it.
    public func variable(_ name: String) -> CELValue? {
        values[name]
    }

    /// A name for it: who does the work outside gets the value elsewhere.
    public func secret(_ name: String) -> String? { "secret://\(name)" }

    mutating func set(_ name: String, _ value: CELValue) {
        values[name] = value
    }
}

extension CELValue {
    fileprivate init(_ time: Timestamp) {
        let milliseconds = ((time.milliseconds % 1000) + 1000) % 1000
        self = .timestamp(
            seconds: (time.milliseconds - milliseconds) / 1000,
            nanoseconds: Int32(milliseconds) * 1_000_000
        )
    }
}

extension RunMachine {
    func snapshot(for expressions: [CELExpression], extra: [String: JSONValue] = [:]) -> ScopeSnapshot {
        state.snapshot(
            for: expressions,
            in: scope,
            at: turn.now,
            extra: locals.merging(extra) { _, inner in inner }
        )
    }
}

extension RunState {
    /// What the given expressions can see from within a scope; `extra` adds or replaces variables.
    public func snapshot(
        for expressions: [CELExpression],
        in number: Int = 0,
        at now: Timestamp,
        extra: [String: JSONValue] = [:]
    ) -> ScopeSnapshot {
        var scope = ScopeSnapshot()
        guard !expressions.isEmpty else { return scope }
        for (name, value) in extra { scope.set(name, CELValue(value)) }
        let references = expressions.flatMap(\.references)
        for root in Set(references.map(\.root)) where extra[root] == nil {
            let fields = references.filter { $0.root == root }.map(\.path.first)
            if let value = variable(root, fields: fields, number, now) { scope.set(root, value) }
        }
        return scope
    }

    /// `fields` are the first names after the root; `nil` in it means that the whole variable is read.
    private func variable(_ root: String, fields: [String?], _ scope: Int, _ now: Timestamp) -> CELValue? {
        switch root {
        case "inputs": CELValue(inputs.value)
        case "now": CELValue(now)
        case "run": CELValue(runObject)
        case "project": CELValue(["id": .string(project), "name": .string(project), "settings": [:]])
        case "phases": CELValue(phasesObject(fields))
        case "vars": CELValue(.object(variables))
        case "nodes": CELValue(nodesObject(fields, scope) { .object(taskObject($0)) })
        case "ctx": CELValue(nodesObject(fields, scope) { self[$0].output?.value ?? .null })
        default: scope == 0 ? nil : scopeVariables(scope)[root].map { CELValue($0) }
        }
    }

    private var runObject: JSONValue {
        // A replay sees what its origin saw.
        let seen = derivation.flatMap { $0.isReplay ? $0 : nil }
        return [
            "id": .string((seen?.origin ?? id).description), "name": .string(graph.name),
            "started_at": .string((seen?.startedAt ?? createdAt).description),
            "start_commit": .null,
        ]
    }

    private var variables: JSONObject {
        var result = JSONObject()
        for (position, node) in graph.bodies[0].nodes.enumerated() {
            guard case .tool(_, _, let name?) = graph.nodes[node].kind, let output = root.tasks[position].output
            else { continue }
            result[name] = output.value
        }
        for member in assigned.members { result[member.key] = member.value }
        return result
    }

    private func nodesObject(_ fields: [String?], _ scope: Int, _ make: (TaskRef) -> JSONValue) -> JSONValue {
        var result = JSONObject()
        if fields.contains(where: { $0 == nil }) {
            for (index, node) in graph.nodes.enumerated() {
                if let task = visibleTask(index, from: scope) { result.append(node.id, make(task)) }
            }
        } else {
            for case let id? in Set(fields) {
                guard let index = graph.index(of: id), let task = visibleTask(index, from: scope) else { continue }
                result[id] = make(task)
            }
        }
        return .object(result)
    }

    private func taskObject(_ ref: TaskRef) -> JSONObject {
        let task = self[ref]
        var result: JSONObject = [
            "status": .string(task.status.rawValue),
            "output": task.output?.value ?? .null,
            "attempts": .int(Int64(task.attempts)),
            "cost_usd": costs[ref].map { .double(Double($0.money.picodollars) / 1e12) } ?? 0,
            "info": infos[ref].map(JSONValue.object) ?? [:],
        ]
        result["error"] = task.error?.json ?? .null
        if let startedAt = task.startedAt { result["started_at"] = .string(startedAt.description) }
        if let endedAt = task.endedAt { result["ended_at"] = .string(endedAt.description) }
        return result
    }
}
