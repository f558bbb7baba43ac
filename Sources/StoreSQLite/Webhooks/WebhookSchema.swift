// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables of webhooks, the messages that were not taken, and hooks.
enum WebhookSchema {
    /// The one of them that tells whether a file has them.
    static let table = "webhook"

    static let step = """
        CREATE TABLE webhook(
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, owner TEXT NOT NULL, role TEXT NOT NULL, url TEXT NOT NULL,
            types TEXT NOT NULL, project TEXT, status TEXT NOT NULL, note TEXT, old_key_until INTEGER,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, revision INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE webhook_progress(
            webhook TEXT PRIMARY KEY, cursor INTEGER NOT NULL, delivered_at INTEGER, failing_since INTEGER,
            attempts INTEGER NOT NULL, next_at INTEGER, failure TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE delivery(
            webhook TEXT NOT NULL, seq INTEGER NOT NULL, tenant TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL,
            state TEXT NOT NULL, attempts INTEGER NOT NULL, first_at INTEGER NOT NULL, at INTEGER NOT NULL,
            failure TEXT NOT NULL, PRIMARY KEY(webhook, seq)
        ) STRICT;
        CREATE INDEX delivery_due ON delivery(webhook, at, seq) WHERE state = 'waiting';
        CREATE INDEX delivery_dead ON delivery(webhook, seq) WHERE state = 'dead';
        CREATE INDEX delivery_end ON delivery(at) WHERE state = 'dead';

        CREATE TABLE hook(
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, owner TEXT NOT NULL, role TEXT NOT NULL, kind TEXT NOT NULL,
            action BLOB NOT NULL, old_key_until INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            revision INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW baton_webhooks AS SELECT id, tenant, owner, url, types, project, status, note, cursor, attempts,
            failure, \(RunSchema.time("failing_since")), \(RunSchema.time("next_at")),
            \(RunSchema.time("delivered_at")), \(RunSchema.time("created_at"))
            FROM webhook LEFT JOIN webhook_progress ON webhook = id ORDER BY id;

        CREATE VIEW baton_dead_deliveries AS SELECT webhook, seq, tenant, type, attempts, failure,
            \(RunSchema.time("first_at")), \(RunSchema.time("at")) FROM delivery WHERE state = 'dead'
            ORDER BY webhook, seq;

        """
}
