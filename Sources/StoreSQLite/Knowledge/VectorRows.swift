// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The table of vectors, and what SQLite is asked and told about it.
enum VectorRows {
    /// Tells whether a file has it.
    static let table = "knowledge_vector"

    /// Passages know the hash of their text from now on; those of older files get it when vectors are written. The first
    /// index holds all that a search for near passages needs of them.
    static let step = """
        CREATE TABLE knowledge_vector(
            key INTEGER PRIMARY KEY, kind TEXT NOT NULL, model TEXT NOT NULL, content BLOB NOT NULL, vector BLOB NOT NULL,
            added_at INTEGER NOT NULL, UNIQUE(model, content)
        ) STRICT;
        ALTER TABLE knowledge_passage ADD COLUMN content BLOB;
        CREATE INDEX knowledge_passage_content ON knowledge_passage(document, content);
        CREATE INDEX knowledge_passage_plain ON knowledge_passage(key) WHERE content IS NULL;

        """

    /// Passages of older files that get their hash in one transaction.
    private static let catchUp = 2000

    // MARK: Writing

    static func write(_ change: KnowledgeChange, _ connection: borrowing Connection) throws(StoreError) {
        if !change.vectors.isEmpty { try hashPassages(connection) }
        let add = change.vectors.isEmpty ? nil : try Statement(connection, insertion)
        for row in change.vectors {
            try add?.execute(
                row.kind.rawValue,
                row.model,
                row.content.bytes,
                FloatBytes.bytes(row.vector),
                row.addedAt
            )
        }
        guard let pruning = change.pruning else { return }
        try Statement(connection, removal).execute(pruning.model, pruning.before)
    }

    private static let insertion = """
        INSERT INTO knowledge_vector(kind, model, content, vector, added_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT(model, content) DO NOTHING
        """

    private static let removal = """
        DELETE FROM knowledge_vector WHERE added_at < ?2 AND (model <> ?1 OR kind = 'question' OR kind = 'passage'
            AND content NOT IN (SELECT content FROM knowledge_passage WHERE content IS NOT NULL))
        """

    private static func hashPassages(_ connection: borrowing Connection) throws(StoreError) {
        let sql = "SELECT key, heading, text FROM knowledge_passage WHERE content IS NULL ORDER BY key LIMIT ?"
        let plain = try Statement(connection, sql).rows(catchUp) { row in
            (row.int64(0), Passage(heading: row.text(1), firstLine: 0, lastLine: 0, text: row.text(2)).content)
        }
        guard !plain.isEmpty else { return }
        let set = try Statement(connection, "UPDATE knowledge_passage SET content = ? WHERE key = ?")
        for (key, content) in plain { try set.execute(content.bytes, key) }
    }

    // MARK: Reading

    static func vectors(
        of contents: [ContentHash],
        model: String,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [ContentHash: [Float]] {
        guard try connection.hasTable(table) else { return [:] }
        let find = try Statement(connection, "SELECT vector FROM knowledge_vector WHERE model = ? AND content = ?")
        var found: [ContentHash: [Float]] = [:]
        for content in contents {
            found[content] = try find.first(model, content.bytes) { FloatBytes.numbers($0.bytes(0)) }
        }
        return found
    }

    static func hasPassages(of model: String, _ connection: borrowing Connection) throws(StoreError) -> Bool {
        guard try connection.hasTable(table) else { return false }
        let sql = "SELECT 1 FROM knowledge_vector WHERE model = ? AND kind = 'passage' LIMIT 1"
        return try Statement(connection, sql).first(model) { _ in true } ?? false
    }

    static func unembedded(
        by model: String,
        in source: SourceID,
        after place: Int64,
        limit: Int,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [UnembeddedPassage] {
        guard try connection.hasTable(table) else { return [] }
        let sql = """
            SELECT key, heading, text FROM knowledge_passage AS p WHERE key > ?1 AND scope = ?2 AND (content IS NULL
                OR NOT EXISTS (SELECT 1 FROM knowledge_vector AS v WHERE v.model = ?3 AND v.content = p.content))
                ORDER BY key LIMIT ?4
            """
        guard let key = try Self.key(of: source, connection) else { return [] }
        let find = try Statement(connection, sql)
        return try find.rows(place, KnowledgeWriter.scope(of: key), model, limit) { row in
            let passage = Passage(heading: row.text(1), firstLine: 0, lastLine: 0, text: row.text(2))
            return UnembeddedPassage(place: row.int64(0), text: passage.embeddedText)
        }
    }

    /// Keys of passages with their cosine, the nearest first. The vectors are looked at where SQLite has them.
    static func nearest(
        _ query: VectorQuery,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [(score: Float, key: Int64)] {
        guard try connection.hasTable(table), query.limit > 0 else { return [] }
        let find = try Statement(connection, search)
        var list = NearestList<Int64>(limit: query.limit)
        for source in query.sources {
            guard let key = try Self.key(of: source, connection) else { continue }
            _ = try find.rows(key, query.model) { row in
                row.withBytes(1) { list.add(VectorProduct.dot(query.vector, $0), row.int64(0)) }
            }
        }
        return list.best.map { ($0.score, $0.thing) }
    }

    private static let search = """
        SELECT p.key, v.vector FROM knowledge_document AS d
            CROSS JOIN knowledge_passage AS p INDEXED BY knowledge_passage_content ON p.document = d.key
            CROSS JOIN knowledge_vector AS v ON v.model = ?2 AND v.content = p.content WHERE d.source = ?1
        """

    private static func key(
        of source: SourceID,
        _ connection: borrowing Connection
    ) throws(StoreError) -> Int64? {
        let find = try Statement(connection, "SELECT key FROM knowledge_source WHERE id = ?")
        return try find.first(source.description) { $0.int64(0) }
    }
}
