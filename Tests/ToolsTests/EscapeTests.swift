// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Testing
import Threads

@testable import Tools

/// Everything that a confined program could try to get out, many attempts in one start.
@Suite(.timeLimit(.minutes(5)), .enabled("bubblewrap or Python is missing") { await canTry() })
struct EscapeTests {
    @Test func `no attempt of a shell gets out`() async throws {
        try await withOutside { outside in
            let script = "\(outside.workspace)/attempts.sh"
            try put(EscapeAttempt.shellScript, script)
            try await outside.expectHeld(EscapeAttempt.shell, by: "/bin/sh", script)
        }
    }

    @Test func `no system call and no connection gets out`() async throws {
        try await withOutside { outside in
            let script = "\(outside.workspace)/attempts.py"
            try put(EscapeAttempt.pythonScript, script)
            try await outside.expectHeld(EscapeAttempt.python, by: "/usr/bin/python3", script)
        }
    }

    @Test func `who does not end is ended, with all that it made`() async throws {
        try await withOutside { outside in
            // Without bounds that would end some of them first.
            let limits = ProgramLimits(
                timeout: .milliseconds(400),
                grace: .milliseconds(200),
                memoryBytes: nil,
                processes: nil
            )
            for (name, command) in [
                ("it ignores that it should end", "trap '' TERM INT HUP; while :; do :; done"),
                ("it makes processes without end", "f() { while :; do sleep 98763 & done; }; f"),
                ("it makes processes that leave", "while :; do setsid sleep 98763 & done 2>/dev/null"),
                ("it stops itself", "kill -STOP $$; sleep 98763"),
                (
                    "it leaves a process behind",
                    "setsid sh -c 'trap \"\" TERM HUP; exec sleep 98763' & exec sleep 98763"
                ),
            ] {
                let result = try await outside.run("/bin/sh", ["-c", command], limits)
                #expect(result.stopReason == .timeout && result.duration < .seconds(30), "\(name)")
            }
            // This one ends by itself, and what it leaves ends with it.
            let result = try await outside.run("/bin/sh", ["-c", "setsid sleep 98763 & exit 0"], ProgramLimits())
            #expect(result.ending == .exited(0))
            let all = try await outside.run("/bin/sh", ["-c", "kill -9 -1"], ProgramLimits())
            #expect(all.stopReason == nil)
            await wait { !isAnyRunning("sleep\u{0}98763\u{0}") }
            try await outside.expectUntouched()
        }
    }

    @Test func `a gigabyte of output is read and counted, and little of it kept`() async throws {
        try await withOutside { outside in
            let limits = ProgramLimits(timeout: .seconds(120), outputBytes: 64 << 10)
            let result = try await outside.run("/bin/sh", ["-c", "head -c 1G /dev/zero"], limits)
            #expect(result.output.totalBytes == 1 << 30 && result.output.isTruncated)
            #expect(result.output.bytes.count < 80 << 10 && result.stopReason == nil)
        }
    }

    @Test func `a program that crashes leaves no memory behind`() async throws {
        try await withOutside { outside in
            let command = "ulimit -c unlimited 2>/dev/null; sh -c 'kill -SEGV $$'; ls"
            let result = try await outside.run("/bin/sh", ["-c", command], ProgramLimits())
            #expect(!result.output.text.contains("core"), "\(result.output.text)")
        }
    }

    @Test func `only some of the workspace is there, and only some of that can be changed, if a profile says so`()
        async throws
    {
        try await withFolder { folder in
            let workspace = "\(folder)/workspace"
            for path in ["reports/old", "secrets/key", "src/a", ".env"] { try put("text", "\(workspace)/\(path)") }
            var settings = SandboxSettings()
            settings.writePaths = ["\(workspace)/reports", "\(workspace)/absent"]
            settings.forbiddenPaths = ["\(workspace)/secrets", "\(workspace)/.env", "\(workspace)/nothing"]
            symlink("\(folder)", "\(workspace)/way")
            settings.writePaths?.append("\(workspace)/way")
            let command = """
                for f in reports/new src/new new secrets/new absent/new way/new; do echo x > $f && echo wrote $f; done
                cat secrets/key .env src/a reports/old; mv secrets other && echo moved; ls secrets
                """
            let program = Program(path: "/bin/sh", arguments: ["-c", command], workingDirectory: workspace)
            let outcome = try await Sandbox(settings).run(program, workspace: workspace)
            // Where the link leads, there is a private folder.
            let expected = "wrote reports/new\nwrote way/new\ntexttext"
            #expect(outcome.result.output.text == expected, "\(outcome.result.errors.text)")
            #expect(content("\(folder)/new") == nil && content("\(workspace)/secrets/key") == "text")
        }
    }

