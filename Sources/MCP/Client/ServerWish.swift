// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// What a client answers to what servers say on their own.
public enum ServerWish: Sendable, Equatable {
    /// Send that message.
    case reply(RPCMessage)
    /// The list of tools is no longer what it was.
    case toolsChanged
    /// Nothing.
    case none

    /// - Parameter message: One that is no answer.
    public init(_ message: RPCMessage) {
        switch message {
        case .request(let id, "ping", _): self = .reply(.answer(id: id, .result([:])))
        case .request(let id, let method, _):
            let error = RPCError(code: RPCError.methodNotFound, message: "`\(method)` is not offered by this client")
            self = .reply(.answer(id: id, .error(error)))
        case .notification("notifications/tools/list_changed", _): self = .toolsChanged
        case .notification, .answer: self = .none
        }
    }

    /// Says that a session begins.
    public static let initialized = RPCMessage.notification(method: "notifications/initialized", params: [:])

    /// Says that the answer to a request is not wanted any more.
    public static func cancelled(_ id: Int64, _ reason: String) -> RPCMessage {
        .notification(
            method: "notifications/cancelled",
            params: ["requestId": .int(id), "reason": .string(reason)]
        )
    }
}
