// Baton
// SPDX-License-Identifier: Apache-2.0

/// The table of approved tools of other servers.
enum ToolPinSchema {
    /// Tells whether a file has it.
    static let table = "tool_pin"

    static let step = """
        CREATE TABLE tool_pin(
            server TEXT NOT NULL, tool TEXT NOT NULL, hash TEXT NOT NULL, definition BLOB NOT NULL,
            approved_at INTEGER NOT NULL, approved_by TEXT NOT NULL, changed_at INTEGER, PRIMARY KEY(server, tool)
        ) STRICT, WITHOUT ROWID;

        """
}
