// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

extension CompensationEvent {
    var type: EventType {
        switch self {
        case .runCompensating: .runCompensating
        case .runCompensated: .runCompensated
        case .runCompensationFailed: .runCompensationFailed
        case .recorded(_, let isLate, _): isLate ? .compensationLate : .compensationRecorded
        case .rollbackStarted: .rollbackStarted
        case .started: .compensationStarted
        case .completed: .compensationCompleted
        case .failed: .compensationFailed
        case .cancelled: .compensationCancelled
        case .taskCompensated: .taskCompensated
        }
    }

    /// The keys of `data`. The number of a compensation counts those that were recorded, from 0.
    var data: JSONObject {
        switch self {
        case .runCompensating(let phase): phase.map { ["to": .string($0)] } ?? [:]
        case .runCompensated, .taskCompensated: [:]
        case .runCompensationFailed(let error): ["error": error.json]
        case .recorded(let plan, _, let rollback):
            rollback.map { plan.json.merging(["rollback": .int(Int64($0))]) } ?? plan.json
        case .rollbackStarted(let target, let steps):
            target.json.merging([
                "steps": .array(steps.map { .array($0.map { .int(Int64($0)) }) })
            ])
        case .started(let number, let rollback, let scope):
            ["compensation": .int(Int64(number)), "rollback": .int(Int64(rollback)), "opens": .int(Int64(scope))]
        case .completed(let number), .cancelled(let number): ["compensation": .int(Int64(number))]
        case .failed(let number, let error, let isSkipped):
            isSkipped
                ? ["compensation": .int(Int64(number)), "error": error.json, "skipped": true]
                : ["compensation": .int(Int64(number)), "error": error.json]
        }
    }
}

extension Compensation.Plan {
    /// `{owners?, place?, calls[{tool?, args}], error?}`, of a phase with its id and the number of the call. The task
    /// stands in the event.
    fileprivate var json: JSONObject {
        var result = JSONObject()
        switch subject {
        case .task(_, let owners, let place):
            if !owners.isEmpty {
                result["owners"] = .array(owners.map { .int(Int64($0.number)) })
                result["place"] = .array(place.map { .int(Int64($0)) })
            }
        case .phase(let id, let call):
            result["phase"] = .string(id)
            result["call"] = .int(Int64(call))
        }
        result["calls"] = .array(
            calls.map { call in
                var object: JSONObject = ["args": .object(call.arguments.json)]
                if let tool = call.tool { object["tool"] = .string(tool) }
                return .object(object)
            }
        )
        if let error { result["error"] = error.json }
        return result
    }
}

extension Rollback.Target {
    fileprivate var json: JSONObject {
        switch self {
        case .run: ["scope": "run"]
        case .toPhase(let phase): ["scope": "run", "to": .string(phase)]
        case .phase(let phase): ["scope": "phase", "phase": .string(phase)]
        case .group(let group): ["scope": "group", "group": .string(group.name), "in": .int(Int64(group.scope))]
        }
    }
}

extension JSONObject {
    fileprivate func merging(_ other: JSONObject) -> JSONObject {
        var result = self
        for member in other.members { result[member.key] = member.value }
        return result
    }
}

extension EventDecoder {
    func compensation(_ type: EventType, _ data: JSONValue, _ task: TaskRef?) throws -> CompensationEvent? {
        let number = integer(data["compensation"])
        switch type {
        case .runCompensating: return .runCompensating(to: data["to"]?.stringValue)
        case .runCompensated: return .runCompensated
        case .taskCompensated: return .taskCompensated
        case .runCompensationFailed: return TaskError(json: data["error"]).map { .runCompensationFailed($0) }
        case .compensationRecorded, .compensationLate:
            return try plan(data, task).map {
                .recorded($0, isLate: type == .compensationLate, rollback: integer(data["rollback"]))
            }
        case .rollbackStarted:
            guard let target = target(data), let steps = data["steps"]?.arrayValue else { return nil }
            return .rollbackStarted(target, steps: steps.map { ($0.arrayValue ?? []).compactMap { integer($0) } })
        case .compensationStarted:
            guard let number, let rollback = integer(data["rollback"]), let scope = integer(data["opens"]) else {
                return nil
            }
            return .started(number, rollback: rollback, scope: scope)
        case .compensationCompleted: return number.map { .completed($0) }
        case .compensationCancelled: return number.map { .cancelled($0) }
        case .compensationFailed:
            guard let number, let error = TaskError(json: data["error"]) else { return nil }
            return .failed(number, error, isSkipped: data["skipped"]?.boolValue ?? false)
        default: return nil
        }
    }

    private func plan(_ data: JSONValue, _ task: TaskRef?) throws -> Compensation.Plan? {
        let subject: Compensation.Plan.Subject
        if let task {
            let owners = (data["owners"]?.arrayValue ?? []).compactMap { integer($0).map(TaskRef.init(number:)) }
            let place = (data["place"]?.arrayValue ?? []).compactMap { integer($0) }
            subject = .task(task, owners: owners, place: place)
        } else if let phase = data["phase"]?.stringValue, let call = integer(data["call"]) {
            subject = .phase(phase, call: call)
        } else {
            return nil
        }
        let calls = try (data["calls"]?.arrayValue ?? []).map { call in
            guard let arguments = try payload(call["args"]) else {
                throw EventDecodingError(description: "a call lacks its arguments: \(call.text)")
            }
            return Compensation.Call(tool: call["tool"]?.stringValue, arguments: arguments)
        }
        return Compensation.Plan(subject: subject, calls: calls, error: TaskError(json: data["error"]))
    }

    private func target(_ data: JSONValue) -> Rollback.Target? {
        switch data["scope"]?.stringValue {
        case "run": return data["to"]?.stringValue.map { .toPhase($0) } ?? .run
        case "phase": return data["phase"]?.stringValue.map { .phase($0) }
        case "group":
            guard let name = data["group"]?.stringValue, let scope = integer(data["in"]) else { return nil }
            return .group(GroupRef(scope: scope, name: name))
        default: return nil
        }
    }
}
