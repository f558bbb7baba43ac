// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Model

@testable import Tools

/// One start of the real program, which may be killed on the way. Calls block.
struct BatonProcess {
    /// How it ended and what it wrote until then.
    struct Outcome {
        /// The exit code; `nil` when SIGKILL ended it.
        let exit: Int32?
        /// Whole lines of standard output: a killed process may have written a part of one more.
        let lines: [String]
        let errors: String
        let duration: Duration

        var isKilled: Bool { exit == nil }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// No process of these tests takes that long unless it hangs; the long form makes a thousand calls at once.
    private static let limit = Duration.seconds(CrashPlan.isExhaustive ? 600 : 60)

    let arguments: [String]
    let environment: [String: String]
    let folder: String

    /// Runs it to its end, or to its death by `kill`.
    func run(_ kill: Kill? = nil) throws -> Outcome {
        var environment = environment
        if case .point(let point, let hit) = kill { environment["BATON_CRASH_AT"] = "\(point.rawValue):\(hit)" }
        let program = Program(
            path: Self.path,
            arguments: arguments,
            environment: environment,
            workingDirectory: folder
        )
        var watch = try Watch(program)
        return try watch.follow(kill, limit: Self.limit)
    }

    /// The program is built beside the tests.
    static let path: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let folders = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "/")
        let places = folders.indices.reversed().map { "/" + folders[..<$0].joined(separator: "/") + "/baton" }
        return places.first { access($0, X_OK) == 0 } ?? "/baton-is-not-built"
    }()
}

/// A process that runs, and its pipes.
private struct Watch {
    private let pid: pid_t
    private let process: Descriptor
    private let pipes: [Descriptor]
    private var texts: [[UInt8]] = [[], []]
    private var lineCount = 0
    private let start = ContinuousClock.now

    init(_ program: Program) throws {
        let pipes = try ChildPipes(program)
        pid = try pipes.spawn(program)
        guard let process = Descriptor(baton_pidfd_open(pid)) else {
            throw BatonProcess.Failure(description: "no descriptor for the process: \(systemError())")
        }
        self.process = process
        self.pipes = pipes.readers.compactMap { $0 }
        for pipe in self.pipes { pipe.makeNonBlocking() }
    }

    mutating func follow(_ kill: Kill?, limit: Duration) throws -> BatonProcess.Outcome {
        var open = pipes.indices.map { _ in true }
        while true {
            var list = [pollfd(fd: process.number, events: Int16(POLLIN), revents: 0)]
            for (pipe, isOpen) in zip(pipes, open) {
                list.append(pollfd(fd: isOpen ? pipe.number : -1, events: Int16(POLLIN), revents: 0))
            }
            if case .signal(let descriptor) = kill {
                list.append(pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0))
            }
            _ = poll(&list, nfds_t(list.count), timeout(kill, limit))
            for index in pipes.indices where list[index + 1].revents != 0 { open[index] = read(index) }
            if list[0].revents != 0 { return try end() }
            if isDue(kill, list) { send() }
            guard ContinuousClock.now - start < limit else {
                send()
                throw BatonProcess.Failure(description: "still running after \(limit): \(try end())")
            }
        }
    }

    private func send() {
        _ = baton_pidfd_send_signal(process.number, SIGKILL)
    }

    private func isDue(_ kill: Kill?, _ list: [pollfd]) -> Bool {
        switch kill {
        case .line(let number): lineCount >= number
        case .time(let delay): ContinuousClock.now - start >= delay
        case .signal: list.last.map { $0.revents != 0 } ?? false
        case .point, nil: false
        }
    }

    private func timeout(_ kill: Kill?, _ limit: Duration) -> Int32 {
        var end = limit
        if case .time(let delay) = kill, ContinuousClock.now - start < delay { end = delay }
        let left = start + end - ContinuousClock.now
        return Int32(clamping: max(0, Int64(left / .milliseconds(1)) + 1))
    }

    /// Reads what is there; false at the end of the pipe.
    private mutating func read(_ index: Int) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(pipes[index].number, &buffer, buffer.count)
            guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
            texts[index] += buffer[..<count]
            if index == 0 { lineCount += buffer[..<count].count { $0 == UInt8(ascii: "\n") } }
        }
    }

    private mutating func end() throws -> BatonProcess.Outcome {
        var list = [pollfd(fd: process.number, events: Int16(POLLIN), revents: 0)]
        _ = poll(&list, 1, -1)
        for index in pipes.indices { _ = read(index) }
        var code: Int32 = 0
        guard baton_reap(pid, &code) == 1 else { throw BatonProcess.Failure(description: "not reaped") }
        guard code >= 0 || code == -SIGKILL else { throw BatonProcess.Failure(description: "ended by signal \(-code)") }
        let parts = texts[0].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        return BatonProcess.Outcome(
            exit: code < 0 ? nil : code,
            lines: parts.map { String(decoding: $0, as: UTF8.self) },
            errors: String(decoding: texts[1], as: UTF8.self),
            duration: .now - start
        )
    }
}
