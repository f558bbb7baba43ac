// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Threads

@testable import Tools

@Suite(.timeLimit(.minutes(5))) struct ProgramTests {
    @Test func `a program's output, errors and exit code come back`() async throws {
        let result = try await shell("cat; echo oops >&2; exit 3", input: Array("hello".utf8))
        #expect(result.output.text == "hello")
        #expect(result.errors.text == "oops\n")
        #expect(result.ending == .exited(3) && result.exitCode == 3 && result.stopReason == nil)
        let killed = try await shell("kill -9 $$")
        #expect(killed.ending == .signalled(9) && killed.exitCode == 137)
    }

    @Test func `more output than its limit keeps the beginning and the end`() async throws {
        let result = try await shell("seq 1 100000; seq 1 10 >&2", limits: ProgramLimits(outputBytes: 20))
        #expect(result.output.text == "1\n2\n3\n4\n5\n\n[… 588875 bytes omitted …]\n99\n100000\n")
        #expect(result.output.totalBytes == 588_895)
        #expect(result.errors.omittedBytes == 1)
    }

    @Test func `input larger than a pipe goes through, also when nobody reads it`() async throws {
        let input = [UInt8](repeating: 97, count: 3 << 20)
        let counted = try await shell("wc -c", input: input)
        #expect(counted.output.text == "3145728\n")
        // The reader has gone: without care the write would end this process by SIGPIPE.
        let ignored = try await shell("exec 0<&-; sleep 0.05; exit 4", input: input)
        #expect(ignored.ending == .exited(4))
        let none = try await shell("wc -c")
        #expect(none.output.text == "0\n")
    }

    @Test func `a child starts clean`() async throws {
        signal(SIGPIPE, SIG_IGN)
        let program = Program(
            path: "/bin/sh",
            arguments: [
                "-c",
                "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd; env; pwd; cut -d' ' -f6 /proc/$$/stat; echo $$",
            ],
            environment: ["A": "b c"],
            workingDirectory: "/usr"
        )
        var clean = program
        clean.limits.memoryBytes = nil
        let result = try await clean.run()
        let lines = result.output.text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "SigBlk:\t0000000000000000")
        // glibc itself lets a new process ignore its two internal signals, 32 and 33.
        let ignored = UInt64(lines[1].split(separator: "\t").last ?? "", radix: 16)
        #expect(ignored.map { $0 & ~0x1_8000_0000 } == 0, "\(lines[1])")
        #expect(Array(lines[2...4]) == ["0", "1", "2"])
        #expect(lines.contains("A=b c") && !lines.contains { $0.hasPrefix("HOME=") })
        #expect(lines.contains("/usr"))
        #expect(lines.suffix(2).map { $0.filter { $0 != " " } }.first == lines.last)
    }

    @Test func `the time limit ends the whole group, even one that ignores SIGTERM`() async throws {
        let limits = ProgramLimits(timeout: .seconds(3), grace: .milliseconds(100))
        let result = try await shell(
            "trap '' TERM; (trap '' TERM; sleep 1000) & echo $!; wait; sleep 1000",
            limits: limits
        )
        #expect(result.stopReason == .timeout)
        #expect(result.ending == .signalled(SIGKILL))
        let grandchild = result.output.text.filter(\.isNumber)
        #expect(!grandchild.isEmpty)
        await wait { !isAlive(grandchild) }
    }

    @Test func `a polite program may end within the grace`() async throws {
        let limits = ProgramLimits(timeout: .seconds(3), grace: .seconds(30))
        let result = try await shell("trap 'echo bye; exit 7' TERM; while :; do sleep 0.01; done", limits: limits)
        #expect(result.stopReason == .timeout && result.ending == .exited(7))
        #expect(result.output.text == "bye\n")
    }

    @Test func `what holds the pipes after the end is not waited for`() async throws {
        let result = try await shell("sleep 1000 & echo $!; exit 0")
        #expect(result.ending == .exited(0))
        #expect(result.duration < .seconds(20))
        let left = result.output.text.filter(\.isNumber)
        await wait { !isAlive(left) }
        // A new session leaves the group, so only the wait for its pipes ends.
        let escaped = try await shell("setsid sleep 30 & exit 0")
        #expect(escaped.ending == .exited(0))
        #expect(escaped.duration < .seconds(25))
    }

    @Test func `a cancelled program ends`() async throws {
        let signal = CancellationSignal()
        async let bySignal = shell("echo started; sleep 1000", cancellation: signal)
        signal.cancel()
        do {
            let result = try await bySignal
            #expect(result.stopReason == .cancelled)
        } catch let error as ProgramError {
            #expect(error.code == .cancelled)
        }
        try await withFolder { folder in
            let task = Task { try await shell("touch \(folder)/started; sleep 1000") }
            await wait { content("\(folder)/started") != nil }
            task.cancel()
            let result = try await task.value
            #expect(result.stopReason == .cancelled)
        }
        await #expect(throws: ProgramError.self) { _ = try await shell("true", cancellation: signal) }
    }

    @Test func `a handler of a signal runs once, also when it comes late`() {
        let signal = CancellationSignal()
        let counter = CancellationCounter()
        _ = signal.onCancel { counter.add() }
        signal.onCancel { counter.add() }.remove()
        signal.cancel()
        signal.cancel()
        #expect(counter.count == 1 && signal.isCancelled)
        _ = signal.onCancel { counter.add() }
        #expect(counter.count == 2)
    }

    @Test func `a program that is not there is told apart from one that fails`() async throws {
        for path in ["/nonexistent/program", "/etc/passwd", "/tmp"] {
            let error = await #expect(throws: ProgramError.self) { _ = try await Program(path: path).run() }
            #expect(error?.code == .notFound, "\(path)")
        }
        let nul = await #expect(throws: ProgramError.self) {
            _ = try await Program(path: "/bin/echo", arguments: ["a\0b"]).run()
        }
        #expect(nul?.code == .notStarted)
    }

    @Test func `files and memory are limited`() async throws {
        try await withFolder { folder in
            let file = try await shell("head -c 10000 /dev/zero > \(folder)/f", limits: ProgramLimits(fileBytes: 1000))
            #expect(file.exitCode != 0)
            #expect(content("\(folder)/f")?.utf8.count == 1000)
        }
        let memory = try await shell(
            "head -c 200000000 /dev/zero | tail -c 150000000 | wc -c",
            limits: ProgramLimits(memoryBytes: 50 << 20)
        )
        #expect(memory.output.text == "0\n")
    }

    @Test func `many programs at once lose no descriptor and leave no zombie`() async throws {
        // In a process of its own, because other tests open descriptors at the same time.
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            try await shell("true")
            let before = openFiles()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let limits = ProgramLimits(
                            timeout: number % 10 == 0 ? .milliseconds(1) : .seconds(30),
                            grace: .zero
                        )
                        let path = number % 7 == 0 ? "/nonexistent" : "/bin/cat"
                        _ = try? await Program(path: path, input: [65], limits: limits).run()
                    }
                }
                try await group.waitForAll()
            }
            let after = openFiles()
            precondition(before == after, "\(before) became \(after)")
            precondition(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD, "a child is left")
        }
        #expect(String(decoding: result.standardErrorContent, as: UTF8.self) == "")
    }
}

