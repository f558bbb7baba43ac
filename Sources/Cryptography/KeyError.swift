// Baton
// SPDX-License-Identifier: Apache-2.0

/// A key, or the file that holds it, cannot be used; message says which, why and what to do. It holds no key.
public struct KeyError: Error, Sendable, CustomStringConvertible {
    /// One or two sentences.
    public let message: String

    /// Puts an error together.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
