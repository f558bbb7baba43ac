// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables of rows that are found by a key of their own.
enum KeyedSchema {
    /// The one of them that tells whether a file has them.
    static let table = "cache"

    static let step = """
        CREATE TABLE idem(
            principal TEXT NOT NULL, key TEXT NOT NULL, body_hash TEXT NOT NULL, answer BLOB NOT NULL,
            run_key INTEGER, expires_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX idem_key ON idem(principal, key);
        CREATE INDEX idem_expiry ON idem(expires_at);

        CREATE TABLE inbox(
            run_key INTEGER NOT NULL, message TEXT NOT NULL, applied_seq INTEGER NOT NULL,
            PRIMARY KEY(run_key, message)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE signal(
            target TEXT NOT NULL, dedupe_key TEXT NOT NULL, run_key INTEGER, type TEXT NOT NULL, correlation TEXT,
            payload BLOB NOT NULL, arrived_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX signal_key ON signal(target, dedupe_key);
        CREATE INDEX signal_target ON signal(target, arrived_at, dedupe_key);
        CREATE INDEX signal_arrival ON signal(arrived_at, target, dedupe_key);
        CREATE INDEX signal_run ON signal(run_key) WHERE run_key IS NOT NULL;

        CREATE TABLE cache(
            scope TEXT NOT NULL, hash TEXT NOT NULL, workflow TEXT NOT NULL, node TEXT NOT NULL,
            run_id TEXT NOT NULL, task INTEGER NOT NULL, output BLOB NOT NULL, size INTEGER NOT NULL,
            duration_ms INTEGER NOT NULL, cost_pico INTEGER NOT NULL, created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL, hits INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX cache_key ON cache(scope, hash);
        CREATE INDEX cache_expiry ON cache(expires_at);
        CREATE INDEX cache_use ON cache(used_at, scope, hash);

        """
}
