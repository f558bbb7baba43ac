// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names one session of agents; prefix `ses`.
public typealias SessionID = Identifier<SessionIDKind>

/// The kind of a ``SessionID``.
public enum SessionIDKind: IdentifierKind {
    /// `ses`.
    public static let prefix = "ses"
}
