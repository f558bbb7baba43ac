// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc
import Synchronization

/// A file layer under SQLite that fails on demand. There is one for the process, so its tests run one by one.
enum FaultyDisk {
    static let name = "faulty"

    /// Which calls fail. A countdown of `nil` never fires; at 0 every call fails.
    struct Plan: Sendable {
        var writesLeft: Int?
        var flushesLeft: Int?
        /// What a write answers; a write that fails for room writes its first half.
        var writeError = SQLITE_FULL
    }

    private static let plan = Mutex(Plan())

    /// Makes the calls of `plan` fail from now on.
    static func fail(_ new: Plan) { plan.withLock { $0 = new } }

    /// Nothing fails any more.
    static func heal() { fail(Plan()) }

    /// Makes the layer known to SQLite, once.
    static let isReady: Bool = {
        guard let system = sqlite3_vfs_find(nil), let name = strdup(name) else { return false }
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: system.pointee)
        layer.pointee.zName = UnsafePointer(name)
        layer.pointee.pNext = nil
        layer.pointee.xOpen = { layer, name, file, flags, out in
            let code = sqlite3_vfs_find(nil)?.pointee.xOpen(layer, name, file, flags, out) ?? SQLITE_ERROR
            if code == SQLITE_OK, let file { FaultyDisk.wrap(file) }
            return code
        }
        return sqlite3_vfs_register(layer, 0) == SQLITE_OK
    }()

    /// The system's own calls; the same functions for every kind of file.
    private nonisolated(unsafe) static var original: sqlite3_io_methods?
    // Guarded by `isReady`: files are opened on the test's thread only.

    private static func wrap(_ file: UnsafeMutablePointer<sqlite3_file>) {
        guard let methods = file.pointee.pMethods else { return }
        original = methods.pointee
        let faulty = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        faulty.initialize(to: methods.pointee)
        faulty.pointee.xWrite = { file, bytes, count, offset in
            guard let error = FaultyDisk.nextWrite() else {
                return FaultyDisk.original?.xWrite(file, bytes, count, offset) ?? SQLITE_ERROR
            }
            if error == SQLITE_FULL { _ = FaultyDisk.original?.xWrite(file, bytes, count / 2, offset) }
            return error
        }
        faulty.pointee.xSync = { file, flags in
            FaultyDisk.isFlushFailing()
                ? SQLITE_IOERR | 4 << 8 : FaultyDisk.original?.xSync(file, flags) ?? SQLITE_ERROR
        }
        file.pointee.pMethods = UnsafePointer(faulty)
    }

    private static func nextWrite() -> Int32? {
        plan.withLock { plan in
            guard let left = plan.writesLeft else { return nil }
            plan.writesLeft = max(0, left - 1)
            return left == 0 ? plan.writeError : nil
        }
    }

    private static func isFlushFailing() -> Bool {
        plan.withLock { plan in
            guard let left = plan.flushesLeft else { return false }
            plan.flushesLeft = max(0, left - 1)
            return left == 0
        }
    }
}
