// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Tools

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

    /// Removes the folder of a run with everything in it; says what stays, and why.
    ///
    /// Links are removed, not followed. No program may work in it any more. A working tree with work that is in no
    /// repository is never removed.
    func remove(_ run: RunID) -> [String] {
        var left: [String] = []
        Self.remove(path(of: run), &left)
        // What programs of agents kept.
        let agents = "\(path(of: run)).agents"
        let kept = Self.names(in: agents).filter { access("\(agents)/\($0)/\(TaskFolder.unsavedName)", F_OK) == 0 }
        if kept.isEmpty {
            Self.remove(agents, &left)
        } else {
            for name in Self.names(in: agents) where !kept.contains(name) { Self.remove("\(agents)/\(name)", &left) }
        }
        return left.map { "\($0) cannot be removed" }
            + kept.map { "\(agents)/\($0)/tree is kept: it may have work that is in no repository" }
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    private static func remove(_ path: String, _ left: inout [String]) {
        if unlink(path) == 0 || errno == ENOENT { return }
        // A tool may have made folders that not even their owner may enter.
        chmod(path, 0o700)
        for name in names(in: path) { remove("\(path)/\(name)", &left) }
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
