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
    private let database: String
    private let path: String

    init(_ database: String) {
        self.database = database
        path = database + "-wal"
    }

    /// The log holds commits, but the database they belong to is missing or empty. SQLite would remove such a log in
    /// silence. A log begins after the first page of its database is on the disk, so no crash leaves this behind.
    var isOrphaned: Bool {
        var status = stat()
        if stat(database, &status) == 0 && status.st_size > 0 { return false }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var magic = [UInt8](repeating: 0, count: 4)
        guard pread(descriptor, &magic, 4, 0) == 4 else { return false }
        return magic.starts(with: [0x37, 0x7F, 0x06])
    }

    /// Fills the file up with zeros to the size of so many pages. The database must be open: SQLite
    /// removes a log it finds beside an empty database.
    func grow(pages: Int) throws(StoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        let zeros = [UInt8](repeating: 0, count: 4096)
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
