// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables of accounts, credentials, secrets and the audit trail.
enum SecuritySchema {
    /// The one of them that tells whether a file has them.
    static let table = "audit_entry"

    static let step = accounts + secrets + trail

    private static let accounts = """
        CREATE TABLE account(
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            role TEXT NOT NULL, password TEXT, is_disabled INTEGER NOT NULL, created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL, revision INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE member(
            tenant TEXT NOT NULL, project TEXT NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL,
            groups TEXT NOT NULL, added_by TEXT NOT NULL, added_at INTEGER NOT NULL,
            PRIMARY KEY(tenant, project, account)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX member_account ON member(account, project);

        CREATE TABLE api_key(
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL, prefix TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL,
            expires_at INTEGER, last_used_at INTEGER, revoked_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX api_key_account ON api_key(account, id);

        CREATE TABLE token_family(
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL, revoked_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX token_family_account ON token_family(account);
        CREATE INDEX token_family_end ON token_family(expires_at);

        CREATE TABLE refresh_token(
            hash TEXT PRIMARY KEY, family TEXT NOT NULL, expires_at INTEGER NOT NULL, spent_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX refresh_token_end ON refresh_token(expires_at);

        CREATE TABLE login_failure(
            key TEXT PRIMARY KEY, times TEXT NOT NULL, last_at INTEGER NOT NULL, locked_until INTEGER
        ) STRICT, WITHOUT ROWID;

        """

    private static let secrets = """
        CREATE TABLE secret(
            tenant TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
            kind TEXT NOT NULL, key_version INTEGER NOT NULL, wrapped_key BLOB NOT NULL, sealed BLOB NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
            PRIMARY KEY(tenant, scope, name)
        ) STRICT, WITHOUT ROWID;

        """

    private static let trail = """
        CREATE TABLE audit_entry(
            tenant TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
            object TEXT NOT NULL, before TEXT, after TEXT, reason TEXT, ip TEXT, details TEXT NOT NULL,
            prev_hash TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY(tenant, n)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit_anchor(
            tenant TEXT PRIMARY KEY, n INTEGER NOT NULL, hash TEXT NOT NULL, at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW baton_audit AS SELECT tenant, n, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,
            actor, action, object, before, after, reason, ip, details, prev_hash, hash FROM audit_entry
            ORDER BY tenant, n;

        """
}
