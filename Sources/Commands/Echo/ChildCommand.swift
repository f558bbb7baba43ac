// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A command of the person, with our own streams, in our own process group.
final class ChildCommand: Sendable {
    private let process = Mutex<pid_t?>(nil)

    /// Runs it to its end; gives its exit code, or 128 and the number of the signal that ended it.
    func run(_ words: [String], _ environment: [String: String]) throws(CommandFailure) -> ExitCode {
        let child = try Self.spawn(words, environment)
        process.withLock { $0 = child }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        process.withLock { $0 = nil }
        return ExitCode(rawValue: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f))
    }

    /// Hands a signal on while the command runs.
    func send(_ number: Int32) {
        process.withLock { child in
            if let child { _ = kill(child, number) }
        }
    }

    /// With default handlers and no blocked signals, which we have changed for ourselves.
    private static func spawn(
        _ words: [String],
        _ environment: [String: String]
    ) throws(CommandFailure) -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let arguments = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        var child = pid_t()
        let error = posix_spawnp(&child, words[0], nil, &attributes, arguments, variables)
        guard error == 0 else {
            throw .notFound("`\(words[0])` cannot be started: \(String(cString: strerror(error)))")
        }
        return child
    }
}
