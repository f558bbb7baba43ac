// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What readers ask SQLite about notes.
enum NoteReader {
    static func answer(to request: String, _ connection: borrowing Connection) throws(StoreError) -> NoteAnswerRow? {
        try Statement(connection, "SELECT * FROM note_answer WHERE request = ?").first(request) { row in
            NoteAnswerRow(request: row.text(0), answer: row.bytes(1), at: row.time(2))
        }
    }

    static func memory(_ key: MemoryRow.Key, _ connection: borrowing Connection) throws(StoreError) -> MemoryRow? {
        guard let id = try NoteWriter.id(of: key.place, connection) else { return nil }
        return try Statement(connection, "SELECT \(memoryColumns) FROM memory WHERE place = ? AND key = ?")
            .first(id, key.key) { row throws(StoreError) in try MemoryRow(row, in: key.place) }
    }

    static func memories(_ filter: MemoryFilter, _ connection: borrowing Connection) throws(StoreError) -> [MemoryRow] {
        guard let id = try NoteWriter.id(of: filter.place, connection) else { return [] }
        let isSearch = !filter.words.isEmpty
        let found = "AND id IN (SELECT rowid FROM memory_words WHERE memory_words MATCH ?5)"
        return try Statement(
            connection,
            """
            SELECT \(memoryColumns) FROM memory WHERE place = ?1 AND (expires_at IS NULL OR expires_at > ?2)
                AND (?3 IS NULL OR key > ?3) \(isSearch ? found : "AND ?5 IS NULL") ORDER BY key LIMIT ?4
            """
        ).rows(id, filter.time, filter.after, filter.limit, isSearch ? match(filter.words, in: id) : nil) {
            row throws(StoreError) in try MemoryRow(row, in: filter.place)
        }
    }

    /// Words have no quotes in them; of each the beginning is enough.
    private static func match(_ words: [String], in place: Int) -> String {
        let some = words.map { "\"\($0.filter { $0 != "\"" })\" *" }.joined(separator: " OR ")
        return "place : \"\(place)\" AND words : (\(some))"
    }

    static func context(_ key: ContextRow.Key, _ connection: borrowing Connection) throws(StoreError) -> ContextRow? {
        guard let id = try NoteWriter.id(of: key.place, connection) else { return nil }
        return try Statement(connection, "SELECT * FROM context WHERE place = ? AND name = ?")
            .first(id, key.name) { row in ContextRow(row, in: key.place) }
    }

    static func contexts(
        in place: NotePlace,
        at time: Timestamp,
        after name: String?,
        limit: Int,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [ContextRow] {
        guard let id = try NoteWriter.id(of: place, connection) else { return [] }
        return try Statement(
            connection,
            """
            SELECT * FROM context WHERE place = ?1 AND (expires_at IS NULL OR expires_at > ?2)
                AND (?3 IS NULL OR name > ?3) ORDER BY name LIMIT ?4
            """
        ).rows(id, time, name, limit) { row in ContextRow(row, in: place) }
    }

    static func thoughts(
        in place: NotePlace,
        after number: Int,
        limit: Int,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [ThoughtRow] {
        guard let id = try NoteWriter.id(of: place, connection) else { return [] }
        return try Statement(
            connection,
            "SELECT * FROM thought WHERE place = ? AND number > ? ORDER BY number LIMIT ?"
        ).rows(id, number, limit) { row throws(StoreError) in try ThoughtRow(row, in: place) }
    }

    static func lastThought(
        in place: NotePlace,
        branch: String?,
        _ connection: borrowing Connection
    ) throws(StoreError) -> ThoughtRow? {
        guard let id = try NoteWriter.id(of: place, connection) else { return nil }
        guard let branch else {
            return try Statement(connection, "SELECT * FROM thought WHERE place = ? ORDER BY number DESC LIMIT 1")
                .first(id) { row throws(StoreError) in try ThoughtRow(row, in: place) }
        }
        return try Statement(
            connection,
            "SELECT * FROM thought WHERE place = ? AND branch = ? ORDER BY number DESC LIMIT 1"
        ).first(id, branch) { row throws(StoreError) in try ThoughtRow(row, in: place) }
    }

    static func size(
        of place: NotePlace,
        at time: Timestamp,
        _ connection: borrowing Connection
    ) throws(StoreError) -> NoteSize {
        var size = NoteSize()
        guard let id = try NoteWriter.id(of: place, connection) else { return size }
        let open = "place = ? AND (expires_at IS NULL OR expires_at > ?)"
        let memories = "SELECT count(*), total(length(CAST(key AS BLOB)) + length(value)) FROM memory WHERE \(open)"
        let held = try Statement(connection, memories).first(id, time) { ($0.int(0), $0.int(1)) }
        (size.memories, size.memoryBytes) = held ?? (0, 0)
        let contexts = "SELECT count(*), total(length(value)) FROM context WHERE \(open)"
        let saved = try Statement(connection, contexts).first(id, time) { ($0.int(0), $0.int(1)) }
        (size.contexts, size.contextBytes) = saved ?? (0, 0)
        let thoughts = try Statement(connection, "SELECT count(*) FROM thought WHERE place = ?")
        size.thoughts = try thoughts.first(id) { $0.int(0) } ?? 0
        return size
    }

    static func count(_ expiry: NoteExpiry, _ connection: borrowing Connection) throws(StoreError) -> Int {
        let (table, time) = NoteWriter.columns(of: expiry.kind)
        return try Statement(
            connection,
            "SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE \(time) < ? LIMIT ?)"
        ).first(expiry.before, expiry.limit) { $0.int(0) } ?? 0
    }

    private static let memoryColumns =
        "key, value, tags, words, author, created_at, updated_at, expires_at, revision"
}

extension MemoryRow {
    fileprivate init(_ row: Row, in place: NotePlace) throws(StoreError) {
        self.init(
            key: Key(place, row.text(0)),
            value: row.bytes(1),
            tags: try TextList.read(row.text(2)),
            words: row.text(3),
            author: row.text(4),
            at: row.time(6),
            expiresAt: row.optionalTime(7)
        )
        createdAt = row.time(5)
        revision = row.int(8)
    }
}

extension ContextRow {
    /// Columns are read in the order in which NoteSchema declares them.
    fileprivate init(_ row: Row, in place: NotePlace) {
        self.init(
            key: Key(place, row.text(1)),
            value: row.bytes(2),
            author: row.text(3),
            at: row.time(5),
            expiresAt: row.optionalTime(6)
        )
        createdAt = row.time(4)
        revision = row.int(7)
    }
}

extension ThoughtRow {
    fileprivate init(_ row: Row, in place: NotePlace) throws(StoreError) {
        self.init(
            place: place,
            number: row.int(1),
            branch: row.text(2),
            parent: row.isNull(3) ? nil : row.int(3),
            kind: try row.name(5),
            text: row.text(6),
            author: row.text(10),
            at: row.time(11)
        )
        about = row.isNull(4) ? nil : row.int(4)
        steps = try TextList.read(row.text(7))
        confidence = row.isNull(8) ? nil : row.int(8)
        style = row.optionalText(9)
    }
}
