// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
internal import Model

/// What the supervisor did about a run (spec 6.10).
public enum SupervisionEvent: Sendable, Equatable {
    /// Nothing had happened for minutes, and nothing would have: these tasks begin anew. `causes` is what `explain` said.
    case stuck([AgainEvent.Place], causes: JSONValue)
    /// Nobody serves the task's queue and has its labels.
    case workerMissing(queue: String, labels: [String: String])

    var type: EventType {
        switch self {
        case .stuck: .runStuck
        case .workerMissing: .workerMissing
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .stuck(let tasks, let causes):
            return ["tasks": .array(tasks.map(\.json)), "waiting_for": causes]
        case .workerMissing(let queue, let labels):
            var data: JSONObject = ["queue": .string(queue)]
            if !labels.isEmpty {
                var object = JSONObject()
                for (name, value) in labels.sorted(by: { $0.key < $1.key }) { object.append(name, .string(value)) }
                data["labels"] = .object(object)
            }
            return data
        }
    }
}

extension EventDecoder {
    func supervision(_ type: EventType, _ data: JSONValue) -> SupervisionEvent? {
        switch type {
        case .runStuck: places(data["tasks"]).map { .stuck($0, causes: data["waiting_for"] ?? []) }
        case .workerMissing:
            data["queue"]?.stringValue.map { .workerMissing(queue: $0, labels: [String: String](json: data["labels"])) }
        default: nil
        }
    }
}

extension RunState {
    /// What the supervisor did about a task since it moved last.
    enum Attention: String, Sendable {
        /// It was begun anew, once.
        case redispatched
        /// It was told that nobody serves it.
        case workerMissing = "worker_missing"
    }

    mutating func fold(_ event: SupervisionEvent, _ task: TaskRef?) {
        switch event {
        case .stuck(let places, _):
            for task in places.compactMap({ self.task(at: $0) }) { self[task].attention = .redispatched }
        case .workerMissing:
            if let task { self[task].attention = .workerMissing }
        }
    }
}
