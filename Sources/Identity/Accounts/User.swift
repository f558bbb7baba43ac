// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
internal import Store

/// One account, without what must stay secret.
public struct User: Sendable, Equatable {
    /// The id.
    public let id: UserID
    /// The tenant.
    public let tenant: String
    /// In lower case.
    public let email: String
    /// What people call the user.
    public let name: String
    /// What the user may do.
    public let role: Role
    /// Whether the user is kept out.
    public let isDisabled: Bool
    /// Whether the user can log in with a password.
    public let hasPassword: Bool
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was changed last.
    public let updatedAt: Timestamp
    /// Rises with every change; for `ETag`.
    public let revision: Int

    init(_ row: UserRow) {
        (id, tenant, email, name, role) = (row.id, row.tenant, row.email, row.name, row.role)
        (isDisabled, hasPassword) = (row.isDisabled, row.password != nil)
        (createdAt, updatedAt, revision) = (row.createdAt, row.updatedAt, row.revision)
    }
}

/// What is to be changed of a user; `nil` leaves a field alone.
public struct UserPatch: Sendable {
    /// What people call the user.
    public var name: String?
    /// What the user may do.
    public var role: Role?
    /// Whether the user is kept out. Disabling ends all logins.
    public var isDisabled: Bool?
    /// A new password. It ends all logins.
    public var password: String?
    /// The revision that the change was made for; another one is a conflict.
    public var revision: Int?

    /// Nothing.
    public init() {}
}

/// Checks of what people type.
enum AccountRules {
    static let passwordLengths = 12...1024

    /// The stored form of an address.
    static func email(_ text: String) throws(IdentityError) -> String {
        let email = text.lowercased()
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        let isPrintable = email.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7f && !$0.properties.isWhitespace
        }
        guard email.utf8.count <= 254, isPrintable, parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw IdentityError(.invalid, "`email` is no address: NAME@HOST of at most 254 bytes.")
        }
        return email
    }

    static func name(_ text: String) throws(IdentityError) -> String {
        let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        guard (1...200).contains(text.utf8.count), isPrintable else {
            throw IdentityError(.invalid, "`name` has 1 to 200 bytes, all printable.")
        }
        return text
    }

    static func check(password: String, email: String) throws(IdentityError) {
        let count = password.unicodeScalars.count
        guard passwordLengths.contains(count), password.utf8.count <= 4096 else {
            throw IdentityError(
                .invalid,
                "`password` has \(passwordLengths.lowerBound) to \(passwordLengths.upperBound) characters, not \(count)."
            )
        }
        guard password.lowercased() != email else {
            throw IdentityError(.invalid, "`password` must not be the address.")
        }
        guard Set(password.unicodeScalars).count >= 4 else {
            throw IdentityError(.invalid, "`password` needs at least 4 different characters.")
        }
    }
}
