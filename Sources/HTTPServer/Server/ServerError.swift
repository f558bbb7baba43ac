// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Reactor

/// Why a server cannot start.
public struct ServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure this is. New codes may be added in any release.
    public enum Code: String, Sendable {
        /// An endpoint cannot be bound.
        case address
        /// A certificate or its key cannot be used.
        case certificate
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: what was tried and why it failed.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: SocketError) {
        self.init(.address, error.message)
    }

    /// The message.
    public var description: String { message }
}
