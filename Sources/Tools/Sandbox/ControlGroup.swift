// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A control group of the kernel: what one program and all processes it makes may use together.
///
/// Folders of the kernel's file system stand for it, one in each hierarchy. It ends with the program; folders that are
/// still busy then are tried again with the next ones.
final class ControlGroup: Sendable {
    private struct State {
        var count = 0
        /// Folders that were busy when they were to go.
        var left: [String] = []
    }

    private static let state = Mutex(State())
    private static let prefix = "baton-"

    private let folders: [(path: String, place: ControlGroupPlace)]

    private init(_ folders: [(path: String, place: ControlGroupPlace)]) { self.folders = folders }

    /// Makes one with these limits; `nil` when the kernel refuses.
    static func make(_ limits: ProgramLimits, in places: [ControlGroupPlace]) -> ControlGroup? {
        let (number, left) = state.withLock { state in
            state.count += 1
            defer { state.left = [] }
            return (state.count, state.left)
        }
        remove(left)
        var folders: [(path: String, place: ControlGroupPlace)] = []
        for place in places {
            let path = "\(place.folder)/\(prefix)\(getpid())-\(number)"
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
                remove(folders.map(\.path))
                return nil
            }
            folders.append((path, place))
        }
        let group = ControlGroup(folders)
        guard folders.allSatisfy({ $0.place.limit($0.path, limits) }) else {
            remove(folders.map(\.path))
            return nil
        }
        return group
    }

    /// Puts a process into it, with what it makes from then on.
    func add(_ process: pid_t) -> Bool {
        folders.allSatisfy { ControlGroupPlace.write("\(process)", to: "\($0.path)/cgroup.procs") }
    }

    /// The kernel ended one of its processes because they had too much memory.
    var ranOutOfMemory: Bool {
        folders.contains { folder in
            guard let file = folder.place.memoryEvents,
                let text = ControlGroupPlace.read("\(folder.path)/\(file)")
            else { return false }
            return text.split(separator: "\n").contains { $0.hasPrefix("oom_kill ") && $0 != "oom_kill 0" }
        }
    }

    /// Its processes have ended.
    func end() { Self.remove(folders.map(\.path)) }

    private static func remove(_ folders: [String]) {
        let busy = folders.filter { rmdir($0) != 0 && errno == EBUSY }
        if !busy.isEmpty { state.withLock { $0.left += busy } }
    }

    /// Whether a process can be put into a group made there: tries it with one that does nothing.
    static func holds(in places: [ControlGroupPlace]) -> Bool {
        guard let group = make(ProgramLimits(memoryBytes: 64 << 20, processes: 8), in: places) else { return false }
        defer { group.end() }
        var process: pid_t = 0
        let words: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/sleep"), strdup("5"), nil]
        defer { for word in words { free(word) } }
        guard posix_spawn(&process, "/bin/sleep", nil, nil, words, nil) == 0 else { return false }
        defer {
            kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
        }
        return group.add(process)
    }

    /// Removes what processes that are no more left behind in these places.
    static func sweep(_ places: [ControlGroupPlace]) {
        for place in places {
            let names = Descriptor(open(place.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))?.entryNames() ?? []
            for name in names where name.hasPrefix(prefix) {
                let owner = name.dropFirst(prefix.count).split(separator: "-").first.flatMap { pid_t($0) }
                if let owner, kill(owner, 0) != 0, errno == ESRCH { rmdir("\(place.folder)/\(name)") }
            }
        }
    }
}
