// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The table of findings of projects, and what SQLite is asked and told about it.
enum FindingRows {
    /// Tells whether a file has it.
    static let table = "finding"

    static let step = """
        CREATE TABLE finding(
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, project TEXT NOT NULL, category TEXT NOT NULL, text TEXT NOT NULL,
            words TEXT NOT NULL, author TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            UNIQUE(tenant, project, words)
        ) STRICT;

        """

    static func write(_ change: KnowledgeChange, _ connection: borrowing Connection) throws(StoreError) {
        for row in change.findings {
            do throws(StoreError) {
                try Statement(
                    connection,
                    """
                    INSERT INTO finding VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(id) DO UPDATE SET
                        tenant = ?2, project = ?3, category = ?4, text = ?5, words = ?6, author = ?7, created_at = ?8,
                        updated_at = ?9
                    """
                ).execute(
                    row.id.description,
                    row.tenant,
                    row.project,
                    row.category.rawValue,
                    row.text,
                    row.words,
                    row.author,
                    row.createdAt,
                    row.updatedAt
                )
            } catch {
                throw error.code == .conflict ? .findingTaken(row) : error
            }
        }
        for id in change.removedFindings {
            try Statement(connection, "DELETE FROM finding WHERE id = ?").execute(id.description)
        }
    }

    static func finding(_ id: FindingID, _ connection: borrowing Connection) throws(StoreError) -> FindingRow? {
        guard try connection.hasTable(table) else { return nil }
        return try Statement(connection, "SELECT * FROM finding WHERE id = ?").first(id.description, read: read)
    }

    static func findings(
        of project: String,
        in tenant: String,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [FindingRow] {
        guard try connection.hasTable(table) else { return [] }
        let sql = "SELECT * FROM finding WHERE tenant = ? AND project = ? ORDER BY created_at DESC, id DESC"
        return try Statement(connection, sql).rows(tenant, project, read: read)
    }

    private static func read(_ row: Row) throws(StoreError) -> FindingRow {
        FindingRow(
            id: try row.id(0),
            tenant: row.text(1),
            project: row.text(2),
            category: try row.name(3),
            text: row.text(4),
            words: row.text(5),
            author: row.text(6),
            createdAt: row.time(7),
            updatedAt: row.time(8)
        )
    }
}
