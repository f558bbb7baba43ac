// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a socket cannot be had.
public struct SocketError: Error, Sendable, CustomStringConvertible {
    /// The number of the system (`errno`), 0 when it is not the system that refused.
    public let number: Int32
    /// One sentence: what was tried and why it failed.
    public let message: String

    /// A failure of the system.
    ///
    /// - Parameter action: What was tried, to follow "cannot".
    public init(_ action: String, _ number: Int32) {
        self.number = number
        message = "cannot \(action): \(String(cString: strerror(number)))"
    }

    /// A failure of another kind.
    public init(_ message: String) {
        number = 0
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
