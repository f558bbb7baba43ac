// Baton
// SPDX-License-Identifier: Apache-2.0

/// The table of snapshots.
enum SnapshotSchema {
    static let table = "snapshot"

    /// Either `body` holds the state, or `blob` and `size` name it. `sum` is over the whole row.
    static let step = """
        CREATE TABLE snapshot(
            run_key INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB, blob TEXT, size INTEGER,
            taken_at INTEGER NOT NULL, sum BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX snapshot_run ON snapshot(run_key, seq);

        """
}
