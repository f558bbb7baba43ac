// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables about runs that were packed, held, pinned or deleted.
enum RetentionSchema {
    /// The one of them that tells whether a file has them.
    static let table = "tombstone"

    /// `clearing` says up to which event the records of a run go; the largest number stands for everything of it.
    static let step = """
        CREATE TABLE archive(
            run_key INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, chain BLOB NOT NULL,
            last_gseq INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL, names BLOB NOT NULL,
            log_names BLOB NOT NULL, last_at INTEGER NOT NULL, packed_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX archive_run ON archive(run_key, first_seq);

        CREATE TABLE clearing(run_key INTEGER PRIMARY KEY, through INTEGER NOT NULL) STRICT;

        CREATE TABLE hold(run_key INTEGER PRIMARY KEY, actor TEXT NOT NULL, reason TEXT, at INTEGER NOT NULL) STRICT;

        CREATE TABLE pin(
            run_key INTEGER NOT NULL, origin_key INTEGER NOT NULL, seq INTEGER NOT NULL,
            PRIMARY KEY(run_key, origin_key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX pin_origin ON pin(origin_key, run_key);

        CREATE TABLE tombstone(
            run_key INTEGER PRIMARY KEY, id TEXT NOT NULL, workflow TEXT NOT NULL, status TEXT NOT NULL,
            events INTEGER NOT NULL, created_at INTEGER NOT NULL, ended_at INTEGER, deleted_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX tombstone_id ON tombstone(id);

        CREATE INDEX run_ended ON run(ended_at, key) WHERE ended_at IS NOT NULL;

        """
}
