// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What the writer says to SQLite about the catalogue; prepared when it is first needed.
struct CatalogWriter {
    private let definition, artifact, revision, move, tag: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        definition = try Statement(
            connection,
            "INSERT INTO definition_name VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        artifact = try Statement(
            connection,
            "INSERT INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        revision = try Statement(connection, "SELECT revision FROM tag WHERE owner = ? AND name = ?")
        move = try Statement(connection, "INSERT INTO tag_move VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        tag = try Statement(connection, "INSERT OR REPLACE INTO tag VALUES (?, ?, ?, ?, ?, ?)")
    }

    /// Writes a change inside the open transaction.
    func write(_ change: CatalogChange) throws(StoreError) {
        for row in change.definitions { try definition.execute(row.owner, row.name, row.kind, row.createdAt) }
        for row in change.artifacts { try write(row) }
        for row in change.moves { try write(row) }
    }

    private func write(_ row: ArtifactRow) throws(StoreError) {
        do throws(StoreError) {
            try artifact.execute(
                row.id.description,
                row.kind.rawValue,
                row.owner,
                row.name,
                row.number,
                row.hash,
                row.blob.hash,
                row.blob.size,
                row.mediaType,
                row.source?.hash,
                row.source?.size,
                row.graph?.hash,
                row.graph?.size,
                row.base?.description,
                row.previous?.description,
                row.depth,
                row.compactedFrom?.description,
                row.creator,
                row.createdAt,
                row.note
            )
        } catch {
            throw error.code == .conflict ? .artifactTaken(row) : error
        }
    }

    private func write(_ row: TagMoveRow) throws(StoreError) {
        let last = try revision.first(row.owner, row.name) { $0.int(0) } ?? 0
        guard row.number == last + 1 else { throw .tagMoved(row) }
        try move.execute(
            row.owner,
            row.name,
            row.number,
            row.kind.rawValue,
            row.from?.artifact.description,
            row.from?.hash,
            row.to.artifact.description,
            row.to.hash,
            row.actor,
            row.at,
            row.reason
        )
        try tag.execute(row.owner, row.name, row.to.artifact.description, row.to.hash, row.number, row.at)
    }
}
