// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Why an attempt or a task failed. This is data of the run, seen by people and by expressions as
/// `nodes.ID.error`.
public struct TaskError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable code such as `tool.failed` (spec 10.8).
    public var code: String
    /// Decides about retries.
    public var errorClass: ErrorClass
    /// One sentence for people; no secrets.
    public var message: String
    /// Facts for programs, such as an exit code or a status; at most 64 KiB as JSON.
    public var details: JSONValue?
    /// The other side asked to be left alone that long; wins over the computed back-off.
    public var retryAfter: Duration?

    /// Puts an error together.
    public init(
        code: String,
        errorClass: ErrorClass,
        message: String,
        details: JSONValue? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.errorClass = errorClass
        self.message = message
        self.details = details
        self.retryAfter = retryAfter
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
