// Baton
// SPDX-License-Identifier: Apache-2.0

/// A failure of storage. Switch over ``code``; show ``message``.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is.
    public enum Code: String, Sendable {
        /// No room left; nothing was written. Maps to `storage.full` (507).
        case full
        /// Another process holds the data folder. Maps to `store.unavailable` (503).
        case locked
        /// The database or a blob does not hold what was written.
        case corrupted
        /// The database was written by a newer program.
        case newer
        /// A blob or file is not there.
        case missing
        /// Another writer took a sequence number.
        case conflict
        /// The disk or the library failed. After a commit that failed so, the process must stop.
        case failed
    }
    /// The kind of failure.
    public let code: Code
    /// What happened, to what, and what to do.
    public let message: String

    /// Puts an error together.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}
