// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Store

/// Keeps blobs from being removed while somebody copies them.
///
/// A backup copies the database first and the blobs after, so that all blobs the copy names were there when it was made.
/// They must stay until they are copied, also when the rows that name them go meanwhile. The lock belongs to an open
/// file, so it falls with the process, however that dies.
enum BackupLock {
    /// Copies under the lock; waits until a step of removing is over. Several may copy at a time.
    static func copying<Value>(_ folder: String, _ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        let descriptor = try open(folder)
        defer { unlock(descriptor) }
        while flock(descriptor, LOCK_SH) != 0 {
            guard errno == EINTR else { throw .system("flock", folder, errno) }
        }
        return try body()
    }

    /// Removes under the lock; does nothing and gives `nil` while somebody copies.
    static func removing<Value>(_ folder: String, _ body: () throws(StoreError) -> Value) throws(StoreError) -> Value? {
        let descriptor = try open(folder)
        defer { unlock(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .system("flock", folder, errno) }
            return nil
        }
        return try body()
    }

    private static func unlock(_ descriptor: Int32) {
        // Not left to `close`: a child between fork and exec has a copy of the descriptor.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func open(_ folder: String) throws(StoreError) -> Int32 {
        let path = folder + "/backup.lock"
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        return descriptor
    }
}