/// What the descriptors of this process stand for, sorted; without files of other tests, whose names may change.
private func openFiles() -> [String] {
    guard let folder = Descriptor(open("/proc/self/fd", O_RDONLY | O_DIRECTORY)) else { return [] }
    let targets = folder.entryNames().compactMap { number in Int32(number).flatMap { target(of: $0) } }
    return targets.filter { !$0.hasPrefix("/tmp/") }.sorted()
}

private func target(of number: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: 200)
    let count = readlink("/proc/self/fd/\(number)", &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
}

final class CancellationCounter: @unchecked Sendable {
    // Used by one thread at a time in these tests.
    private(set) var count = 0

    func add() { count += 1 }
}

@Suite struct CapturedOutputTests {
    @Test func `pieces of any size give the same head and tail`() {
        let bytes = (0..<1000).map { UInt8($0 % 251) }
        for limit in [0, 1, 2, 7, 10, 999, 1000, 2000] {
            var whole = CapturedOutput(byteLimit: limit)
            whole.append(bytes)
            for size in [1, 3, 8, 100, 600] {
                var pieces = CapturedOutput(byteLimit: limit)
                for start in stride(from: 0, to: 1000, by: size) {
                    pieces.append(Array(bytes[start..<min(1000, start + size)]))
                }
                #expect(pieces.bytes == whole.bytes, "limit \(limit), pieces of \(size)")
                #expect(pieces.omittedBytes == max(0, 1000 - limit), "limit \(limit), pieces of \(size)")
            }
        }
    }
}

@Suite struct ProgramTeardownTests {
    private let start = ContinuousClock.now

    @Test func `the caller says how long a program may take to end`() {
        let start = ContinuousClock.now
        var patient = ProgramTeardown(start: start, timeout: .seconds(10), grace: .seconds(2))
        #expect(patient.cancel(now: start, grace: .seconds(5)) == .terminate)
        #expect(patient.tick(now: start + .seconds(4)) == .none)
        #expect(patient.tick(now: start + .seconds(5)) == .kill)
        var hasty = ProgramTeardown(start: start, timeout: .seconds(10), grace: .seconds(2))
        #expect(hasty.cancel(now: start, grace: .zero) == .kill)
        #expect(hasty.cancel(now: start, grace: .zero) == .none && hasty.stopReason == .cancelled)
    }

    @Test func `first asked, then killed, then only the end counts`() {
        var machine = ProgramTeardown(start: start, timeout: .seconds(10), grace: .seconds(2))
        #expect(machine.tick(now: start + .milliseconds(9999)) == .none)
        #expect(machine.deadline == start + .seconds(10))
        #expect(machine.tick(now: start + .seconds(10)) == .terminate)
        #expect(machine.tick(now: start + .milliseconds(11_999)) == .none)
        #expect(machine.cancel(now: start + .seconds(11)) == .none)
        #expect(machine.tick(now: start + .seconds(12)) == .kill)
        #expect(machine.deadline == nil)
        #expect(machine.processEnded(now: start + .seconds(13), hasOpenPipes: false) == .finish)
        #expect(machine.stopReason == .timeout)
    }

    @Test func `after the end the pipes get a quarter of a second`() {
        var machine = ProgramTeardown(start: start, timeout: .seconds(10), grace: .seconds(2))
        #expect(machine.pipesClosed() == .none)
        #expect(machine.processEnded(now: start + .seconds(1), hasOpenPipes: true) == .none)
        #expect(machine.tick(now: start + .milliseconds(1249)) == .none)
        #expect(machine.cancel(now: start + .milliseconds(1249)) == .none)
        #expect(machine.pipesClosed() == .finish)
        #expect(machine.tick(now: start + .milliseconds(1250)) == .finish)
        #expect(machine.stopReason == nil)
    }
}
