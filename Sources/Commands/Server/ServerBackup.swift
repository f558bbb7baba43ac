// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Server
import Store
import StoreSQLite

/// Backups that are asked for over the API: folders in `backups` of the data folder.
enum ServerBackup {
    /// Makes one. Blocks.
    ///
    /// - Parameter name: One part of a path.
    static func make(_ name: String, of folder: String) throws(Problem) -> JSONValue {
        let parent = "\(folder)/backups"
        guard mkdir(parent, 0o700) == 0 || errno == EEXIST else {
            throw Problem(503, "store.unavailable", "the folder `backups` cannot be made (errno \(errno))")
        }
        do throws(StoreError) {
            let manifest = try FolderBackup(at: "\(parent)/\(name)").create(of: folder, program: Baton.version)
            return manifest.json(path: "\(parent)/\(name)")
        } catch {
            switch error.code {
            case .conflict: throw Problem(409, "state.conflict", "there is a backup `\(name)` already")
            case .full: throw Problem(507, "storage.full", error.message)
            default: throw Problem(503, "store.unavailable", error.message)
            }
        }
    }
}
