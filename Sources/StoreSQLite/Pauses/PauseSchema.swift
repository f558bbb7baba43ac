// Baton
// SPDX-License-Identifier: Apache-2.0

/// The table of what is paused above single runs.
enum PauseSchema {
    static let table = "pause"

    static let step = """
        CREATE TABLE pause(
            kind TEXT NOT NULL, name TEXT NOT NULL, by TEXT NOT NULL, reason TEXT, at INTEGER NOT NULL,
            PRIMARY KEY(kind, name)
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW baton_pauses AS SELECT kind, name, by, reason,
            strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at FROM pause ORDER BY kind, name;

        """
}
