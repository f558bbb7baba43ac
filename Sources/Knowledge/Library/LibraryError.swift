// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// A failure of a ``Library``. Switch over ``code``; show ``message``.
public struct LibraryError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is, by the problem codes of the API.
    public enum Code: String, Sendable {
        /// There is no such source or document.
        case notFound = "not_found"
        /// Another writer was faster.
        case conflict = "state.conflict"
        /// A name, a text or a question that cannot be.
        case invalid = "validation.failed"
        /// The store failed; see ``LibraryError/storage``.
        case storage = "store.unavailable"
    }
    /// What kind of failure this is.
    public let code: Code
    /// One or two sentences.
    public let message: String
    /// The failure of the store.
    public var storage: StoreError?

    /// Puts an error together.
    public init(_ code: Code, _ message: String) {
        (self.code, self.message) = (code, message)
    }

    /// A failure of the store.
    public init(_ error: StoreError) {
        code = error.code == .conflict ? .conflict : .storage
        message = error.message
        storage = error
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}

/// Calls the store.
func stored<Value>(_ body: () throws(StoreError) -> Value) throws(LibraryError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw LibraryError(error)
    }
}
