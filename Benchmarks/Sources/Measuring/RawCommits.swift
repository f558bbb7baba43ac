// Baton
// SPDX-License-Identifier: Apache-2.0

import CRawSQLite

/// The limit: a bare SQLite file on the same disk, one row of 300 bytes a commit, flushed (WAL, synchronous FULL), the
/// write-ahead log at its full size.
package final class RawCommits {
    private var database: OpaquePointer?
    private var insert: OpaquePointer?
    private let body = [UInt8](repeating: 0x61, count: 300)

    package init(_ path: String) {
        precondition(sqlite3_open(path, &database) == SQLITE_OK)
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA journal_size_limit=-1")
        run("PRAGMA wal_autocheckpoint=0")
        run("CREATE TABLE raw (id INTEGER PRIMARY KEY, body BLOB) STRICT")
        // Gives the log its size, as the store under test does.
        run("CREATE TABLE fill (body BLOB)")
        run("INSERT INTO fill VALUES (zeroblob(32 * 1024 * 1024))")
        run("DROP TABLE fill")
        run("PRAGMA wal_checkpoint(PASSIVE)")
        precondition(sqlite3_prepare_v2(database, "INSERT INTO raw (body) VALUES (?)", -1, &insert, nil) == SQLITE_OK)
    }

    deinit {
        sqlite3_finalize(insert)
        sqlite3_close(database)
    }

    /// Commits a second of `count` commits, or as many as fit into a second; `latencies` gets the milliseconds of each.
    package func measure(_ count: Int, _ latencies: inout [Double]) -> Double {
        let start = seconds()
        var done = 0
        while done < count {
            let begin = seconds()
            guard begin - start < 1 else { break }
            sqlite3_bind_blob64(insert, 1, body, 300, nil)
            precondition(sqlite3_step(insert) == SQLITE_DONE)
            sqlite3_reset(insert)
            latencies.append((seconds() - begin) * 1000)
            done += 1
        }
        let elapsed = seconds() - start
        run("PRAGMA wal_checkpoint(PASSIVE)")
        return Double(done) / elapsed
    }

    private func run(_ sql: String) {
        precondition(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK)
    }
}

/// Bytes of the pages in use of a database, those in its write-ahead log included.
package func keptBytes(_ path: String) -> Double {
    var database: OpaquePointer?
    precondition(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK)
    defer { sqlite3_close(database) }
    func value(_ pragma: String) -> Double {
        var statement: OpaquePointer?
        precondition(sqlite3_prepare_v2(database, "PRAGMA " + pragma, -1, &statement, nil) == SQLITE_OK)
        defer { sqlite3_finalize(statement) }
        precondition(sqlite3_step(statement) == SQLITE_ROW)
        return sqlite3_column_double(statement, 0)
    }
    return (value("page_count") - value("freelist_count")) * value("page_size")
}
