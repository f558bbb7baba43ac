// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What the writer says to SQLite about notes.
enum NoteWriter {
    /// Writes a change inside the open transaction; see ``NoteChange`` for the order.
    static func write(_ change: NoteChange, _ connection: borrowing Connection) throws(StoreError) {
        for place in change.removedPlaces { try remove(place, connection) }
        for row in change.memories { try write(row, connection) }
        for key in change.removedMemories {
            guard let place = try id(of: key.place, connection) else { continue }
            try Statement(connection, "DELETE FROM memory WHERE place = ? AND key = ?").execute(place, key.key)
        }
        for row in change.contexts { try write(row, connection) }
        for key in change.removedContexts {
            guard let place = try id(of: key.place, connection) else { continue }
            try Statement(connection, "DELETE FROM context WHERE place = ? AND name = ?").execute(place, key.name)
        }
        for row in change.thoughts { try write(row, connection) }
        if let row = change.answer { try write(row, connection) }
        for expiry in change.expiries { try remove(expiry, connection) }
    }

    // MARK: Places

    static func id(of place: NotePlace, _ connection: borrowing Connection) throws(StoreError) -> Int? {
        try Statement(
            connection,
            "SELECT id FROM note_place WHERE tenant = ? AND scope = ? AND holder = ? AND owner = ?"
        ).first(place.tenant, place.scope.rawValue, place.holder, place.owner) { $0.int(0) }
    }

    /// The number of a place, which it gets when something is put there first.
    private static func made(_ place: NotePlace, _ connection: borrowing Connection) throws(StoreError) -> Int {
        try Statement(
            connection,
            "INSERT INTO note_place(tenant, scope, holder, owner) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        ).execute(place.tenant, place.scope.rawValue, place.holder, place.owner)
        return try id(of: place, connection) ?? 0
    }

    private static func remove(_ place: NotePlace, _ connection: borrowing Connection) throws(StoreError) {
        guard let id = try id(of: place, connection) else { return }
        for table in ["memory", "context", "thought"] {
            try Statement(connection, "DELETE FROM \(table) WHERE place = ?").execute(id)
        }
        try Statement(connection, "DELETE FROM note_place WHERE id = ?").execute(id)
    }

    // MARK: Rows

    private static func write(_ row: MemoryRow, _ connection: borrowing Connection) throws(StoreError) {
        let place = try made(row.key.place, connection)
        let stored = try Statement(connection, "SELECT revision FROM memory WHERE place = ? AND key = ?")
        let revision = try stored.first(place, row.key.key) { $0.int(0) } ?? 0
        guard row.revision == revision + 1 else { throw .noteTaken("entry `\(row.key.key)`") }
        // Not `REPLACE`, which removes without telling the triggers.
        try Statement(
            connection,
            """
            INSERT INTO memory(place, key, value, tags, words, author, created_at, updated_at, expires_at, revision)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT(place, key) DO UPDATE SET value = excluded.value, tags = excluded.tags,
                words = excluded.words, author = excluded.author, created_at = excluded.created_at,
                updated_at = excluded.updated_at, expires_at = excluded.expires_at, revision = excluded.revision
            """
        ).execute(
            place,
            row.key.key,
            row.value,
            TextList.text(row.tags),
            row.words,
            row.author,
            row.createdAt,
            row.updatedAt,
            row.expiresAt,
            row.revision
        )
    }

    private static func write(_ row: ContextRow, _ connection: borrowing Connection) throws(StoreError) {
        let place = try made(row.key.place, connection)
        let stored = try Statement(connection, "SELECT revision FROM context WHERE place = ? AND name = ?")
        let revision = try stored.first(place, row.key.name) { $0.int(0) } ?? 0
        guard row.revision == revision + 1 else { throw .noteTaken("context `\(row.key.name)`") }
        try Statement(connection, "INSERT OR REPLACE INTO context VALUES (?, ?, ?, ?, ?, ?, ?, ?)").execute(
            place,
            row.key.name,
            row.value,
            row.author,
            row.createdAt,
            row.updatedAt,
            row.expiresAt,
            row.revision
        )
    }

    private static func write(_ row: ThoughtRow, _ connection: borrowing Connection) throws(StoreError) {
        let place = try made(row.place, connection)
        let last = try Statement(connection, "SELECT max(number) FROM thought WHERE place = ?")
        let number = try last.first(place) { $0.int(0) } ?? 0
        guard row.number == number + 1 else { throw .noteTaken("chain of thoughts") }
        try Statement(connection, "INSERT INTO thought VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").execute(
            place,
            row.number,
            row.branch,
            row.parent,
            row.about,
            row.kind.rawValue,
            row.text,
            TextList.text(row.steps),
            row.confidence,
            row.style,
            row.author,
            row.at
        )
    }

    private static func write(_ row: NoteAnswerRow, _ connection: borrowing Connection) throws(StoreError) {
        let stored = try Statement(connection, "SELECT 1 FROM note_answer WHERE request = ?")
        guard try stored.first(row.request, read: { _ in true }) == nil else {
            throw .noteTaken("request `\(row.request)`")
        }
        try Statement(connection, "INSERT INTO note_answer VALUES (?, ?, ?)").execute(row.request, row.answer, row.at)
    }

    // MARK: Ends

    private static func remove(_ expiry: NoteExpiry, _ connection: borrowing Connection) throws(StoreError) {
        let (table, time) = columns(of: expiry.kind)
        // Tables with keys of two columns have no row number, so the oldest go by time.
        switch expiry.kind {
        case .memories, .contexts:
            try Statement(
                connection,
                "DELETE FROM \(table) WHERE rowid IN (SELECT rowid FROM \(table) WHERE \(time) < ? ORDER BY \(time) LIMIT ?)"
            ).execute(expiry.before, expiry.limit)
        case .thoughts:
            try Statement(
                connection,
                """
                DELETE FROM thought WHERE (place, number) IN
                    (SELECT place, number FROM thought WHERE at < ? ORDER BY at LIMIT ?)
                """
            ).execute(expiry.before, expiry.limit)
        case .answers:
            try Statement(
                connection,
                """
                DELETE FROM note_answer WHERE request IN
                    (SELECT request FROM note_answer WHERE at < ? ORDER BY at LIMIT ?)
                """
            ).execute(expiry.before, expiry.limit)
        }
        try Statement(
            connection,
            """
            DELETE FROM note_place WHERE NOT EXISTS (SELECT 1 FROM memory WHERE place = note_place.id)
                AND NOT EXISTS (SELECT 1 FROM context WHERE place = note_place.id)
                AND NOT EXISTS (SELECT 1 FROM thought WHERE place = note_place.id)
            """
        ).execute()
    }

    /// The table, and the column with the time at which a row ends.
    static func columns(of kind: NoteExpiry.Kind) -> (table: String, time: String) {
        switch kind {
        case .memories: ("memory", "expires_at")
        case .contexts: ("context", "expires_at")
        case .thoughts: ("thought", "at")
        case .answers: ("note_answer", "at")
        }
    }
}
