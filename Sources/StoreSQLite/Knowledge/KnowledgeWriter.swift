// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What the writer says to SQLite about documents; the statements live as long as one change.
enum KnowledgeWriter {
    /// Writes a change inside the open transaction; see ``KnowledgeChange`` for the order.
    static func write(_ change: KnowledgeChange, _ connection: borrowing Connection) throws(StoreError) {
        for row in change.sources { try write(row, connection) }
        try write(change.documents, connection)
        let byID = try Statement(connection, "SELECT key FROM knowledge_document WHERE id = ?")
        for id in change.removedDocuments {
            if let key = try byID.first(id.description, read: { $0.int64(0) }) { try remove(key, connection) }
        }
        for id in change.removedSources { try remove(id, connection) }
        try FindingRows.write(change, connection)
        try VectorRows.write(change, connection)
    }

    private static func write(_ row: SourceRow, _ connection: borrowing Connection) throws(StoreError) {
        do throws(StoreError) {
            try Statement(
                connection,
                "INSERT INTO knowledge_source(id, name, tenant, owner, project, created_at) VALUES (?, ?, ?, ?, ?, ?)"
            ).execute(
                row.id.description,
                row.name,
                row.ownership.tenant,
                row.ownership.owner,
                row.ownership.project,
                row.createdAt
            )
        } catch {
            throw error.code == .conflict ? .sourceTaken(row) : error
        }
    }

    private static func write(
        _ documents: [(row: DocumentRow, passages: [Passage])],
        _ connection: borrowing Connection
    ) throws(StoreError) {
        guard !documents.isEmpty else { return }
        let source = try Statement(connection, "SELECT key FROM knowledge_source WHERE id = ?")
        let old = try Statement(connection, "SELECT key FROM knowledge_document WHERE source = ? AND path = ?")
        let insert = try Statement(
            connection,
            """
            INSERT INTO knowledge_document(id, source, path, title, hash, bytes, passages, added_at, updated_at, author)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key
            """
        )
        let add = try Statement(
            connection,
            """
            INSERT INTO knowledge_passage(document, number, scope, heading, first_line, last_line, text, content)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        for (row, passages) in documents {
            guard let place = try source.first(row.source.description, read: { $0.int64(0) }) else {
                throw .sourceGone(row)
            }
            if let key = try old.first(place, row.path, read: { $0.int64(0) }) { try remove(key, connection) }
            let keys = try insert.rows(
                row.id.description,
                place,
                row.path,
                row.title,
                row.hash,
                row.bytes,
                row.passages,
                row.addedAt,
                row.updatedAt,
                row.author
            ) { $0.int64(0) }
            for (offset, passage) in passages.enumerated() {
                try add.execute(
                    keys[0],
                    offset + 1,
                    scope(of: place),
                    passage.heading,
                    passage.firstLine,
                    passage.lastLine,
                    passage.text,
                    passage.content.bytes
                )
            }
        }
    }

    private static func remove(_ document: Int64, _ connection: borrowing Connection) throws(StoreError) {
        try Statement(connection, "DELETE FROM knowledge_passage WHERE document = ?").execute(document)
        try Statement(connection, "DELETE FROM knowledge_document WHERE key = ?").execute(document)
    }

    private static func remove(_ source: SourceID, _ connection: borrowing Connection) throws(StoreError) {
        let byID = try Statement(connection, "SELECT key FROM knowledge_source WHERE id = ?")
        guard let key = try byID.first(source.description, read: { $0.int64(0) }) else { return }
        try Statement(
            connection,
            "DELETE FROM knowledge_passage WHERE document IN (SELECT key FROM knowledge_document WHERE source = ?)"
        ).execute(key)
        try Statement(connection, "DELETE FROM knowledge_document WHERE source = ?").execute(key)
        try Statement(connection, "DELETE FROM knowledge_source WHERE key = ?").execute(key)
    }

    /// The word that stands for a source in the index.
    static func scope(of source: Int64) -> String { "s\(source)" }
}
