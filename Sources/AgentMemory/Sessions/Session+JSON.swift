// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
public import Store

extension SessionRow {
    /// `{id, status, agents, project, owner, started_at, expires_at, ended_at}`; the status is `open`, `ended` or `expired`.
    public func json(at time: Timestamp) -> JSONObject {
        [
            "id": .string(id.description),
            "status": end(at: time) == nil ? "open" : endedAt == nil ? "expired" : "ended",
            "agents": .array(agents.map(JSONValue.string)),
            "project": ownership.project.map(JSONValue.string) ?? .null,
            "owner": ownership.owner.map(JSONValue.string) ?? .null,
            "started_at": .string(startedAt.description), "expires_at": .string(expiresAt.description),
            "ended_at": endedAt.json,
        ]
    }
}

extension ThreadFigures {
    /// `{agent, turns, last_at}`.
    public var json: JSONValue {
        ["agent": .string(agent), "turns": .int(Int64(turns)), "last_at": .string(lastAt.description)]
    }
}

extension ThreadTurnRow {
    /// `{number, question, answer, run, task, node, at}`.
    public var json: JSONValue {
        [
            "number": .int(Int64(number)), "question": .string(question), "answer": .string(answer),
            "run": .string(run.description), "task": .string(task), "node": .string(node),
            "at": .string(at.description),
        ]
    }
}

extension ThreadSummaryRow {
    /// `{last, text, at}`.
    public var json: JSONValue {
        ["last": .int(Int64(last)), "text": .string(text), "at": .string(at.description)]
    }
}
