// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Engine
public import JSON
public import Model
public import Store

extension RunRow {
    /// A run in a list: `{id, workflow, status, …}`.
    public var json: JSONValue {
        var result: JSONObject = [
            "id": .string(id.description), "workflow": .string(workflow), "status": .string(status.rawValue),
        ]
        result["reason"] = reason.map { .string($0.rawValue) }
        result["outcome"] = outcome.map { .string($0.rawValue) }
        result["tasks_ended"] = .int(Int64(endedTasks))
        result["tasks"] = .int(Int64(allTasks))
        result["created_at"] = .string(createdAt.description)
        result["started_at"] = startedAt.map { .string($0.description) }
        result["ended_at"] = endedAt.map { .string($0.description) }
        result["error"] = error.map { .string($0) }
        result["definition"] = .string(graphHash)
        result["project"] = ownership.project.map(JSONValue.string)
        return .object(result)
    }
}

extension RunState {
    /// A run with its inputs, outputs and error, without its tasks.
    ///
    /// - Parameter now: For `duration_ms` of a run that goes on.
    public func json(at now: Timestamp) -> JSONObject {
        var result: JSONObject = [
            "id": .string(id.description), "workflow": .string(graph.name), "definition": .string(graph.hash),
            "status": .string(status.rawValue),
        ]
        result["reason"] = waitReason.map { .string($0.rawValue) }
        result["outcome"] = outcome.map { .string($0.rawValue) }
        result["created_at"] = .string(createdAt.description)
        result["started_at"] = startedAt.map { .string($0.description) }
        result["ended_at"] = endedAt.map { .string($0.description) }
        if let derivation {
            result["derivation"] = .string(derivation.kind.rawValue)
            result["fork_of"] = .string(derivation.origin.description)
            result["at_seq"] = .int(derivation.sequence)
            result["from"] = derivation.node.map(JSONValue.string)
        }
        result["schedule"] = schedule.map { .string($0.description) }
        result["deadline"] = deadline.map { .string($0.description) }
        result["duration_ms"] = .int(((endedAt ?? now) - createdAt).milliseconds)
        result["inputs"] = inputs.value
        result["outputs"] = outputs?.value
        result["error"] = error?.json
        result["last_event"] = .int(lastSequence)
        return result
    }

    /// One object for each task.
    public var tasksJSON: [JSONValue] { allTasks.map { .object(json(of: $0)) } }

    /// A task: `{id, node, kind, status, attempts, …}`.
    func json(of ref: TaskRef) -> JSONObject {
        let task = self[ref]
        var result: JSONObject = [
            "id": .string(id(of: ref).description), "node": .string(node(ref).id), "kind": .string(node(ref).kind.name),
            "status": .string(task.status.rawValue), "attempts": .int(Int64(task.attempts)),
        ]
        let place = place(of: ref.scope)
        if !place.isEmpty { result["place"] = .array(place.map { .int(Int64($0)) }) }
        result["worker"] = task.worker.map(JSONValue.string)
        if isExternal(ref) { result["external"] = true }
        if let claim = claims[ref] {
            result["claimed_by"] = .string(claim.by)
            result["progress"] = claim.progress?.percent.map { .int(Int64($0)) }
            result["progress_message"] = claim.progress?.message.map(JSONValue.string)
        }
        if task.isReused { result["reused"] = true }
        result["cached_from"] = task.cachedFrom.map { .string($0.description) }
        if task.lostAttempts > 0 { result["lost_attempts"] = .int(Int64(task.lostAttempts)) }
        result["started_at"] = task.startedAt.map { .string($0.description) }
        result["ended_at"] = task.endedAt.map { .string($0.description) }
        result["until"] = task.until.map { .string($0.description) }
        result["output"] = task.output?.value
        result["error"] = task.error?.json
        result["skip_reason"] = task.skipReason.map { .string($0.rawValue) }
        result["case"] = task.chosen.map { .string($0) }
        result["human_task"] = task.humanTask.map { .string($0.id.description) }
        result["verification"] = verificationJSON(of: ref)
        if !task.guidance.isEmpty { result["guidance"] = .array(task.guidance.map(JSONValue.string)) }
        return result
    }
}
