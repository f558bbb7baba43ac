// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Engine
public import JSON
internal import Model

extension ClaimableTask {
    /// A task in the list of those that may be claimed: `{id, run, workflow, node, kind, …}`.
    public var json: JSONValue {
        var result: JSONObject = [
            "id": .string(id.description), "run": .string(id.run.description), "workflow": .string(workflow),
        ]
        result["project"] = ownership.project.map(JSONValue.string)
        node.describe(in: &result, place)
        result["priority"] = .int(Int64(priority))
        result["attempts"] = .int(Int64(attempts))
        result["since"] = .string(since.description)
        return .object(result)
    }
}

extension ClaimedTask {
    /// All that is needed to do it: `{id, run, node, kind, fence, input, lease_until, idempotency_key, …}`.
    public var json: JSONValue {
        var result: JSONObject = [
            "id": .string(id.description), "run": .string(id.run.description), "workflow": .string(workflow),
        ]
        assignment.node.describe(in: &result, assignment.place)
        result["attempt"] = .int(Int64(assignment.attempt))
        result["fence"] = .int(fence)
        result["worker"] = .string(worker)
        result["ttl"] = .string(lease.text)
        result["lease_until"] = .string(until.description)
        result["timeout_ms"] = assignment.timeout.map { .int($0.milliseconds) }
        result["idempotency_key"] = .string(assignment.idempotencyKey)
        result["input"] = input
        if !assignment.guidance.isEmpty { result["guidance"] = .array(assignment.guidance.map(JSONValue.string)) }
        if !assignment.feedback.isEmpty {
            result["feedback"] = .array(assignment.feedback.map { .string($0.text) })
        }
        return .object(result)
    }
}

extension ClaimLease {
    /// `{ttl, lease_until}`.
    public var json: JSONValue {
        ["ttl": .string(lease.text), "lease_until": .string(until.description)]
    }
}

extension TaskAttempt {
    /// `{attempt, fence, worker, claimed, status, started_at, ended_at?, error?}`.
    public var json: JSONValue {
        var result: JSONObject = [
            "attempt": .int(Int64(number)), "fence": .int(fence), "worker": .string(worker),
            "claimed": .bool(isClaimed), "status": .string(status.rawValue),
            "started_at": .string(startedAt.description),
        ]
        result["ended_at"] = endedAt.map { .string($0.description) }
        result["error"] = error?.json
        return .object(result)
    }
}

extension Graph.Node {
    fileprivate func describe(in result: inout JSONObject, _ place: [Int]) {
        result["node"] = .string(id)
        if !place.isEmpty { result["place"] = .array(place.map { .int(Int64($0)) }) }
        result["kind"] = .string(kind.name)
        if case .tool(let name, _, _) = kind { result["tool"] = .string(name) }
        result["queue"] = queueName.map(JSONValue.string)
        if !labels.isEmpty { result["labels"] = JSONValue(sorted: labels) }
    }
}

extension JSONValue {
    /// An object of texts, by name.
    fileprivate init(sorted labels: [String: String]) {
        var object = JSONObject()
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) { object.append(name, .string(value)) }
        self = .object(object)
    }
}
