// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model

/// What became of each item of a bulk operation. Every item that was done is durable, whatever became of the others.
public struct BulkReport: Sendable {
    /// The most items of one call.
    public static let limit = 100

    /// One item.
    public struct Item: Sendable {
        /// Its id as it was given.
        public let id: String
        /// Why it was not done; `nil` when it was.
        public let error: EngineError?

        /// Puts an item together.
        public init(id: String, error: EngineError?) {
            (self.id, self.error) = (id, error)
        }
    }
    /// In the order in which they were given.
    public let items: [Item]

    /// Puts a report together.
    public init(_ items: [Item]) {
        self.items = items
    }

    /// Items that were not done.
    public var failures: Int { items.count { $0.error != nil } }

    /// 200 when every item was done, else 207: the answer tells of each.
    public var status: Int { failures == 0 ? 200 : 207 }

    /// `{status, done, failed, items[{id, status, code?, message?}]}`.
    public var json: JSONValue {
        [
            "status": .int(Int64(status)), "done": .int(Int64(items.count - failures)),
            "failed": .int(Int64(failures)),
            "items": .array(
                items.map { item in
                    var result: JSONObject = [
                        "id": .string(item.id), "status": .int(Int64(item.error?.code.status ?? 200)),
                    ]
                    result["code"] = item.error.map { .string($0.code.rawValue) }
                    result["message"] = item.error.map { .string($0.message) }
                    return .object(result)
                }
            ),
        ]
    }
}

/// What can be done to many runs at once.
public enum BulkAction: Sendable {
    /// See ``DurableEngine/cancel(_:reason:compensate:by:)``.
    case cancel(reason: String?, compensate: Bool)
    /// See ``DurableEngine/terminate(_:reason:by:)``.
    case terminate(reason: String?)
    /// See ``DurableEngine/pause(_:reason:by:)``.
    case pause(reason: String?)
    /// See ``DurableEngine/resume(_:by:)``.
    case resume
    /// See ``DurableEngine/retry(_:tasks:by:)``; all tasks whose failure nothing handled.
    case retry

    var command: Command {
        switch self {
        case .cancel(let reason, let compensate): .cancel(reason: reason, compensate: compensate)
        case .terminate(let reason): .terminate(reason: reason)
        case .pause(let reason): .pause(reason: reason)
        case .resume: .resume
        case .retry: .retry([])
        }
    }
}

extension EngineError.Code {
    /// The HTTP status of the problem.
    public var status: Int {
        switch self {
        case .notFound: 404
        case .conflict, .leaseLost, .taskTaken, .humanTaskClosed: 409
        case .invalid, .idempotencyMismatch: 422
        case .storageFull: 507
        case .unavailable, .draining: 503
        case .corrupted: 500
        }
    }
}
