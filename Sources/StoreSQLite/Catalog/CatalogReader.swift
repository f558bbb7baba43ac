// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What readers ask SQLite about the catalogue; prepared when it is first needed.
struct CatalogReader {
    private let definitions, artifact, artifacts, artifactsOfName, artifactsOfHash, ownedArtifactsOfHash, tag, tags,
        moves: Statement

    static let ownedArtifactsOfHash = """
        SELECT * FROM artifact WHERE owner = ?1 AND hash = ?7 AND (?2 IS NULL OR name = ?2)
            AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR number = ?4) AND (?5 IS NULL OR id < ?5)
            ORDER BY id DESC LIMIT ?6
        """

    init(_ connection: borrowing Connection) throws(StoreError) {
        definitions = try Statement(
            connection,
            "SELECT * FROM definition_name WHERE ?1 IS NULL OR owner = ?1 ORDER BY owner, name"
        )
        artifact = try Statement(connection, "SELECT * FROM artifact WHERE id = ?")
        artifacts = try Statement(
            connection,
            """
            SELECT * FROM artifact WHERE (?1 IS NULL OR owner = ?1) AND (?2 IS NULL OR name = ?2)
                AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR number = ?4) AND (?5 IS NULL OR id < ?5)
                ORDER BY id DESC LIMIT ?6
            """
        )
        artifactsOfName = try Statement(
            connection,
            """
            SELECT * FROM artifact WHERE owner = ?1 AND name = ?2 AND (?3 IS NULL OR kind = ?3)
                AND (?4 IS NULL OR number = ?4) AND (?5 IS NULL OR id < ?5) ORDER BY id DESC LIMIT ?6
            """
        )
        artifactsOfHash = try Statement(
            connection,
            """
            SELECT * FROM artifact WHERE (?1 IS NULL OR owner = ?1) AND hash = ?7 AND (?2 IS NULL OR name = ?2)
                AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR number = ?4) AND (?5 IS NULL OR id < ?5)
                ORDER BY id DESC LIMIT ?6
            """
        )
        ownedArtifactsOfHash = try Statement(connection, Self.ownedArtifactsOfHash)
        tag = try Statement(connection, "SELECT * FROM tag WHERE owner = ? AND name = ?")
        tags = try Statement(
            connection,
            // The names that begin with `DEFINITION@` lie before `DEFINITIONA`, the next letter.
            """
            SELECT * FROM tag WHERE (?1 IS NULL OR owner = ?1)
                AND (?2 IS NULL OR name >= ?2 || '@' AND name < ?2 || 'A') ORDER BY owner, name
            """
        )
        moves = try Statement(connection, "SELECT * FROM tag_move WHERE owner = ? AND name = ? ORDER BY number")
    }

    func definitions(owner: String?) throws(StoreError) -> [DefinitionName] {
        try definitions.rows(owner) { row in
            DefinitionName(owner: row.text(0), name: row.text(1), kind: row.text(2), createdAt: row.time(3))
        }
    }

    func artifact(_ id: ArtifactID) throws(StoreError) -> ArtifactRow? {
        try artifact.first(id.description, read: ArtifactRow.init(row:))
    }

    func artifacts(_ filter: ArtifactFilter) throws(StoreError) -> [ArtifactRow] {
        if let hash = filter.hash {
            let statement = filter.owner == nil ? artifactsOfHash : ownedArtifactsOfHash
            return try statement.rows(
                filter.owner,
                filter.name,
                filter.kind?.rawValue,
                filter.number,
                filter.before?.description,
                filter.limit,
                hash,
                read: ArtifactRow.init(row:)
            )
        }
        // With both, an index leads to the rows.
        let statement = filter.owner != nil && filter.name != nil ? artifactsOfName : artifacts
        return try statement.rows(
            filter.owner,
            filter.name,
            filter.kind?.rawValue,
            filter.number,
            filter.before?.description,
            filter.limit,
            read: ArtifactRow.init(row:)
        )
    }

    func tag(owner: String, name: String) throws(StoreError) -> TagRow? {
        try tag.first(owner, name, read: TagRow.init(row:))
    }

    func tags(owner: String?, definition: String?) throws(StoreError) -> [TagRow] {
        try tags.rows(owner, definition, read: TagRow.init(row:))
    }

    func moves(owner: String, tag name: String) throws(StoreError) -> [TagMoveRow] {
        try moves.rows(owner, name, read: TagMoveRow.init(row:))
    }
}
