// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a program did not start.
public struct ProgramError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure this is.
    public enum Code: Sendable {
        /// There is no such program, or it may not be run.
        case notFound
        /// The system could not start it.
        case notStarted
        /// The caller cancelled before it started.
        case cancelled
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence for people.
    public let description: String
}
