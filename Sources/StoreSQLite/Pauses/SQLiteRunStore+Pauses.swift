// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
public import Store

/// A file that an older program wrote and nobody has upgraded yet reads as one in which nothing is paused.
extension SQLiteRunStore {
    /// What is paused above single runs, by kind and the bytes of the name.
    public func pauses() throws(StoreError) -> [PauseRow] {
        try read { (reader) throws(StoreError) in try reader.pauses() }
    }
}

extension RunReader {
    func pauses() throws(StoreError) -> [PauseRow] {
        guard try connection.hasTable(PauseSchema.table) else { return [] }
        let all = try Statement(connection, "SELECT kind, name, by, reason, at FROM pause ORDER BY kind, name")
        return try all.rows { row throws(StoreError) in
            guard let scope = PauseScope(kind: row.text(0), name: row.text(1)) else {
                throw StoreError(.corrupted, "the database names something paused that this program does not know")
            }
            return PauseRow(scope: scope, by: row.text(2), reason: row.optionalText(3), at: row.time(4))
        }
    }
}
