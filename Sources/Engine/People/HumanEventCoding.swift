// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

extension HumanEvent {
    var type: EventType {
        switch self {
        case .opened: .humanTaskOpened
        case .claimed: .humanTaskClaimed
        case .released: .humanTaskReleased
        case .reassigned: .humanTaskReassigned
        case .reminded: .humanTaskReminded
        case .escalated: .humanTaskEscalated
        case .decided: .humanTaskDecided
        case .resolved: .humanTaskResolved
        case .expired: .humanTaskExpired
        case .cancelled: .humanTaskCancelled
        }
    }

    /// The request it is about.
    public var id: HumanTaskID {
        switch self {
        case .opened(let request): request.id
        case .claimed(let id, _), .released(let id), .reassigned(let id, _), .reminded(let id, _),
            .escalated(let id, _, _), .decided(let id, _), .resolved(let id, _), .expired(let id), .cancelled(let id):
            id
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        var data: JSONObject = ["id": .string(id.description)]
        switch self {
        case .opened(let request): request.write(into: &data)
        case .claimed(_, let claim):
            data["by"] = .string(claim.by)
            data["until"] = .int(claim.until.milliseconds)
        case .reassigned(_, let assignees): data["assignees"] = .array(assignees.map(JSONValue.string))
        case .reminded(_, let number): data["number"] = .int(Int64(number))
        case .escalated(_, let assignees, let expiresAt):
            data["assignees"] = .array(assignees.map(JSONValue.string))
            data["deadline"] = .int(expiresAt.milliseconds)
        case .decided(_, let decision), .resolved(_, let decision): decision.write(into: &data)
        case .released, .expired, .cancelled: break
        }
        return data
    }
}

extension HumanRequest {
    /// What has its usual value is left out.
    fileprivate func write(into data: inout JSONObject) {
        if purpose != .node { data["purpose"] = .string(purpose.rawValue) }
        data["kind"] = .string(kind.rawValue)
        data["title"] = .string(title)
        data["message"] = .string(message)
        data["choices"] = .array(choices.map(\.json))
        data["form"] = form
        data["evidence"] = evidence.map { .object($0.json) }
        data["subject"] = subject.map { .object($0.json) }
        data["call"] = call?.json
        data["assignees"] = .array(assignees.map(JSONValue.string))
        if quorum != 1 { data["quorum"] = .int(Int64(quorum)) }
        data["deadline"] = expiresAt.map { .int($0.milliseconds) }
        data["on_expire"] = onExpiry.map { .string($0.rawValue) }
        if !reminders.isEmpty { data["remind_ms"] = .array(reminders.map { .int($0.milliseconds) }) }
    }
}

extension HumanDecision {
    fileprivate func write(into data: inout JSONObject) {
        data["choice"] = .string(choice)
        data["by"] = .string(by)
        if values.value != [:] { data["values"] = .object(values.json) }
        data["comment"] = comment.map(JSONValue.string)
        data["via"] = via.map(JSONValue.string)
    }
}

extension EventDecoder {
    func human(_ type: EventType, _ data: JSONValue) throws -> HumanEvent? {
        guard let id = data["id"]?.stringValue.flatMap(HumanTaskID.init) else { return nil }
        switch type {
        case .humanTaskOpened: return try request(id, data).map(HumanEvent.opened)
        case .humanTaskClaimed:
            guard let by = data["by"]?.stringValue, let until = time(data["until"]) else { return nil }
            return .claimed(id, HumanClaim(by: by, until: until))
        case .humanTaskReleased: return .released(id)
        case .humanTaskReassigned: return .reassigned(id, to: texts(data["assignees"]))
        case .humanTaskReminded: return integer(data["number"]).map { .reminded(id, number: $0) }
        case .humanTaskEscalated:
            return time(data["deadline"]).map { .escalated(id, to: texts(data["assignees"]), expiresAt: $0) }
        case .humanTaskDecided: return try decision(data).map { .decided(id, $0) }
        case .humanTaskResolved: return try decision(data).map { .resolved(id, $0) }
        case .humanTaskExpired: return .expired(id)
        case .humanTaskCancelled: return .cancelled(id)
        default: return nil
        }
    }

    private func request(_ id: HumanTaskID, _ data: JSONValue) throws -> HumanRequest? {
        guard let kind = data["kind"]?.stringValue.flatMap(Graph.Human.Kind.init),
            let title = data["title"]?.stringValue, let message = data["message"]?.stringValue
        else { return nil }
        let choices = data["choices"]?.arrayValue?.compactMap(HumanChoice.init(json:))
        var request = HumanRequest(
            id: id,
            purpose: data["purpose"]?.stringValue.flatMap(HumanRequest.Purpose.init) ?? .node,
            kind: kind,
            title: title,
            message: message,
            choices: choices ?? kind.usualChoices,
            form: data["form"],
            evidence: try payload(data["evidence"]),
            subject: try payload(data["subject"]),
            assignees: texts(data["assignees"]),
            quorum: integer(data["quorum"]) ?? 1,
            expiresAt: time(data["deadline"]),
            onExpiry: data["on_expire"]?.stringValue.flatMap(Graph.Human.Expiry.init(rawValue:)),
            reminders: data["remind_ms"]?.arrayValue?.compactMap { $0.intValue.map(Duration.milliseconds) } ?? []
        )
        request.call = HumanRequest.Call(json: data["call"])
        return request
    }

    private func decision(_ data: JSONValue) throws -> HumanDecision? {
        guard let choice = data["choice"]?.stringValue, let by = data["by"]?.stringValue else { return nil }
        return HumanDecision(
            by: by,
            choice: choice,
            values: try payload(data["values"]) ?? Payload(inline: [:]),
            comment: data["comment"]?.stringValue,
            via: data["via"]?.stringValue
        )
    }

    private func texts(_ json: JSONValue?) -> [String] {
        json?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
