// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

extension HumanTask {
    /// Who is asked what, until when.
    var sentence: String {
        var parts = ["a person has to answer \(id) (\(request.title))" + (expiresAt.map { " before \($0)" } ?? "")]
        if !assignees.isEmpty { parts.append("asked are \(assignees.joined(separator: ", "))") }
        if let claim { parts.append("\(claim.by) has claimed it until \(claim.until)") }
        if request.quorum > 1 { parts.append("\(request.quorum) people have to agree, \(missingVotes) more") }
        return parts.joined(separator: "; ")
    }

    /// One line to type for each choice.
    var commands: [String] { request.choices.map { request.command(for: $0) } }

    /// `{human_task, title, asked_at, expires_at?, assignees, claimed_by?}`.
    var json: JSONObject {
        var result: JSONObject = [
            "human_task": .string(id.description), "title": .string(request.title),
            "asked_at": .string(askedAt.description), "assignees": .array(assignees.map(JSONValue.string)),
        ]
        result["expires_at"] = expiresAt.map { .string($0.description) }
        result["claimed_by"] = claim.map { .string($0.by) }
        return result
    }
}

extension HumanRequest {
    /// What a person types to make that choice.
    public func command(for choice: HumanChoice) -> String {
        let verb = choice.id == "approve" || choice.id == "reject" ? choice.id : nil
        var line = verb.map { "baton inbox \($0) \(id)" } ?? "baton inbox answer \(id) --choice \(choice.id)"
        if purpose == .review && choice.id == "retry" { line += " --guidance TEXT" }
        if purpose == .review && choice.id == "take_over" { line += " --set result=VALUE" }
        if form != nil && purpose == .node && !choice.isRejection { line += " --set NAME=VALUE" }
        if needsComment(choice) { line += " --comment TEXT" }
        return line
    }
}
