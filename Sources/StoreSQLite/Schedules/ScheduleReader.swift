// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What readers ask SQLite about schedules; prepared when it is first needed.
struct ScheduleReader {
    private let byID, byName, all: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        byID = try Statement(connection, "SELECT * FROM schedule WHERE id = ?")
        // A file of an older format has only schedules of the first tenant.
        let hasOwners = try connection.hasIndex(OwnershipSchema.index)
        let tenant = hasOwners ? "tenant" : "'\(Ownership.defaultTenant)'"
        byName = try Statement(connection, "SELECT * FROM schedule WHERE \(tenant) = ? AND name = ?")
        all = try Statement(connection, "SELECT * FROM schedule ORDER BY name, \(tenant)")
    }

    func schedule(_ id: ScheduleID) throws(StoreError) -> ScheduleRow? {
        try byID.first(id.description, read: ScheduleRow.init(row:))
    }

    func schedule(named name: String, in tenant: String) throws(StoreError) -> ScheduleRow? {
        try byName.first(tenant, name, read: ScheduleRow.init(row:))
    }

    func schedules() throws(StoreError) -> [ScheduleRow] {
        try all.rows(read: ScheduleRow.init(row:))
    }
}

extension ScheduleRow {
    /// Columns are read in the order in which ScheduleSchema declares them.
    fileprivate init(row: Row) throws(StoreError) {
        self.init(
            id: try row.id(0),
            name: row.text(1),
            definition: row.bytes(2),
            state: row.bytes(3),
            nextFireAt: row.optionalTime(4),
            createdAt: row.time(5),
            ownership: Ownership(row, from: 6)
        )
    }
}
