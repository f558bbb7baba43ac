// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Synchronization
import Testing
import Threads

@testable import Tools

/// Ways between a confined program and us.
@Suite(.timeLimit(.minutes(2)), .enabled("bubblewrap cannot start here") { await sandboxWorks() })
struct SandboxPortTests {
    /// Takes one connection, reads a line and answers; blocks its thread.
    private static func answerOnce(_ listener: Int32) {
        _ = fcntl(listener, F_SETFL, 0)
        let connection = accept(listener, nil, nil)
        close(listener)
        guard connection >= 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(connection, &bytes, 64)
        let answer = Array("you said \(String(decoding: bytes[..<max(0, count)], as: UTF8.self))".utf8)
        _ = write(connection, answer, answer.count)
        close(connection)
    }

    @Test func `a port inside is answered from outside, and no other is`() async throws {
        try await withFolder { folder in
            let command = """
                exec 3<>/dev/tcp/127.0.0.1/7423; echo hello >&3; cat <&3; (exec 4<>/dev/tcp/127.0.0.1/7424) 2>/dev/null || echo none
                """
            var program = Program(path: "/bin/bash", arguments: ["-c", command], workingDirectory: folder)
            program.ports = [
                SandboxPort(7423) { listener in OwnThread(named: "port") { Self.answerOnce(listener) }.detach() }
            ]
            let outcome = try await Sandbox().run(program, workspace: folder)
            #expect(outcome.result.output.text == "you said hello\nnone\n", "\(outcome.result.errors.text)")
        }
    }

    @Test func `without a sandbox there are no ports, and nothing runs`() async throws {
        try await withFolder { folder in
            var program = Program(path: "/bin/true", workingDirectory: folder)
            program.ports = [SandboxPort(7423) { close($0) }]
            let sandbox = Sandbox(SandboxSettings(isRequired: false, launcher: "/nowhere/bwrap"))
            do throws(TaskError) {
                _ = try await sandbox.run(program, workspace: folder)
                Issue.record("it ran")
            } catch {
                #expect(error.code == "sandbox.failed")
            }
        }
    }

    @Test func `a folder of ours is the home of a program, and keeps what it puts there`() async throws {
        try await withFolder { folder in
            try put("old", "\(folder)/home/file")
            try put("", "\(folder)/work/x")
            let program = Program(
                path: "/bin/sh",
                arguments: ["-c", "pwd; echo $HOME; cat $HOME/file; echo new > $HOME/file; ls /home"],
                workingDirectory: "\(folder)/work"
            )
            let outcome = try await Sandbox().run(
                program,
                workspace: "\(folder)/work",
                binds: [SandboxBind(folder: "\(folder)/home", place: "/home/agent", isHome: true)]
            )
            #expect(
                outcome.result.output.text == "\(folder)/work\n/home/agent\noldagent\n",
                "\(outcome.result.errors.text)"
            )
            #expect(content("\(folder)/home/file") == "new\n")
        }
    }
}

/// Programs that somebody looks at while they run.
@Suite(.timeLimit(.minutes(2))) struct ProgramWatchTests {
    private func run(
        _ command: String,
        silence: Duration? = nil,
        byteLimit: Int = .max,
        _ see: @escaping @Sendable (UnsafeRawBufferPointer) -> Void = { _ in }
    ) async throws -> ProgramResult {
        var program = Program(
            path: "/bin/sh",
            arguments: ["-c", command],
            limits: ProgramLimits(timeout: .seconds(60), grace: .milliseconds(100))
        )
        program.watch = ProgramWatch(silence: silence, byteLimit: byteLimit, see: see)
        return try await program.run()
    }

    @Test func `what it writes is seen as it comes`() async throws {
        let seen = Mutex("")
        let seenAll: @Sendable (UnsafeRawBufferPointer) -> Void = { bytes in
            seen.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        }
        let result = try await run("echo a; echo b >&2; echo c", seenAll)
        #expect(result.stopReason == nil && seen.withLock { $0 } == "a\nc\n")
    }

    @Test func `it is ended when it is silent, also when it ignores being asked to`() async throws {
        let result = try await run("echo a; trap '' TERM; sleep 50; sleep 50", silence: .milliseconds(300))
        #expect(result.stopReason == .silence && result.ending == .signalled(SIGKILL) && result.duration < .seconds(20))
    }

    @Test func `work is no silence`() async throws {
        let busy = "i=0; while [ $i -lt 800000 ]; do i=$((i+1)); done; echo done"
        let result = try await run(busy, silence: .milliseconds(400))
        #expect(result.stopReason == nil && result.output.text == "done\n")
    }

    @Test func `it is ended when it writes too much`() async throws {
        let result = try await run("yes | head -c 100000000; sleep 50", byteLimit: 1 << 20)
        #expect(result.stopReason == .output && result.duration < .seconds(20))
    }

    @Test func `it may be told that its time is up`() async throws {
        let watch = Mutex<ProgramWatch?>(nil)
        var program = Program(path: "/bin/sh", arguments: ["-c", "echo done; sleep 50"])
        let own = ProgramWatch { _ in watch.withLock { $0 }?.expectEnd(within: .milliseconds(10)) }
        watch.withLock { $0 = own }
        program.watch = own
        let result = try await program.run()
        #expect(result.stopReason == .ended && result.output.text == "done\n" && result.duration < .seconds(20))
    }

    @Test func `it is told things while it runs, until there is nothing more to tell`() async throws {
        var program = Program(
            path: "/bin/sh",
            arguments: ["-c", "while read -r line; do echo \"heard $line\"; done; echo over"]
        )
        let input = ProgramInput()
        program.input = Array("first\n".utf8)
        program.liveInput = input
        let rounds = Mutex(0)
        program.watch = ProgramWatch { _ in
            let round = rounds.withLock { count in
                count += 1
                return count
            }
            if round < 4 { input.send(Array("round \(round)\n".utf8)) } else { input.close() }
        }
        let result = try await program.run()
        let lines = result.output.text.split(whereSeparator: \.isNewline)
        #expect(lines.first == "heard first" && lines.last == "over" && lines.contains("heard round 3"), "\(lines)")
    }
}
