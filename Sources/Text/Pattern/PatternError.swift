// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a text is no pattern.
public struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure this is.
    public enum Code: Sendable {
        /// The text does not follow the syntax, or asks for something that takes more than linear time.
        case syntax
        /// The pattern, its nesting or its repetitions are larger than allowed.
        case limit
    }

    /// What kind of failure this is.
    public let code: Code
    /// One sentence for the author of the pattern; names the character at which reading stopped, if there is one.
    public let message: String

    /// The message.
    public var description: String { message }

    static func limit(_ message: String) -> Self { Self(code: .limit, message: message) }
}
