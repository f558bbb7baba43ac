// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names one user; prefix `usr`.
public typealias UserID = Identifier<UserKind>
/// Names one API key; prefix `key`.
public typealias APIKeyID = Identifier<APIKeyKind>
/// Names one family of refresh tokens, which is one login; prefix `fam`.
public typealias TokenFamilyID = Identifier<TokenFamilyKind>

/// The kind of a ``UserID``.
public enum UserKind: IdentifierKind {
    /// `usr`.
    public static let prefix = "usr"
}

/// The kind of an ``APIKeyID``.
public enum APIKeyKind: IdentifierKind {
    /// `key`.
    public static let prefix = "key"
}

/// The kind of a ``TokenFamilyID``.
public enum TokenFamilyKind: IdentifierKind {
    /// `fam`.
    public static let prefix = "fam"
}
