// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Bytes that somebody keeps: files by name, and blobs by hash.
extension DefinitionCatalog {
    /// Keeps a blob, which is durable already, as a file.
    ///
    /// - Parameter name: Not empty; several files may have it.
    public func keep(
        _ blob: BlobRef,
        name: String,
        mediaType: String,
        by actor: CatalogActor
    ) throws(CatalogError) -> ArtifactRow {
        let time = now()
        var row = ArtifactRow(
            id: makeID(at: time),
            kind: .file,
            owner: actor.owner,
            name: name,
            hash: "sha256:\(blob.hash)",
            blob: blob,
            mediaType: mediaType,
            creator: actor.name,
            createdAt: time
        )
        row.note = actor.reason
        var change = CatalogChange()
        change.artifacts = [row]
        try apply(change)
        return row
    }

    /// Files, newest first.
    ///
    /// - Parameters:
    ///   - owner: Whose; `nil` for everybody's.
    ///   - hash: Only those with these bytes: 64 hexadecimal digits.
    ///   - before: Only older ones: the next page.
    public func files(
        owner: String?,
        name: String? = nil,
        hash: String? = nil,
        before: ArtifactID? = nil,
        limit: Int
    ) throws(CatalogError) -> [ArtifactRow] {
        var filter = ArtifactFilter()
        (filter.owner, filter.name, filter.kind, filter.before) = (owner, name, .file, before)
        (filter.hash, filter.limit) = (hash.map { "sha256:\($0)" }, limit)
        let wanted = filter
        return try storage { () throws(StoreError) in try store.artifacts(wanted) }
    }

    /// A file.
    ///
    /// - Throws: `notFound`, also for what is no file.
    public func file(_ id: ArtifactID) throws(CatalogError) -> ArtifactRow {
        let row = try artifact(id)
        guard row.kind == .file else { throw CatalogError(.notFound, "there is no file `\(id)`") }
        return row
    }
}
