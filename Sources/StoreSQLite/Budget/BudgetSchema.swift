// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables for money and rates.
enum BudgetSchema {
    /// The one of them that tells whether a file has them.
    static let table = "budget"

    static let step = """
        CREATE TABLE budget(
            scope TEXT NOT NULL, period TEXT NOT NULL, limit_pico INTEGER, limit_tokens INTEGER,
            reserved_pico INTEGER NOT NULL, reserved_tokens INTEGER NOT NULL, spent_pico INTEGER NOT NULL,
            spent_tokens INTEGER NOT NULL, warned INTEGER NOT NULL, state TEXT NOT NULL,
            PRIMARY KEY(scope, period)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX budget_open ON budget(scope, period) WHERE state <> 'closed';

        CREATE TABLE reservation(
            id TEXT PRIMARY KEY, accounts TEXT NOT NULL, pico INTEGER NOT NULL, tokens INTEGER NOT NULL,
            state TEXT NOT NULL, run_key INTEGER, task INTEGER, fence INTEGER NOT NULL, call TEXT NOT NULL,
            subject TEXT NOT NULL, reserved_at INTEGER NOT NULL, expires_at INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE usage(
            id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, accounts TEXT NOT NULL, pico INTEGER NOT NULL,
            tokens INTEGER NOT NULL, certainty TEXT NOT NULL, reservation TEXT, run TEXT, subject TEXT NOT NULL,
            input INTEGER NOT NULL, cached INTEGER NOT NULL, cache_write INTEGER NOT NULL, output INTEGER NOT NULL,
            reasoning INTEGER NOT NULL, priced_by TEXT, is_simulated INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX usage_at ON usage(at);
        CREATE INDEX usage_run ON usage(run, id) WHERE run IS NOT NULL;

        CREATE TABLE bucket(key TEXT PRIMARY KEY, full_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        CREATE VIEW baton_usage AS SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,
            subject ->> '$.tenant' AS tenant, subject ->> '$.user' AS user, subject ->> '$.project' AS project, run,
            subject ->> '$.task' AS task, subject ->> '$.attempt' AS attempt, subject ->> '$.agent' AS agent,
            subject ->> '$.provider' AS provider, subject ->> '$.model' AS model, subject ->> '$.purpose' AS purpose,
            input, cached, cache_write, output, reasoning, pico / 1e12 AS usd, certainty, is_simulated, priced_by,
            reservation FROM usage ORDER BY id DESC;

        """

    /// The view tells of API keys too.
    static let apiKeys = """
        DROP VIEW baton_usage;
        CREATE VIEW baton_usage AS SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,
            subject ->> '$.tenant' AS tenant, subject ->> '$.user' AS user, subject ->> '$.project' AS project, run,
            subject ->> '$.task' AS task, subject ->> '$.attempt' AS attempt, subject ->> '$.agent' AS agent,
            subject ->> '$.provider' AS provider, subject ->> '$.model' AS model, subject ->> '$.purpose' AS purpose,
            input, cached, cache_write, output, reasoning, pico / 1e12 AS usd, certainty, is_simulated, priced_by,
            reservation, subject ->> '$.api_key' AS api_key FROM usage ORDER BY id DESC;

        """
}
