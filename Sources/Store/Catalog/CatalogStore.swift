// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What is known about definitions: their names, versions, tags, and what else was kept by hash.
///
/// The rows name blobs by hash, so the blobs are stored first, and a change names only what is durable. Calls block.
public protocol CatalogStore: Sendable {
    /// Writes everything in `change` in one transaction and flushes it; either all of it is durable or none.
    ///
    /// - Throws: `conflict` when a tag was moved by somebody else, or an id or a version's number is taken; `full`, or
    ///   `failed`. Nothing was written then.
    func apply(_ change: CatalogChange) throws(StoreError)

    /// Definitions by owner and name; `owner` nil for all.
    func definitions(owner: String?) throws(StoreError) -> [DefinitionName]

    /// The artifact with that id.
    func artifact(_ id: ArtifactID) throws(StoreError) -> ArtifactRow?
    /// Artifacts, newest first.
    func artifacts(_ filter: ArtifactFilter) throws(StoreError) -> [ArtifactRow]

    /// Where a tag points to.
    func tag(owner: String, name: String) throws(StoreError) -> TagRow?
    /// Tags by owner and name. `definition` leaves only those named `DEFINITION@…`; nil stands for all.
    func tags(owner: String?, definition: String?) throws(StoreError) -> [TagRow]
    /// Every move of a tag, oldest first.
    func moves(owner: String, tag name: String) throws(StoreError) -> [TagMoveRow]
}

/// One transaction of a catalogue.
public struct CatalogChange: Sendable {
    /// Names to add; one that exists is left alone.
    public var definitions: [DefinitionName] = []
    /// Artifacts to add.
    public var artifacts: [ArtifactRow] = []
    /// Moves of tags, each numbered one above the tag's revision: that is the compare of compare-and-swap.
    public var moves: [TagMoveRow] = []

    /// An empty transaction.
    public init() {}
}

/// Which artifacts a list shows.
public struct ArtifactFilter: Sendable {
    /// Only of that owner.
    public var owner: String?
    /// Only of that name.
    public var name: String?
    /// Only this kind.
    public var kind: ArtifactKind?
    /// Only with that number.
    public var number: Int?
    /// Only with that hash of the content, `sha256:…`; quick together with an owner.
    public var hash: String?
    /// Only those with a smaller id: the next page.
    public var before: ArtifactID?
    /// At most that many.
    public var limit = 1000

    /// All artifacts, the first page.
    public init() {}
}
