// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The tables of what agents and skills were when runs first used them, and what SQLite is asked and told about them.
enum PromptRows {
    /// Tells whether a file has them.
    static let table = "run_prompt"

    /// A row of `run_prompt` goes with its run; texts stay.
    static let step = """
        CREATE TABLE prompt(hash TEXT PRIMARY KEY, text BLOB NOT NULL) STRICT;
        CREATE TABLE run_prompt(
            run_key INTEGER NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY(run_key, name)
        ) STRICT, WITHOUT ROWID;

        """

    static func pin(_ prompts: [PromptRow], of run: RunID, _ connection: borrowing Connection) throws(StoreError) {
        let text = try Statement(connection, "INSERT OR IGNORE INTO prompt VALUES (?, ?)")
        let name = try Statement(
            connection,
            "INSERT OR IGNORE INTO run_prompt SELECT key, ?2, ?3 FROM run WHERE id = ?1"
        )
        for row in prompts {
            try text.execute(row.hash, row.text)
            try name.execute(run.description, row.name, row.hash)
        }
    }

    static func names(of run: RunID, _ connection: borrowing Connection) throws(StoreError) -> [String: String] {
        let sql = """
            SELECT name, hash FROM run_prompt WHERE run_key = (SELECT key FROM run WHERE id = ?)
            """
        let rows = try Statement(connection, sql).rows(run.description) { ($0.text(0), $0.text(1)) }
        return Dictionary(rows) { first, _ in first }
    }

    static func text(_ hash: String, _ connection: borrowing Connection) throws(StoreError) -> [UInt8]? {
        try Statement(connection, "SELECT text FROM prompt WHERE hash = ?").first(hash) { $0.bytes(0) }
    }
}
