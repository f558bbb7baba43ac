// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import Synchronization

/// Finding and removing files.
extension BlobFiles {
    /// Blobs with a hash above `hash`, by hash.
    func blobs(after hash: String, limit: Int) throws(StoreError) -> [StoredBlob] {
        var result: [StoredBlob] = []
        for folder in try names(in: root) where folder.utf8.count == 2 && folder >= hash.prefix(2) {
            for name in try names(in: "\(root)/\(folder)") where name.utf8.count == 62 && folder + name > hash {
                guard result.count < limit else { return result }
                if let status = status(of: "\(root)/\(folder)/\(name)") {
                    let blob = BlobRef(hash: folder + name, size: Int(status.st_size))
                    result.append(StoredBlob(blob: blob, putAt: status.modified))
                }
            }
        }
        return result
    }

    /// Removes files that were last put before `time`; gives those that were removed.
    func remove(_ blobs: [BlobRef], lastPutBefore time: Timestamp) throws(StoreError) -> [BlobRef] {
        var removed: [BlobRef] = []
        for blob in blobs {
            let path = path(of: blob)
            let code = ages.withLock { _ -> Int32? in
                guard let status = status(of: path), status.modified < time else { return nil }
                return unlink(path) == 0 ? 0 : errno
            }
            guard let code, code != ENOENT else { continue }
            guard code == 0 else { throw .system("remove", path, code) }
            removed.append(blob)
        }
        return removed
    }

    /// The names in a folder without those that begin with a dot; none when there is no such folder.
    func names(in path: String) throws(StoreError) -> [String] {
        try FileTree.names(in: path).filter { !$0.hasPrefix(".") }
    }

    private func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}

extension stat {
    /// When the file was written last.
    var modified: Timestamp {
        Timestamp(milliseconds: Int64(st_mtim.tv_sec) * 1000 + Int64(st_mtim.tv_nsec) / 1_000_000)
    }
}

/// The time of the system's clock.
@Sendable func wallTime() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
}
