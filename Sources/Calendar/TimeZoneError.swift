// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why there are no rules of a time zone.
public struct TimeZoneError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure this is.
    public enum Code: Sendable {
        /// There is no zone of that name, or the system's time zones are not installed.
        case unknown
        /// The system's file of the zone cannot be read.
        case damaged
    }

    /// What kind of failure this is.
    public let code: Code
    /// One sentence with what to do.
    public let message: String

    /// The message.
    public var description: String { message }
}
