// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc
import Store

/// One open database file. Used from one thread at a time; whoever owns it also holds the lock for that.
struct Connection: ~Copyable {
    /// How a database file is opened.
    enum Mode {
        /// Creates the file when it is not there. Only one connection of one process may be opened so.
        case write
        /// Never writes, never checkpoints.
        case read
        /// Reads, and may write what it reads into another file.
        case copy
        /// Reads a file that nobody writes, without a lock and without files beside it: a backup.
        case frozen
    }

    let handle: OpaquePointer
    let path: String

    private init(handle: OpaquePointer, path: String) {
        self.handle = handle
        self.path = path
    }

    /// - Parameter vfs: Name of a registered file layer; `nil` for the system's.
    static func open(_ path: String, _ mode: Mode, vfs: String? = nil) throws(StoreError) -> Connection {
        guard !WALFile(path).isOrphaned else { throw .databaseLost(path) }
        if mode != .write && access(path, F_OK) != 0 { throw .noDatabase(path) }
        let flags =
            switch mode {
            case .write: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .read, .copy: SQLITE_OPEN_READONLY
            case .frozen: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        let name = mode == .frozen ? frozenURI(path) : path
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs)
        guard let handle else { throw StoreError(.failed, "No memory to open \(path).") }
        let connection = Connection(handle: handle, path: path)
        guard code == SQLITE_OK else { throw connection.failure(code) }
        // Before any pragma: changing the journal mode needs locks already.
        sqlite3_busy_timeout(handle, 5000)
        if mode == .read || mode == .copy { connection.leaveLog() }
        if mode == .read { try connection.execute("PRAGMA query_only=1") }
        return connection
    }

    private static func frozenURI(_ path: String) -> String {
        var uri = Array("file:".utf8)
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "%"): uri += Array("%25".utf8)
            case UInt8(ascii: "?"): uri += Array("%3F".utf8)
            case UInt8(ascii: "#"): uri += Array("%23".utf8)
            default: uri.append(byte)
            }
        }
        return String(decoding: uri, as: UTF8.self) + "?immutable=1"
    }

    deinit {
        // Waits for statements that still live, so the order in which an owner lets go does not matter.
        sqlite3_close_v2(handle)
    }

    /// Runs statements that give no rows.
    func execute(_ sql: String) throws(StoreError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Writes a copy without free room into a new file, as the database is when the call begins. The copy is not
    /// flushed.
    func copy(into path: String) throws(StoreError) {
        let literal = path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        try execute("VACUUM INTO '\(literal)'")
    }

    /// What SQLite finds wrong with the structure of the file, a sentence each; at most 20.
    func structureProblems() throws(StoreError) -> [String] {
        let lines = try Statement(self, "PRAGMA integrity_check(20)").rows { $0.text(0) }
        return lines == ["ok"] ? [] : lines.map { "\(path): \($0)" }
    }

    /// The first column of the first row, as an integer.
    func integer(_ sql: String) throws(StoreError) -> Int64? {
        let statement = try Statement(self, sql)
        return try statement.first { $0.int64(0) }
    }

    /// Whether the file has such a table; one that an older program wrote may not.
    func hasTable(_ name: String) throws(StoreError) -> Bool { try has("table", name) }

    /// Whether the file has such an index, likewise.
    func hasIndex(_ name: String) throws(StoreError) -> Bool { try has("index", name) }

    private func has(_ type: String, _ name: String) throws(StoreError) -> Bool {
        let statement = try Statement(self, "SELECT 1 FROM sqlite_schema WHERE type = ? AND name = ?")
        return try statement.first(type, name) { _ in true } ?? false
    }

    /// Rows that the last statement inserted, changed or removed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// Leaves the write-ahead log's file in place, with its size, when the last connection closes.
    func keepWAL() {
        var isKept: Int32 = 1
        sqlite3_file_control(handle, nil, SQLITE_FCNTL_PERSIST_WAL, &isKept)
    }

    /// Does not move the write-ahead log into the file when this connection closes.
    func leaveLog() {
        _ = baton_sqlite3_no_checkpoint_on_close(handle)
    }

    /// Drops the open transaction, if the failure before has not done so already.
    func rollBack() {
        // If this fails too, the first failure tells more.
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// What the last call's result `code` means for a caller.
    func failure(_ code: Int32) -> StoreError {
        StoreError(sqlite: code, systemError: sqlite3_system_errno(handle), text: sqlite3_errmsg(handle), path: path)
    }
}
