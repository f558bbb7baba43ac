// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Confined programs that outlived the process that started them.
///
/// They die with it, except in their first milliseconds: bubblewrap forks before it asks the kernel for that, and
/// what was forked by then waits or works for ever. So whoever takes a folder over looks for them first, before it
/// repeats what they were to do.
public enum SandboxLeftovers {
    /// A look may come before a fork, and the next one after it.
    private static let looks = 10

    /// Kills every confined program whose workspace is beneath `folder`, and returns how many processes that were.
    ///
    /// Call it only while no other process may start programs there: it asks for no parent.
    @discardableResult
    public static func end(beneath folder: String) -> Int {
        guard let folder = SandboxMounts.real(folder) else { return 0 }
        var killed: Set<pid_t> = []
        for _ in 0..<looks {
            let found = processes().filter { !killed.contains($0) && kill($0, ifBeneath: folder) }
            if found.isEmpty { break }
            killed.formUnion(found)
        }
        return killed.count
    }

    private static func processes() -> [pid_t] {
        Descriptor(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC))?.entryNames().compactMap { pid_t($0) } ?? []
    }

    private static func kill(_ pid: pid_t, ifBeneath folder: String) -> Bool {
        guard isOurs(pid, folder), let process = Descriptor(baton_pidfd_open(pid)) else { return false }
        // Once open it cannot become another process, so it counts what it is now.
        return isOurs(pid, folder) && baton_pidfd_send_signal(process.number, SIGKILL) == 0
    }

    /// Its command line is one that ``Sandbox`` makes, for a workspace in the folder.
    private static func isOurs(_ pid: pid_t, _ folder: String) -> Bool {
        guard let file = Descriptor(open("/proc/\(pid)/cmdline", O_RDONLY | O_CLOEXEC)),
            let bytes = file.readAll(limit: 1 << 16)
        else { return false }
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.dropFirst().starts(with: Sandbox.isolation) else { return false }
        return zip(words, words.dropFirst()).contains { option, path in
            (option == "--bind" || option == "--ro-bind") && path.hasPrefix(folder + "/")
        }
    }
}
