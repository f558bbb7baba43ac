// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

extension ReviewEvent {
    var type: EventType {
        switch self {
        case .opened: .taskNeedsReview
        case .resumed: .taskResumed
        case .poisoned: .taskPoisoned
        case .exhausted: .taskExhausted
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .opened(let reason, let error, let log):
            var data: JSONObject = ["reason": .string(reason.rawValue)]
            data["error"] = error?.json
            data["log"] = log?.json
            return data
        case .resumed(let guidance): return guidance.map { ["guidance": .string($0)] } ?? [:]
        case .poisoned(let crashes): return ["crashes": .int(Int64(crashes))]
        case .exhausted(let error, let log):
            var data: JSONObject = ["error": error.json]
            data["log"] = log?.json
            return data
        }
    }
}

extension EventDecoder {
    func review(_ type: EventType, _ data: JSONValue) -> ReviewEvent? {
        switch type {
        case .taskNeedsReview:
            data["reason"]?.stringValue.flatMap(ReviewReason.init).map {
                .opened($0, TaskError(json: data["error"]), log: BlobRef(json: data["log"]))
            }
        case .taskResumed: .resumed(guidance: data["guidance"]?.stringValue)
        case .taskPoisoned: integer(data["crashes"]).map { .poisoned(crashes: $0) }
        case .taskExhausted: TaskError(json: data["error"]).map { .exhausted($0, log: BlobRef(json: data["log"])) }
        default: nil
        }
    }
}
