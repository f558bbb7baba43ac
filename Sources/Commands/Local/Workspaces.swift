// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model

/// The folders that runs work in, one each; kept after the run.
struct Workspaces: Sendable {
    /// `<data folder>/workspaces`.
    let root: String

    init(dataFolder: String) {
        root = "\(dataFolder)/workspaces"
    }

    func path(of run: RunID) -> String { "\(root)/\(run)" }

    /// Takes the folder of a run that did not begin away, unless something is in it.
    func discard(_ run: RunID) {
        rmdir(path(of: run))
    }

    /// Removes the folder of a run with everything in it; gives what could not be removed.
    ///
    /// Links are removed, not followed. No program may work in it any more.
    func remove(_ run: RunID) -> [String] {
        var left: [String] = []
        Self.remove(path(of: run), &left)
        // What programs of agents kept.
        Self.remove("\(path(of: run)).agents", &left)
        return left
    }

    private static func remove(_ path: String, _ left: inout [String]) {
        if unlink(path) == 0 || errno == ENOENT { return }
        // A tool may have made folders that not even their owner may enter.
        chmod(path, 0o700)
        if let folder = opendir(path) {
            defer { closedir(folder) }
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { remove("\(path)/\(name)", &left) }
            }
        }
        if rmdir(path) != 0 { left.append(path) }
    }

    /// Makes the folder of a run if it is not there, for its owner alone.
    func make(for run: RunID) throws(CommandFailure) { try make([root, path(of: run)]) }

    /// Makes the folder of all of them; those of runs are made when their first task needs it.
    func makeRoot() throws(CommandFailure) { try make([root]) }

    private func make(_ paths: [String]) throws(CommandFailure) {
        for path in paths where mkdir(path, 0o700) != 0 && errno != EEXIST {
            let number = errno
            let isFull = number == ENOSPC || number == EDQUOT
            throw CommandFailure(
                .unavailable,
                isFull ? "storage.full" : "store.unavailable",
                "the folder \(path) cannot be made: \(String(cString: strerror(number)))",
                hint: isFull ? CommandFailure.fullDisk : nil
            )
        }
    }
}
