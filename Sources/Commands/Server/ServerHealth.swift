// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Server
import Store
import StoreSQLite

/// What the server needs of this machine (spec 12.5).
enum ServerHealth {
    /// With less room nothing can be taken on.
    private static let leastRoom = 32 << 20

    static func checks(_ folder: String, _ blobs: SQLiteBlobStore) -> [HealthCheck] {
        [
            HealthCheck("disk") { disk(folder) },
            HealthCheck("blobs") {
                do throws(StoreError) {
                    _ = try blobs.blobs(after: nil, limit: 1)
                    return nil
                } catch { return "they cannot be read (\(error.code))" }
            },
        ]
    }

    /// Writes a page, because a disk may be full, broken or read-only without saying so.
    private static func disk(_ folder: String) -> String? {
        var status = statvfs()
        if statvfs(folder, &status) == 0 {
            let free = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
            if !free.overflow, free.partialValue < leastRoom {
                return "\(free.partialValue >> 20) MiB are free, \(leastRoom >> 20) MiB are needed"
            }
        }
        let path = "\(folder)/health.probe"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return "the data folder cannot be written (errno \(errno))" }
        defer {
            close(descriptor)
            unlink(path)
        }
        let page = [UInt8](repeating: 0, count: 4096)
        guard write(descriptor, page, page.count) == page.count else {
            return "the data folder cannot be written (errno \(errno))"
        }
        return nil
    }
}
