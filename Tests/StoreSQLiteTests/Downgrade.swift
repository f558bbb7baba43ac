// Baton
// SPDX-License-Identifier: Apache-2.0

import Store
import TestSupport

@testable import StoreSQLite

/// Makes files of older programs out of new ones.
enum Downgrade {
    /// Takes away what formats after `version` brought.
    static func file(_ path: String, _ schema: Schema, to version: Int) throws {
        let old = Schema(migrations: Array(schema.migrations[..<version]))
        let temporary = TemporaryFolder()
        let model = try Connection.open(temporary.path + "/model.db", .write)
        try old.migrate(model, from: 0)
        let connection = try Connection.open(path, .write)
        let known = Dictionary(uniqueKeysWithValues: try objects(model).map { ($0.name, $0.sql) })
        // Views first: a column that one of them names cannot go.
        // Those of an index over words go with the table that they belong to.
        let newest = try objects(connection)
        let indexed = newest.filter { $0.sql.hasPrefix("CREATE VIRTUAL") && known[$0.name] == nil }.map(\.name)
        for name in indexed { try connection.execute("DROP TABLE \(name)") }
        for object in try objects(connection) where object.type == "table" ? known[object.name] == nil : true {
            try connection.execute("DROP \(object.type) IF EXISTS \(object.name)")
        }
        for table in try objects(model) where table.type == "table" {
            let names = Set(try columns(of: table.name, model))
            for column in try columns(of: table.name, connection) where !names.contains(column) {
                try connection.execute("ALTER TABLE \(table.name) DROP COLUMN \(column)")
            }
        }
        for object in try objects(model).reversed() where object.type != "table" {
            try connection.execute(object.sql)
        }
        try connection.execute(
            "UPDATE meta SET value = \(version) WHERE key = 'schema'; PRAGMA user_version = \(version)"
        )
    }

    /// Views, then indexes, then tables.
    private static func objects(
        _ connection: borrowing Connection
    ) throws -> [(type: String, name: String, sql: String)] {
        let order = ["view", "index", "table"]
        let sql = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
        return try Statement(connection, sql).rows { ($0.text(0), $0.text(1), $0.text(2)) }.sorted { left, right in
            (order.firstIndex(of: left.0) ?? 9) < (order.firstIndex(of: right.0) ?? 9)
        }
    }

    private static func columns(of table: String, _ connection: borrowing Connection) throws -> [String] {
        try Statement(connection, "SELECT name FROM pragma_table_info('\(table)')").rows { $0.text(0) }
    }
}
