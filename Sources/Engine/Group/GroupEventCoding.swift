// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

extension GroupEvent {
    var type: EventType {
        switch self {
        case .completed: .groupCompleted
        case .failed: .groupFailed
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        ["group": .string(group.name), "in": .int(Int64(group.scope))]
    }
}

extension EventDecoder {
    func group(_ type: EventType, _ data: JSONValue) -> GroupEvent? {
        guard let name = data["group"]?.stringValue, let scope = integer(data["in"]) else { return nil }
        let group = GroupRef(scope: scope, name: name)
        return type == .groupCompleted ? .completed(group) : .failed(group)
    }
}
