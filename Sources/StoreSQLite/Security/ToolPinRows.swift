// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
public import Store

extension SQLiteRunStore {
    /// Approved tools of other servers, by server and tool. A file that an older program wrote has none.
    public func toolPins() throws(StoreError) -> [ToolPinRow] {
        try read { (reader) throws(StoreError) in
            try reader.connection.hasTable(ToolPinSchema.table) ? try ToolPinRows.all(reader.connection) : []
        }
    }
}

/// What SQLite is asked and told about approved tools.
enum ToolPinRows {
    static func all(_ connection: borrowing Connection) throws(StoreError) -> [ToolPinRow] {
        try Statement(connection, "SELECT * FROM tool_pin ORDER BY server, tool").rows { row in
            ToolPinRow(
                key: .init(server: row.text(0), tool: row.text(1)),
                hash: row.text(2),
                definition: row.bytes(3),
                approvedAt: row.time(4),
                approvedBy: row.text(5),
                changedAt: row.optionalTime(6)
            )
        }
    }

    static func write(_ change: SecurityChange, _ connection: borrowing Connection) throws(StoreError) {
        for row in change.toolPins {
            try Statement(connection, "INSERT OR REPLACE INTO tool_pin VALUES (?, ?, ?, ?, ?, ?, ?)").execute(
                row.key.server,
                row.key.tool,
                row.hash,
                row.definition,
                row.approvedAt,
                row.approvedBy,
                row.changedAt
            )
        }
        for key in change.removedToolPins {
            try Statement(connection, "DELETE FROM tool_pin WHERE server = ? AND tool = ?").execute(
                key.server,
                key.tool
            )
        }
        for mark in change.toolPinChanges {
            try Statement(
                connection,
                "UPDATE tool_pin SET changed_at = ? WHERE server = ? AND tool = ? AND hash = ? AND changed_at IS NULL"
            ).execute(mark.at, mark.key.server, mark.key.tool, mark.hash)
        }
    }
}
