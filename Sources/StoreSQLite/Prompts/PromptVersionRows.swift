// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
public import Store

/// A file that an older program wrote has no versions.
extension SQLiteRunStore {
    /// Versions of a text, the newest first.
    public func promptVersions(of name: String, before: Int?, limit: Int) throws(StoreError) -> [PromptVersionRow] {
        try promptVersions { (reader) throws(StoreError) in
            try PromptVersionRows.list(name, before, limit, reader.connection)
        } ?? []
    }

    /// A version with its text.
    public func promptVersion(_ version: Int, of name: String) throws(StoreError) -> PromptVersionRow? {
        try promptVersions { (reader) throws(StoreError) in
            try PromptVersionRows.version(version, of: name, reader.connection)
        } ?? nil
    }

    /// Texts that stand in place of those of files, by name.
    public func editedPrompts() throws(StoreError) -> [PromptVersionRow] {
        try promptVersions { (reader) throws(StoreError) in try PromptVersionRows.edited(reader.connection) } ?? []
    }

    private func promptVersions<Value: Sendable>(
        _ body: @Sendable (RunReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in
            guard try reader.connection.hasTable(PromptVersionRows.table) else { return nil }
            return try body(reader)
        }
    }
}

/// The table of what was decided about texts of agents and skills, and what SQLite is asked and told about it. The texts lie
/// among those that runs began with.
enum PromptVersionRows {
    /// Tells whether a file has it.
    static let table = "prompt_version"

    static let step = """
        CREATE TABLE prompt_version(
            name TEXT NOT NULL, version INTEGER NOT NULL, hash TEXT, at INTEGER NOT NULL, actor TEXT NOT NULL, note TEXT,
            PRIMARY KEY(name, version)
        ) STRICT, WITHOUT ROWID;

        """

    private static let columns = "name, version, hash, at, actor, note"
    private static let withText = "SELECT \(columns), (SELECT text FROM prompt WHERE hash = edit.hash)"

    static func list(
        _ name: String,
        _ before: Int?,
        _ limit: Int,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [PromptVersionRow] {
        let sql = """
            SELECT \(columns) FROM prompt_version WHERE name = ? AND version < ? ORDER BY version DESC LIMIT ?
            """
        return try Statement(connection, sql).rows(name, before ?? .max, limit) { row(of: $0, hasText: false) }
    }

    static func version(
        _ version: Int,
        of name: String,
        _ connection: borrowing Connection
    ) throws(StoreError) -> PromptVersionRow? {
        let sql = "\(withText) FROM prompt_version AS edit WHERE name = ? AND version = ?"
        return try Statement(connection, sql).first(name, version) { row(of: $0, hasText: true) }
    }

    static func edited(_ connection: borrowing Connection) throws(StoreError) -> [PromptVersionRow] {
        let sql = """
            \(withText) FROM prompt_version AS edit WHERE hash IS NOT NULL
                AND version = (SELECT max(version) FROM prompt_version WHERE name = edit.name) ORDER BY name
            """
        return try Statement(connection, sql).rows { row(of: $0, hasText: true) }
    }

    static func add(_ row: PromptVersionRow, _ connection: borrowing Connection) throws(StoreError) {
        let newest = try Statement(connection, "SELECT ifnull(max(version), 0) FROM prompt_version WHERE name = ?")
        guard row.version == (try newest.first(row.name) { $0.int(0) } ?? 0) + 1 else { throw .promptTaken(row) }
        if let hash = row.hash, let text = row.text {
            try Statement(connection, "INSERT OR IGNORE INTO prompt VALUES (?, ?)").execute(hash, text)
        }
        try Statement(connection, "INSERT INTO prompt_version VALUES (?, ?, ?, ?, ?, ?)")
            .execute(row.name, row.version, row.hash, row.at, row.actor, row.note)
    }

    private static func row(of row: Row, hasText: Bool) -> PromptVersionRow {
        PromptVersionRow(
            name: row.text(0),
            version: row.int(1),
            hash: row.optionalText(2),
            text: hasText && !row.isNull(6) ? row.bytes(6) : nil,
            at: row.time(3),
            actor: row.text(4),
            note: row.optionalText(5)
        )
    }
}
