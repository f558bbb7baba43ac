// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// A failure of accounts, logins and permissions. Switch over ``code``; show ``message``.
public struct IdentityError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is, by the problem codes of the API.
    public enum Code: String, Sendable {
        /// Nothing valid says who asks: 401.
        case required = "auth.required"
        /// Too many logins failed: 423. See ``IdentityError/retryAfter``.
        case locked = "auth.locked"
        /// The principal may not do that: 403.
        case denied = "permission.denied"
        /// There is no such thing, or the principal may not know of it: 404.
        case notFound = "not_found"
        /// The state does not allow it, or an address is taken: 409.
        case conflict = "state.conflict"
        /// A field has a value that it cannot have: 422.
        case invalid = "validation.failed"
        /// The store failed; see ``IdentityError/storage``.
        case storage = "store.unavailable"
    }
    /// What kind of failure this is.
    public let code: Code
    /// One sentence in plain English, without secrets.
    public let message: String
    /// After which time another try is worth it.
    public var retryAfter: Duration?
    /// The failure of the store.
    public var storage: StoreError?

    /// Puts an error together.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
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
func stored<Value>(_ body: () throws(StoreError) -> Value) throws(IdentityError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw IdentityError(error)
    }
}
