// Baton
// SPDX-License-Identifier: Apache-2.0

/// What became of an attempt to deliver a message.
public enum DeliveryOutcome: Sendable, Equatable {
    /// The other side took it.
    case delivered
    /// It does not take this message; it may take others.
    case refused(String)
    /// It takes nothing now.
    case unavailable(String, retryAfter: Duration? = nil)
    /// It says that it wants nothing any more.
    case gone(String)

    /// What a status means.
    ///
    /// What says something of the message itself is a refusal. Everything else, wrong paths and credentials included, holds
    /// for every message, so the next ones wait in order until somebody mends it.
    public init(status: Int, retryAfter: Duration? = nil) {
        let text = "the receiver answered \(status)"
        switch status {
        case 200..<300: self = .delivered
        case 400, 406, 409, 411, 413, 414, 415, 422, 431: self = .refused(text)
        case 410: self = .gone(text)
        default: self = .unavailable(text, retryAfter: retryAfter)
        }
    }

    /// Why it was not delivered, in one sentence.
    public var failure: String? {
        switch self {
        case .delivered: nil
        case .refused(let text), .unavailable(let text, _), .gone(let text): text
        }
    }
}
