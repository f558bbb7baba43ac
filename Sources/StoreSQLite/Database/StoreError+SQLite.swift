// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc
import Store

extension StoreError {
    /// Maps a result code of SQLite.
    ///
    /// A flush that failed is never "full", whatever the system calls it: what is on the disk is unknown then.
    init(sqlite code: Int32, systemError: Int32, text: UnsafePointer<CChar>?, path: String) {
        let isOutOfRoom = systemError == ENOSPC || systemError == EDQUOT
        let isFlush = code == baton_sqlite3_flush_failed || code == baton_sqlite3_folder_flush_failed
        let detail = text.map { String(cString: $0) } ?? "error \(code)"
        switch code & 0xff {
        case SQLITE_FULL:
            self = .noRoom(for: path)
        case SQLITE_IOERR where isOutOfRoom && !isFlush, SQLITE_CANTOPEN where isOutOfRoom:
            self = .noRoom(for: path)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self.init(.corrupted, "\(path) is damaged or no database (\(detail)). Restore it from a backup.")
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(.locked, "Another program is using \(path) (\(detail)). Close it and try again.")
        case SQLITE_CONSTRAINT:
            self.init(.conflict, "A row of \(path) exists already (\(detail)): another writer was faster.")
        default:
            let system = systemError == 0 ? "" : ", \(systemMessage(systemError))"
            self.init(.failed, "\(path): \(detail) (\(code)\(system)). Check the disk and the folder's permissions.")
        }
    }

    /// The disk that holds `path` has no room.
    static func noRoom(for path: String) -> Self {
        Self(.full, "There is no room left on the disk of \(path); nothing was written. Make room and try again.")
    }

    /// Nothing was ever written there.
    static func noDatabase(_ path: String) -> Self {
        Self(
            .missing,
            "There is no database at \(path) yet. Start a run or a server first, or point BATON_HOME to its folder."
        )
    }

    /// The file is gone or empty, and its write-ahead log is still there.
    static func databaseLost(_ path: String) -> Self {
        Self(
            .corrupted,
            "\(path) is missing or empty, but its log \(path)-wal holds commits. Put the file back, or restore both "
                + "from a backup."
        )
    }

    /// A call to the system failed.
    static func system(_ call: String, _ path: String, _ number: Int32) -> Self {
        if number == ENOSPC || number == EDQUOT { return .noRoom(for: path) }
        return Self(.failed, "\(call) \(path): \(systemMessage(number)). Check the disk and the folder's permissions.")
    }
}

/// What the system calls an error number.
func systemMessage(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
