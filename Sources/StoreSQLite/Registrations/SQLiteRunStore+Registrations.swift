// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// The table of what was made known to the engine.
enum RegistrationSchema {
    static let table = "registration"

    static let step = """
        CREATE TABLE registration(
            kind TEXT NOT NULL, tenant TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY(kind, tenant, name)
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW baton_registrations AS SELECT kind, tenant, name, CAST(body AS TEXT) AS body FROM registration
            ORDER BY kind, tenant, name;

        """
}

/// A file that an older program wrote and nobody has upgraded yet reads as one without registrations.
extension SQLiteRunStore {
    /// All of a kind, by the bytes of tenant and name.
    public func registrations(_ kind: RegistrationRow.Kind) throws(StoreError) -> [RegistrationRow] {
        try read { (reader) throws(StoreError) in try reader.registrations(kind) }
    }
}

extension RunReader {
    func registrations(_ kind: RegistrationRow.Kind) throws(StoreError) -> [RegistrationRow] {
        guard try connection.hasTable(RegistrationSchema.table) else { return [] }
        let all = try Statement(
            connection,
            "SELECT tenant, name, body FROM registration WHERE kind = ? ORDER BY tenant, name"
        )
        return try all.rows(kind.rawValue) { row in
            RegistrationRow(key: .init(kind, tenant: row.text(0), name: row.text(1)), body: row.bytes(2))
        }
    }
}
