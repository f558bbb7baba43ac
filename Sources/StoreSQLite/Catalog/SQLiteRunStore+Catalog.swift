// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// The catalogue lies in the same file as the runs, so that one transaction can hold both in time.
///
/// A file that an older program wrote and nobody has upgraded yet reads as an empty catalogue.
extension SQLiteRunStore: CatalogStore {
    /// Writes a change and flushes it.
    public func apply(_ change: CatalogChange) throws(StoreError) {
        try writing { (writer) throws(StoreError) in try writer.apply(change) }
    }

    /// Definitions by owner and name.
    public func definitions(owner: String?) throws(StoreError) -> [DefinitionName] {
        try reading { (catalog) throws(StoreError) in try catalog.definitions(owner: owner) } ?? []
    }

    /// The artifact with that id.
    public func artifact(_ id: ArtifactID) throws(StoreError) -> ArtifactRow? {
        try reading { (catalog) throws(StoreError) in try catalog.artifact(id) } ?? nil
    }

    /// Artifacts, newest first.
    public func artifacts(_ filter: ArtifactFilter) throws(StoreError) -> [ArtifactRow] {
        try reading { (catalog) throws(StoreError) in try catalog.artifacts(filter) } ?? []
    }

    /// Where a tag points to.
    public func tag(owner: String, name: String) throws(StoreError) -> TagRow? {
        try reading { (catalog) throws(StoreError) in try catalog.tag(owner: owner, name: name) } ?? nil
    }

    /// Tags by owner and name.
    public func tags(owner: String?, definition: String?) throws(StoreError) -> [TagRow] {
        try reading { (catalog) throws(StoreError) in try catalog.tags(owner: owner, definition: definition) } ?? []
    }

    /// Every move of a tag, oldest first.
    public func moves(owner: String, tag name: String) throws(StoreError) -> [TagMoveRow] {
        try reading { (catalog) throws(StoreError) in try catalog.moves(owner: owner, tag: name) } ?? []
    }

    private func reading<Value: Sendable>(
        _ body: @Sendable (CatalogReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.catalog().map(body) }
    }
}
