// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model
internal import Store

extension QueueFigures {
    /// `{queue, depth, ready, leased, retrying, held, oldest_age_ms, dead, paused, pause?}`.
    func json(_ pause: PauseRow?, now: Timestamp) -> JSONValue {
        func count(_ statuses: TaskStatus...) -> JSONValue {
            .int(Int64(statuses.reduce(0) { $0 + (tasks[$1] ?? 0) }))
        }
        var json: JSONObject = [
            "queue": .string(queue), "depth": .int(Int64(depth)), "ready": count(.ready),
            "leased": count(.running, .verifying),
            "retrying": count(.retrying), "held": count(.waiting, .needsReview),
            "oldest_age_ms": oldestReady.map { .int(max(0, (now - $0).milliseconds)) } ?? .null,
            "dead": .int(Int64(deadLetters)), "paused": .bool(pause != nil),
        ]
        json["pause"] = pause?.queueJSON
        return .object(json)
    }
}

extension PauseRow {
    /// `{queue, by, at, reason?}`.
    var queueJSON: JSONValue {
        var json: JSONObject = [
            "queue": .string(scope.name), "by": .string(by), "at": .string(at.description),
        ]
        json["reason"] = reason.map(JSONValue.string)
        return .object(json)
    }
}

extension QueueTaskRow {
    /// The id of the task.
    var id: TaskID { TaskID(run: run, task: TaskRef(number: task.key.task)) }

    /// `{id, run, workflow, node?, status, priority, attempt, fence, since?, worker?, lease_until?}`.
    func json(node: String?) -> JSONValue {
        var json: JSONObject = [
            "id": .string(id.description), "run": .string(run.description), "workflow": .string(workflow),
        ]
        json["node"] = node.map(JSONValue.string)
        json["status"] = .string(task.status.rawValue)
        json["priority"] = .int(Int64(task.priority))
        json["attempt"] = .int(Int64(task.attempt))
        json["fence"] = .int(task.fence)
        json["since"] = task.since.map { .string($0.description) }
        if task.status == .running {
            json["worker"] = task.worker.map(JSONValue.string)
            json["lease_until"] = task.leaseUntil.map { .string($0.description) }
        }
        return .object(json)
    }
}

extension DeadLetterRow {
    /// `{entry, queue, group, run, workflow, node, attempts, failure, reason, at}`.
    var json: JSONValue {
        [
            "entry": .string(id.description), "queue": .string(queue), "group": .string(group.rawValue),
            "run": .string(run.description), "workflow": .string(workflow), "node": .string(node),
            "attempts": .int(Int64(attempts)), "failure": .string(failure), "reason": .string(reason),
            "at": .string(at.description),
        ]
    }
}
