// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What a reader asks SQLite about documents; the statements live as long as one question.
struct KnowledgeReader {
    private let reader: RunReader

    /// `nil` while the file has a format without documents.
    init?(_ reader: RunReader) throws(StoreError) {
        guard try reader.connection.hasTable(KnowledgeSchema.table) else { return nil }
        self.reader = reader
    }

    func source(named name: String, in tenant: String) throws(StoreError) -> SourceRow? {
        let sql = "SELECT \(Self.sourceColumns) FROM knowledge_source AS s WHERE tenant = ? AND name = ?"
        return try Statement(reader.connection, sql).first(tenant, name) { (row) throws(StoreError) in
            try Self.source(row, from: 0)
        }
    }

    func sources(of tenant: String) throws(StoreError) -> [SourceSummary] {
        let sql = """
            SELECT \(Self.sourceColumns), count(d.key), ifnull(sum(d.passages), 0), ifnull(sum(d.bytes), 0)
                FROM knowledge_source AS s LEFT JOIN knowledge_document AS d ON d.source = s.key
                WHERE s.tenant = ? GROUP BY s.key ORDER BY s.name
            """
        return try Statement(reader.connection, sql).rows(tenant) { (row) throws(StoreError) in
            SourceSummary(
                row: try Self.source(row, from: 0),
                documents: row.int(6),
                passages: row.int(7),
                bytes: row.int(8)
            )
        }
    }

    func document(_ id: DocumentID) throws(StoreError) -> DocumentRow? {
        try Statement(reader.connection, "\(Self.documents) WHERE d.id = ?").first(id.description) {
            (row) throws(StoreError) in try Self.document(row, from: 0)
        }
    }

    func document(at path: String, in source: SourceID) throws(StoreError) -> DocumentRow? {
        let sql = "\(Self.documents) WHERE s.id = ? AND d.path = ?"
        return try Statement(reader.connection, sql).first(source.description, path) { (row) throws(StoreError) in
            try Self.document(row, from: 0)
        }
    }

    func documents(in source: SourceID, after path: String?, limit: Int) throws(StoreError) -> [DocumentRow] {
        let after = path == nil ? "" : "AND d.path > ?3"
        let sql = "\(Self.documents) WHERE s.id = ?1 \(after) ORDER BY d.path LIMIT ?2"
        let statement = try Statement(reader.connection, sql)
        let read = { (row: Row) throws(StoreError) in try Self.document(row, from: 0) }
        if let path { return try statement.rows(source.description, limit, path, read: read) }
        return try statement.rows(source.description, limit, read: read)
    }

    func passages(of document: DocumentID) throws(StoreError) -> [Passage] {
        let sql = """
            SELECT \(Self.passageColumns) FROM knowledge_passage AS p
                WHERE document = (SELECT key FROM knowledge_document WHERE id = ?) ORDER BY number
            """
        return try Statement(reader.connection, sql).rows(document.description) { Self.passage($0, from: 0) }
    }

    func search(_ query: PassageQuery) throws(StoreError) -> [PassageHit] {
        let scopes = try scopes(of: query.sources)
        guard !scopes.isEmpty, !query.words.isEmpty, query.limit > 0 else { return [] }
        let match = Self.match(query.words, in: scopes)
        return try Statement(reader.connection, Self.search).rows(match, query.limit) { (row) throws(StoreError) in
            PassageHit(
                document: try Self.document(row, from: 0),
                number: row.int(10),
                passage: Self.passage(row, from: 11),
                relevance: row.double(15)
            )
        }
    }

    func nearest(_ query: VectorQuery) throws(StoreError) -> [PassageHit] {
        let found = try VectorRows.nearest(query, reader.connection)
        let passage = try Statement(reader.connection, Self.passage)
        var hits: [PassageHit] = []
        for (score, key) in found {
            let hit = try passage.first(key) { (row) throws(StoreError) in
                PassageHit(
                    document: try Self.document(row, from: 0),
                    number: row.int(10),
                    passage: Self.passage(row, from: 11),
                    relevance: Double(score)
                )
            }
            if let hit { hits.append(hit) }
        }
        return hits
    }

    private static let passage = """
        SELECT \(documentColumns), p.number, \(passageColumns) FROM knowledge_passage AS p
            JOIN knowledge_document AS d ON d.key = p.document JOIN knowledge_source AS s ON s.key = d.source
            WHERE p.key = ?
        """

    private func scopes(of sources: [SourceID]) throws(StoreError) -> [String] {
        let key = try Statement(reader.connection, "SELECT key FROM knowledge_source WHERE id = ?")
        var scopes: [String] = []
        for id in sources {
            if let found = try key.first(id.description, read: { $0.int64(0) }) {
                scopes.append(KnowledgeWriter.scope(of: found))
            }
        }
        return scopes
    }

    /// An expression of FTS5. Everything stands in quotes, so nothing in a word is read as syntax.
    static func match(_ words: [String], in scopes: [String]) -> String {
        func anyOf(_ words: [String]) -> String {
            words.map { "\"" + $0.filter { $0 != "\"" && $0 != "\0" } + "\"" }.joined(separator: " OR ")
        }
        return "scope : (\(anyOf(scopes))) AND {heading text} : (\(anyOf(words)))"
    }

    /// The best are found in the index first, and only these are read. A word of a heading counts twice.
    private static let search = """
        SELECT \(documentColumns), p.number, \(passageColumns), found.relevance FROM (
            SELECT rowid, -bm25(knowledge_word, 2.0, 1.0, 0.0) AS relevance FROM knowledge_word
                WHERE knowledge_word MATCH ?1 ORDER BY relevance DESC, rowid LIMIT ?2
        ) AS found JOIN knowledge_passage AS p ON p.key = found.rowid
            JOIN knowledge_document AS d ON d.key = p.document JOIN knowledge_source AS s ON s.key = d.source
            ORDER BY found.relevance DESC, found.rowid
        """

    private static let sourceColumns = "s.id, s.name, s.tenant, s.owner, s.project, s.created_at"
    private static let documentColumns =
        "d.id, s.id, d.path, d.title, d.hash, d.bytes, d.passages, d.added_at, d.updated_at, d.author"
    private static let passageColumns = "p.heading, p.first_line, p.last_line, p.text"
    private static let documents =
        "SELECT \(documentColumns) FROM knowledge_document AS d JOIN knowledge_source AS s ON s.key = d.source"

    private static func source(_ row: Row, from column: Int32) throws(StoreError) -> SourceRow {
        SourceRow(
            id: try row.id(column),
            name: row.text(column + 1),
            ownership: Ownership(
                tenant: row.text(column + 2),
                owner: row.optionalText(column + 3),
                project: row.optionalText(column + 4)
            ),
            createdAt: row.time(column + 5)
        )
    }

    private static func document(_ row: Row, from column: Int32) throws(StoreError) -> DocumentRow {
        DocumentRow(
            id: try row.id(column),
            source: try row.id(column + 1),
            path: row.text(column + 2),
            title: row.text(column + 3),
            hash: row.text(column + 4),
            bytes: row.int(column + 5),
            passages: row.int(column + 6),
            addedAt: row.time(column + 7),
            updatedAt: row.time(column + 8),
            author: row.text(column + 9)
        )
    }

    private static func passage(_ row: Row, from column: Int32) -> Passage {
        Passage(
            heading: row.text(column),
            firstLine: row.int(column + 1),
            lastLine: row.int(column + 2),
            text: row.text(column + 3)
        )
    }
}
