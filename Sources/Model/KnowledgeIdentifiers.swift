// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names one source of documents; prefix `src`.
public typealias SourceID = Identifier<SourceIDKind>
/// Names one document; prefix `doc`.
public typealias DocumentID = Identifier<DocumentIDKind>

/// Names one finding of a project; prefix `fnd`.
public typealias FindingID = Identifier<FindingIDKind>

/// The kind of a ``FindingID``.
public enum FindingIDKind: IdentifierKind {
    /// `fnd`.
    public static let prefix = "fnd"
}

/// The kind of a ``SourceID``.
public enum SourceIDKind: IdentifierKind {
    /// `src`.
    public static let prefix = "src"
}

/// The kind of a ``DocumentID``.
public enum DocumentIDKind: IdentifierKind {
    /// `doc`.
    public static let prefix = "doc"
}
