// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition

/// A refusal or failure reported by the engine. Switch over ``code``; show ``message``.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure this is; the raw value is the problem code of spec 10.8.
    public enum Code: String, Sendable {
        /// No run, request or definition of that name. 404.
        case notFound = "not_found"
        /// The status does not allow it. 409.
        case conflict = "state.conflict"
        /// The attempt is not the current one any more: stop without writing a result. 409.
        case leaseLost = "lease.lost"
        /// Somebody else has claimed the task. 409.
        case taskTaken = "task.taken"
        /// Somebody else answered, or time did. 409.
        case humanTaskClosed = "human_task.closed"
        /// Inputs or arguments do not fit. 422.
        case invalid = "validation.failed"
        /// The idempotency key was used for another request. 422.
        case idempotencyMismatch = "idempotency.mismatch"
        /// The disk is full; nothing was written. 507.
        case storageFull = "storage.full"
        /// The store cannot be used now. 503.
        case unavailable = "store.unavailable"
        /// The engine is stopping, or has too much to do. 503.
        case draining
        /// What is stored cannot be read back. 500.
        case corrupted = "internal"
    }
    /// The kind of failure.
    public let code: Code
    /// One sentence with the ids involved and no secrets.
    public let message: String
    /// For `invalid`: what is wrong with which part of what was given.
    public let violations: [InputViolation]

    /// Puts an error together.
    public init(_ code: Code, _ message: String, violations: [InputViolation] = []) {
        self.code = code
        self.message = message
        self.violations = violations
    }

    /// Code and message, and a line for each violation.
    public var description: String {
        (["\(code.rawValue): \(message)"] + violations.map(\.description)).joined(separator: "\n  ")
    }
}
