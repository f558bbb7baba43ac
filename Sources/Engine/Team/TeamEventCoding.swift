// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

extension TeamEvent {
    var type: EventType {
        switch self {
        case .formed: .teamFormed
        case .seatsStarted: .teamAgentsStarted
        case .seatCompleted: .teamAgentCompleted
        case .seatFailed: .teamAgentFailed
        case .decided: .teamDecided
        }
    }

    /// The keys of `data`. The scope that an event opens or closes is not the one its task stands in.
    var data: JSONObject {
        switch self {
        case .formed(let agents, let basis):
            basis.isNull
                ? ["agents": .array(agents.map(JSONValue.string))]
                : ["agents": .array(agents.map(JSONValue.string)), "basis": basis]
        case .seatsStarted(let first, let count, let scope):
            ["opens": .int(Int64(scope)), "seat": .int(Int64(first)), "count": .int(Int64(count))]
        case .seatCompleted(let scope): ["closes": .int(Int64(scope))]
        case .seatFailed(let scope, let error): ["closes": .int(Int64(scope)), "error": error.json]
        case .decided(let info): ["info": .object(info)]
        }
    }
}

extension EventDecoder {
    func team(_ type: EventType, _ data: JSONValue) -> TeamEvent? {
        switch type {
        case .teamFormed:
            guard let agents = data["agents"]?.arrayValue else { return nil }
            return .formed(agents: agents.compactMap(\.stringValue), basis: data["basis"] ?? .null)
        case .teamAgentsStarted:
            guard let first = integer(data["seat"]), let count = integer(data["count"]),
                let scope = integer(data["opens"])
            else { return nil }
            return .seatsStarted(first: first, count: count, scope: scope)
        case .teamAgentCompleted: return integer(data["closes"]).map { .seatCompleted(scope: $0) }
        case .teamAgentFailed:
            guard let scope = integer(data["closes"]), let error = TaskError(json: data["error"]) else { return nil }
            return .seatFailed(scope: scope, error)
        case .teamDecided: return data["info"]?.objectValue.map { .decided($0) }
        default: return nil
        }
    }
}

extension TeamProgress: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("agents", \.agents),
        StateField("next", \.next, default: 0),
        StateField("open", \.open, default: 0),
        StateField("results", \.results, default: [:]),
        StateField(
            "failures",
            write: { progress, _ in
                .array(
                    progress.failures.sorted { $0.key < $1.key }.map {
                        ["seat": .int(Int64($0.key)), "error": $0.value.json]
                    }
                )
            },
            read: { progress, json, _ in
                for item in json.arrayValue ?? [] {
                    guard let seat = item["seat"]?.intValue, let error = TaskError(json: item["error"]) else {
                        throw SnapshotError(json)
                    }
                    progress.failures[Int(seat)] = error
                }
            }
        ),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(agents: [])
        try readFields(json, decoder)
    }
}
