// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Store

/// The file of a database's write-ahead log.
///
/// A flush into room the file already has takes about half the time of one that makes it longer. SQLite reads the log
/// up to the first frame that does not fit, so zeros at its end mean nothing to it. It locks other files, so this one may
/// be opened and closed beside it.
struct WALFile {
    private let path: String

    init(_ database: String) {
        path = database + "-wal"
    }

    /// Fills the file up with zeros to the size of so many pages. The database must be open: SQLite
    /// removes a log it finds beside an empty database.
    func grow(pages: Int) throws(StoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        // A frame is a page of 4096 bytes and a header of 24.
        let size = 32 + pages * (4096 + 24)
        var position = Int(lseek(descriptor, 0, SEEK_END))
        while position < size {
            // Written, not reserved: reserved room would still have to be marked as used at each flush.
            let count = pwrite(descriptor, zeros, min(zeros.count, size - position), position)
            guard count > 0 else { throw .system("write", path, errno) }
            position += count
        }
        guard fdatasync(descriptor) == 0 else { throw .system("flush", path, errno) }
    }
}
