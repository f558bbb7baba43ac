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
        /// Calls of any kind before one fails, once.
        var callsLeft: Int?
        /// What that call answers.
        var callError = SQLITE_IOERR
    }

    private static let plan = Mutex(Plan())

    /// Makes the calls of `plan` fail from now on.
    static func fail(_ new: Plan) { plan.withLock { $0 = new } }

    /// Nothing fails any more.
    static func heal() { fail(Plan()) }

    /// Whether the one call that was to fail has failed.
    static var hasFailed: Bool { plan.withLock { $0.callsLeft.map { $0 < 0 } ?? false } }

    /// Makes the layer known to SQLite, once.
    static let isReady: Bool = {
        guard let system = sqlite3_vfs_find(nil), let name = strdup(name) else { return false }
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: system.pointee)
        layer.pointee.zName = UnsafePointer(name)
        layer.pointee.pNext = nil
        layer.pointee.xOpen = { layer, name, file, flags, out in
            if let error = FaultyDisk.nextCall() {
                file?.pointee.pMethods = nil
                return error
            }
            let code = sqlite3_vfs_find(nil)?.pointee.xOpen(layer, name, file, flags, out) ?? SQLITE_ERROR
            if code == SQLITE_OK, let file { FaultyDisk.wrap(file) }
            return code
        }
        layer.pointee.xDelete = { layer, name, sync in
            FaultyDisk.nextCall() ?? sqlite3_vfs_find(nil)?.pointee.xDelete(layer, name, sync) ?? SQLITE_ERROR
        }
        layer.pointee.xAccess = { layer, name, flags, out in
            FaultyDisk.nextCall() ?? sqlite3_vfs_find(nil)?.pointee.xAccess(layer, name, flags, out) ?? SQLITE_ERROR
        }
        return sqlite3_vfs_register(layer, 0) == SQLITE_OK
    }()

    /// The system's own calls for a file; they lie behind those that fail.
    private static func original(_ file: UnsafeMutablePointer<sqlite3_file>?) -> sqlite3_io_methods? {
        file?.pointee.pMethods?.advanced(by: 1).pointee
    }

    private static func wrap(_ file: UnsafeMutablePointer<sqlite3_file>) {
        guard let methods = file.pointee.pMethods else { return }
        let faulty = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 2)
        faulty.initialize(repeating: methods.pointee, count: 2)
        faulty.pointee.xRead = { file, bytes, count, offset in
            FaultyDisk.nextCall() ?? FaultyDisk.original(file)?.xRead(file, bytes, count, offset) ?? SQLITE_ERROR
        }
        faulty.pointee.xTruncate = { file, size in
            FaultyDisk.nextCall() ?? FaultyDisk.original(file)?.xTruncate(file, size) ?? SQLITE_ERROR
        }
        faulty.pointee.xFileSize = { file, size in
            FaultyDisk.nextCall() ?? FaultyDisk.original(file)?.xFileSize(file, size) ?? SQLITE_ERROR
        }
        // Temporary files have no such call.
        if methods.pointee.xShmMap != nil {
            faulty.pointee.xShmMap = { file, page, size, extend, out in
                FaultyDisk.nextCall() ?? FaultyDisk.original(file)?.xShmMap(file, page, size, extend, out)
                    ?? SQLITE_ERROR
            }
        }
        faulty.pointee.xWrite = { file, bytes, count, offset in
            guard let error = FaultyDisk.nextWrite() ?? FaultyDisk.nextCall() else {
                return FaultyDisk.original(file)?.xWrite(file, bytes, count, offset) ?? SQLITE_ERROR
            }
            if error == SQLITE_FULL { _ = FaultyDisk.original(file)?.xWrite(file, bytes, count / 2, offset) }
            return error
        }
        faulty.pointee.xSync = { file, flags in
            FaultyDisk.isFlushFailing() || FaultyDisk.nextCall() != nil
                ? SQLITE_IOERR | 4 << 8 : FaultyDisk.original(file)?.xSync(file, flags) ?? SQLITE_ERROR
        }
        file.pointee.pMethods = UnsafePointer(faulty)
    }

    /// The answer of a call that fails.
    private static func nextCall() -> Int32? {
        plan.withLock { plan in
            guard let left = plan.callsLeft, left >= 0 else { return nil }
            plan.callsLeft = left - 1
            return left == 0 ? plan.callError : nil
        }
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
