// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Model
import Store

/// The current row of a statement; only valid inside the closure that gets it.
struct Row {
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) {
        self.statement = statement
    }

    /// How many columns there are: fewer in a file of an older format.
    var count: Int32 { sqlite3_column_count(statement) }

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func double(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }
    func int(_ column: Int32) -> Int { Int(int64(column)) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    func time(_ column: Int32) -> Timestamp { Timestamp(milliseconds: int64(column)) }
    func optionalTime(_ column: Int32) -> Timestamp? { isNull(column) ? nil : time(column) }
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func text(_ column: Int32) -> String {
        // The pointer before the length: the other order may measure another encoding.
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    /// The bytes where SQLite has them, at any address.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        // No bytes at all have no address.
        let start = sqlite3_column_blob(statement, column)
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(statement, column))
        return body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A text that names one of an enumeration's cases.
    func name<Name: RawRepresentable>(
        _ column: Int32,
        _ type: Name.Type = Name.self
    ) throws(StoreError) -> Name where Name.RawValue == String {
        guard let name = Name(rawValue: text(column)) else { throw unreadable(column) }
        return name
    }

    /// An id in its text form.
    func id<Kind>(_ column: Int32, _ type: Identifier<Kind>.Type = Identifier<Kind>.self) throws(StoreError)
        -> Identifier<Kind>
    {
        guard let id = Identifier<Kind>(text(column)) else { throw unreadable(column) }
        return id
    }

    private func unreadable(_ column: Int32) -> StoreError {
        let name = sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "\(column)"
        return StoreError(
            .corrupted,
            "Column \(name) holds '\(text(column))', which this program never writes there. Restore from a backup."
        )
    }
}
