// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Store

/// A prepared statement, kept for the life of its connection. It is reset after every use, so that no snapshot stays
/// open behind a call.
final class Statement {
    private let handle: OpaquePointer
    private let path: String

    init(_ connection: borrowing Connection, _ sql: String) throws(StoreError) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(
            connection.handle,
            sql,
            -1,
            UInt32(SQLITE_PREPARE_PERSISTENT),
            &prepared,
            nil
        )
        guard code == SQLITE_OK, let prepared else { throw connection.failure(code) }
        handle = prepared
        path = connection.path
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Runs the statement to its end; rows are dropped.
    func execute<each Value: Bindable>(_ values: repeat each Value) throws(StoreError) {
        defer { sqlite3_reset(handle) }
        try bind(repeat each values)
        while try step() {}
    }

    /// All rows, each turned into an element.
    func rows<each Value: Bindable, Element>(
        _ values: repeat each Value,
        read: (Row) throws(StoreError) -> Element
    ) throws(StoreError) -> [Element] {
        defer { sqlite3_reset(handle) }
        try bind(repeat each values)
        var result: [Element] = []
        while try step() { result.append(try read(Row(handle))) }
        return result
    }

    /// The first row, if there is one.
    func first<each Value: Bindable, Element>(
        _ values: repeat each Value,
        read: (Row) throws(StoreError) -> Element
    ) throws(StoreError) -> Element? {
        defer { sqlite3_reset(handle) }
        try bind(repeat each values)
        return try step() ? try read(Row(handle)) : nil
    }

    private func bind<each Value: Bindable>(_ values: repeat each Value) throws(StoreError) {
        var index: Int32 = 0
        for value in repeat each values {
            index += 1
            let code = value.bind(to: handle, at: index)
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    private func step() throws(StoreError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        case let code: throw failure(code)
        }
    }

    private func failure(_ code: Int32) -> StoreError {
        let database = sqlite3_db_handle(handle)
        return StoreError(
            sqlite: code,
            systemError: sqlite3_system_errno(database),
            text: sqlite3_errmsg(database),
            path: path
        )
    }
}
