// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// Why notes cannot be read or written. Switch over ``code``; show ``message``.
public struct NoteError: Error, Sendable, Equatable {
    /// What kind of failure this is.
    public enum Code: String, Sendable {
        /// The request is wrong: ``NoteError/pointer`` says where.
        case invalid = "validation.failed"
        /// What it names is not there.
        case notFound = "not_found"
        /// It is there already, or others keep changing it.
        case conflict = "state.conflict"
        /// The session takes no work any more.
        case ended = "session.ended"
        /// A limit of size or count; the message has the limit and what was asked for.
        case tooLarge = "too_large"
        /// The store failed; ``NoteError/storage`` says how.
        case storage = "store.unavailable"
    }
    /// The kind of failure.
    public let code: Code
    /// One sentence.
    public let message: String
    /// JSON Pointer into the request; empty for all of it.
    public var pointer = ""
    /// The failure of the store.
    public var storage: StoreError?

    /// Puts an error together.
    public init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    init(_ error: StoreError) {
        (code, message, storage) = (.storage, error.message, error)
    }

    static func invalid(_ pointer: String, _ problem: String) -> Self {
        var error = Self(.invalid, "\(pointer.isEmpty ? "the request" : String(pointer.dropFirst())) \(problem)")
        error.pointer = pointer
        return error
    }

    static func tooLarge(_ what: String, _ limit: Int, _ actual: Int, unit: String) -> Self {
        Self(.tooLarge, "\(what) may have \(limit) \(unit), and would have \(actual)")
    }

    /// Compares all but the failure of the store.
    public static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.message == right.message && left.pointer == right.pointer
    }
}
