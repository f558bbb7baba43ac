// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which queue open tasks wait in, and what queues gave up.
enum QueueSchema {
    static let table = "dead_letter"

    static let step = """
        ALTER TABLE task ADD COLUMN queue TEXT;
        ALTER TABLE task ADD COLUMN since INTEGER;

        CREATE TABLE dead_letter(
            run_key INTEGER NOT NULL, task INTEGER NOT NULL, run_id TEXT NOT NULL, tenant TEXT NOT NULL,
            queue TEXT NOT NULL, consumers TEXT NOT NULL, workflow TEXT NOT NULL, node TEXT NOT NULL,
            attempts INTEGER NOT NULL, failure TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX dead_letter_key ON dead_letter(run_key, task);
        CREATE INDEX dead_letter_order ON dead_letter(run_id, task);
        CREATE INDEX dead_letter_at ON dead_letter(at, run_key, task);

        CREATE VIEW baton_dead_letters AS SELECT queue, run_id AS run, node, workflow, failure, reason, attempts,
            consumers, tenant, \(RunSchema.time("at")) FROM dead_letter ORDER BY run_id, task;

        """
}
