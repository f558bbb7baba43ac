// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names one pattern; prefix `pat`. It says what the pattern is and whose, so the same one always has the same id.
public typealias PatternID = Identifier<PatternIDKind>

/// The kind of a ``PatternID``.
public enum PatternIDKind: IdentifierKind {
    /// `pat`.
    public static let prefix = "pat"
}
