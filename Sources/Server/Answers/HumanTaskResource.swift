// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model
public import Store

extension HumanTaskRow {
    /// The record of spec 7.1.
    public var json: JSONValue {
        var result: JSONObject = [
            "id": .string(id.description), "kind": .string(kind), "status": .string(status.rawValue),
            "run": .string(run.description), "node": .string(node), "title": .string(title),
            "message": .string(message), "assignees": .array(assignees.map(JSONValue.string)),
            "opened_at": .string(openedAt.description), "choices": .array(details.choices.map(\.json)),
            "quorum": .int(Int64(details.quorum)),
        ]
        result["form"] = details.form
        result["evidence"] = details.evidence
        result["subject"] = details.subject
        result["expires_at"] = expiresAt.map { .string($0.description) }
        result["on_expire"] = details.onExpiry.map(JSONValue.string)
        result["claimed_by"] = claim.map { .string($0.by) }
        result["claimed_until"] = claim.map { .string($0.until.description) }
        result["choice"] = choice.map(JSONValue.string)
        result["decided_by"] = decidedBy.map { .string($0) }
        result["decided_at"] = decidedAt.map { .string($0.description) }
        result["comment"] = comment.map { .string($0) }
        result["decisions"] = .array(details.decisions.map(json))
        return .object(result)
    }

    private func json(_ decision: HumanTaskDetails.Decision) -> JSONValue {
        var result: JSONObject = [
            "by": .string(decision.by), "choice": .string(decision.choice), "values": decision.values,
            "at": .string(decision.at.description),
        ]
        result["comment"] = decision.comment.map(JSONValue.string)
        result["via"] = decision.via.map(JSONValue.string)
        return .object(result)
    }
}