    private func isAnyRunning(_ commandLine: String) -> Bool {
        let names = Descriptor(open("/proc", O_RDONLY | O_DIRECTORY))?.entryNames() ?? []
        return names.contains { content("/proc/\($0)/cmdline") == commandLine && isAlive($0) }
    }
}

private func canTry() async -> Bool {
    guard access("/usr/bin/python3", X_OK) == 0 else { return false }
    return await sandboxWorks()
}

/// What is there to be reached: files, a hidden folder, sockets of every kind, and a process.
private struct Outside {
    let folder: String
    let port: String
    let victim: String

    var workspace: String { "\(folder)/workspace" }

    /// Runs a program in the sandbox, which is told where everything is.
    func run(_ path: String, _ arguments: [String], _ limits: ProgramLimits) async throws -> ProgramResult {
        var settings = SandboxSettings(hiddenPaths: ["\(folder)/secret"])
        settings.temporaryBytes = 8 << 20
        let program = Program(
            path: path,
            arguments: arguments,
            environment: [
                "OUT": "\(folder)/outside", "SECRET": "\(folder)/secret", "PORT": port, "VICTIM": victim,
                "ABSTRACT": "baton-test-\(victim)",
            ],
            workingDirectory: workspace,
            limits: limits
        )
        let outcome = try await Sandbox(settings).run(program, workspace: workspace, readPaths: ["\(folder)/outside"])
        #expect(outcome.isSandboxed)
        return outcome.result
    }

    func expectHeld(_ attempts: [EscapeAttempt], by program: String, _ script: String) async throws {
        let result = try await run(program, [script], ProgramLimits(timeout: .seconds(120)))
        let lines = Set(result.output.text.split(separator: "\n").map(String.init))
        let unproven = attempts.map(\.name).filter { !lines.contains("\($0): held") }
        #expect(unproven == [], "\(result.errors.lastText(2000))")
        #expect(lines.count == attempts.count)
        try await expectUntouched()
    }

    func expectUntouched() async throws {
        #expect(content("\(folder)/outside/file") == "old" && content("\(folder)/secret/key") == "key")
        #expect(content("\(folder)/touched") == nil, "\(content("\(folder)/touched") ?? "")")
        #expect(isAlive(victim))
        let list = try await shell("ls -A \(folder)/outside \(folder)/secret; stat -c %a \(folder)/outside/file")
        #expect(list.output.text == "\(folder)/outside:\nfile\nsocket\n\n\(folder)/secret:\nkey\nsocket\n644\n")
        for path in ["/etc/baton-escape", "/bin/baton-escape", "/usr/local/bin/baton-escape", "\(folder)/beside"] {
            #expect(access(path, F_OK) != 0, "\(path)")
        }
    }
}

private func withOutside(_ body: (Outside) async throws -> Void) async throws {
    setenv("BATON_TEST_SECRET", "secret", 1)
    try await withFolder { folder in
        try put("old", "\(folder)/outside/file")
        try put("key", "\(folder)/secret/key")
        mkdir("\(folder)/workspace", 0o755)
        let stop = CancellationSignal()
        let name = "baton-test-outside"
        let outside = Task {
            // Its number is a part of the abstract name, so a shell takes it first.
            try await shell(
                "exec /usr/bin/python3 -c '\(EscapeAttempt.victim.replacing("'", with: "'\\''"))' "
                    + "\(folder)/outside \(folder)/secret baton-test-$$ \(name)",
                limits: ProgramLimits(timeout: .seconds(300)),
                cancellation: stop
            )
        }
        await wait { content("\(folder)/pid") != nil }
        let segment = try await shell("ipcmk -M 4096 | grep -o '[0-9]*$'").output.text
        let result: Result<Void, any Error>
        do {
            let port = content("\(folder)/port") ?? "0"
            let victim = content("\(folder)/pid") ?? "0"
            result = .success(try await body(Outside(folder: folder, port: port, victim: victim)))
        } catch {
            result = .failure(error)
        }
        stop.cancel()
        _ = try? await outside.value
        try await shell("ipcrm -m \(segment)")
        try result.get()
    }
}
