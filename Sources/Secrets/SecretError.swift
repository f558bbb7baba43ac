// Baton
// SPDX-License-Identifier: Apache-2.0

public import Cryptography
public import Store

/// A failure of secrets. Switch over ``code``; show ``message``, which never holds a value.
public struct SecretError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is, by the problem codes of the API.
    public enum Code: String, Sendable {
        /// There is no such secret, or no such variable or file.
        case notFound = "not_found"
        /// Another writer was faster.
        case conflict = "state.conflict"
        /// A name, a scope or a value that cannot be.
        case invalid = "validation.failed"
        /// The key that opens the secret is not there, or the secret was changed behind the store's back.
        case sealed = "secret.sealed"
        /// The store failed; see ``SecretError/storage``.
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

    /// A key file that cannot be used.
    public init(_ error: KeyError) {
        self.init(.sealed, error.message)
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}

/// Calls the store.
func stored<Value>(_ body: () throws(StoreError) -> Value) throws(SecretError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw SecretError(error)
    }
}
