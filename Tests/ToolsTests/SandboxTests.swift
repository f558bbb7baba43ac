// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTP
import Model
import Testing

@testable import Tools

@Suite(.timeLimit(.minutes(5)), .enabled("bubblewrap cannot start here") { await sandboxWorks() })
struct SandboxTests {
    private func run(
        _ command: String,
        _ workspace: String,
        _ settings: SandboxSettings = SandboxSettings(),
        read: [String] = [],
        limits: ProgramLimits = ProgramLimits()
    ) async throws -> ProgramResult {
        let program = Program(path: "/bin/sh", arguments: ["-c", command], workingDirectory: workspace, limits: limits)
        let outcome = try await Sandbox(settings).run(program, workspace: workspace, readPaths: read)
        #expect(outcome.isSandboxed)
        return outcome.result
    }

    @Test func `only the workspace can be changed`() async throws {
        try await withFolder { folder in
            try put("old", "\(folder)/inside/file")
            try put("old", "\(folder)/outside/file")
            let command = """
                echo new > file; echo new > \(folder)/outside/file; echo x > /etc/baton-test; echo x > /usr/baton-test; \
                echo x > /tmp/baton-test-private && mkdir -p $HOME/x && echo private; touch \(folder)/loose; chmod 777 /etc/hostname
                """
            let result = try await run(command, "\(folder)/inside", read: ["\(folder)/outside"])
            #expect(content("\(folder)/inside/file") == "new\n")
            #expect(content("\(folder)/outside/file") == "old")
            #expect(result.output.text == "private\n")
            for path in ["/etc/baton-test", "/usr/baton-test", "/tmp/baton-test-private", "\(folder)/loose"] {
                #expect(content(path) == nil, "\(path)")
            }
            let readOnly = try await run(
                "cat file; echo newer > file",
                "\(folder)/inside",
                SandboxSettings(mode: .readOnly)
            )
            #expect(readOnly.output.text == "new\n" && readOnly.exitCode != 0)
            #expect(content("\(folder)/inside/file") == "new\n")
        }
    }

    @Test func `there is no way out by the network`() async throws {
        let server = EchoServer()
        let port = try server.start()
        defer { server.stop() }
        try await withFolder { folder in
            let command =
                "cat /proc/net/dev | grep -c :; bash -c 'exec 3<>/dev/tcp/127.0.0.1/\(port)' 2>/dev/null && echo connected"
            let result = try await run(command, folder)
            #expect(result.output.text == "1\n")
            #expect(server.ledger.requestCount == 0)
        }
    }

    @Test func `a program sees neither our environment nor our processes nor our rights`() async throws {
        setenv("BATON_TEST_SECRET", "secret", 1)
        try await withFolder { folder in
            let command =
                "env; id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; ls /proc | grep -c '^[0-9]'"
            let result = try await run(command, folder)
            let lines = result.output.text.split(separator: "\n").map(String.init)
            let names = Set(
                lines.compactMap { $0.contains("=") ? $0.split(separator: "=").first.map(String.init) : nil }
            )
            #expect(
                names.isSubset(of: ["PATH", "LANG", "TERM", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"]),
                "\(names)"
            )
            #expect(lines.contains("65534") && lines.contains("HOME=/tmp/home"))
            for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
                #expect(lines.contains(line), "\(line)")
            }
            #expect((lines.last.flatMap { Int($0) } ?? 1000) < 10)
        }
    }

    @Test func `calls that kernels were left by are refused`() async throws {
        try await withFolder { folder in
            for command in [
                "unshare -U true", "unshare -m true", "unshare -r true", "mount -t tmpfs x /tmp", "chroot / true",
                "nsenter -t 1 -n true",
            ] {
                let result = try await run(command, folder)
                #expect(result.exitCode != 0, "\(command)")
                #expect(!result.errors.text.contains("not found"), "\(command): \(result.errors.text)")
            }
            // Opened only: kernel settings would count for the whole machine.
            let settings = """
                for file in /proc/sys/*/* /proc/sys/*/*/* /proc/irq/*/* /proc/sysrq-trigger /sys/kernel/* /sys/power/*; do \
                if [ -f "$file" ] && true 2>/dev/null >> "$file"; then echo "$file"; fi; done; \
                cat /proc/slabinfo /proc/kallsyms
                """
            let open = try await run(settings, folder)
            #expect(open.output.text == "")
            let bits = try await run("touch f; chmod 755 f && chmod 4755 f || stat -c %a f", folder)
            #expect(bits.output.text == "755\n")
            // Threads and plain children still work through the fallback from clone3.
            #expect(try await run("sleep 0 & wait; (true) | cat", folder).exitCode == 0)
        }
    }

    @Test func `the data folder stays hidden, whatever is shown around it`() async throws {
        try await withFolder { folder in
            try put("secret", "\(folder)/data/token")
            try put("seen", "\(folder)/other/file")
            let workspace = "\(folder)/data/workspaces/run"
            try put("mine", "\(workspace)/file")
            let settings = SandboxSettings(hiddenPaths: ["\(folder)/data"])
            let command = "cat \(folder)/data/token; cat \(folder)/other/file; cat file; ls \(folder)/data"
            let result = try await run(command, workspace, settings, read: [folder])
            #expect(result.output.text == "seenmineworkspaces\n", "\(result.errors.text)")
            for path in ["\(folder)/data", "\(folder)/data/token"] {
                let error = await #expect(throws: TaskError.self) {
                    _ = try await run("true", workspace, settings, read: [path])
                }
                #expect(error?.code == "tool.denied", "\(path)")
            }
            let error = await #expect(throws: TaskError.self) { _ = try await run("true", "\(folder)/data", settings) }
            #expect(error?.code == "tool.denied")
        }
    }

    @Test func `homes, service sockets and password files are covered`() async throws {
        try await withFolder { folder in
            let result = try await run(
                "ls -A /root /home /run /var/tmp | grep -v : ; cat /etc/shadow; ls /etc/ssh",
                folder
            )
            #expect(result.output.text.filter { !$0.isNewline }.isEmpty, "\(result.output.text)")
            #expect(try await run("cat /etc/passwd | grep -c root", folder).exitCode == 0)
        }
    }

    @Test func `the time limit ends everything inside`() async throws {
        try await withFolder { folder in
            let limits = ProgramLimits(timeout: .milliseconds(300), grace: .seconds(1))
            let result = try await run("setsid sleep 98761 & sleep 98761", folder, limits: limits)
            #expect(result.stopReason == .timeout)
            #expect(result.duration < .seconds(20))
            await wait { !isRunning("sleep\u{0}98761\u{0}") }
        }
    }

    @Test func `stopping while it starts leaves nothing behind`() async throws {
        try await withFolder { folder in
            for milliseconds in 1...40 {
                let limits = ProgramLimits(timeout: .milliseconds(milliseconds), grace: .seconds(5))
                let result = try await run("sleep 98762", folder, limits: limits)
                #expect(result.stopReason == .timeout, "\(milliseconds) ms")
            }
            await wait { !isRunning("sleep\u{0}98762\u{0}") }
        }
    }

    @Test func `a failing program is no failing sandbox`() async throws {
        try await withFolder { folder in
            #expect(try await run("exit 1", folder).ending == .exited(1))
            #expect(try await run("kill -9 $$", folder).exitCode == 137)
            try put("#!/bin/sh\n", "\(folder)/tool", mode: 0o755)
            mkdir("\(folder)/workspace", 0o755)
            // The file is in /tmp, which is private inside.
            let hidden = Program(
                path: "\(folder)/tool",
                workingDirectory: "/",
                limits: ProgramLimits(memoryBytes: nil, processes: nil)
            )
            let error = await #expect(throws: TaskError.self) {
                _ = try await Sandbox().run(hidden, workspace: "\(folder)/workspace")
            }
            #expect(error?.code == "tool.unavailable")
            let lost = Program(path: "/bin/true", workingDirectory: "\(folder)/elsewhere")
            let failed = await #expect(throws: TaskError.self) { _ = try await Sandbox().run(lost, workspace: folder) }
            #expect(failed?.code == "sandbox.failed")
        }
    }

    private func isRunning(_ commandLine: String) -> Bool {
        let names = Descriptor(open("/proc", O_RDONLY | O_DIRECTORY))?.entryNames() ?? []
        return names.contains { content("/proc/\($0)/cmdline") == commandLine && isAlive($0) }
    }
}

@Suite(.timeLimit(.minutes(5))) struct MissingSandboxTests {
    @Test func `without bubblewrap nothing runs, unless that is permitted`() async throws {
        try await withFolder { folder in
            var settings = SandboxSettings(launcher: "/nonexistent/bwrap")
            let program = Program(path: "/bin/echo", arguments: ["ran"], workingDirectory: folder)
            let error = await #expect(throws: TaskError.self) {
                _ = try await Sandbox(settings).run(program, workspace: folder)
            }
            #expect(error?.code == "sandbox.failed" && error?.errorClass == .permanent)
            #expect(error?.message.contains("Install bubblewrap") == true)
            settings.isRequired = false
            let outcome = try await Sandbox(settings).run(program, workspace: folder)
            #expect(outcome.result.output.text == "ran\n" && !outcome.isSandboxed)
        }
    }

    @Test func `a launcher that cannot start says why`() async throws {
        try await withFolder { folder in
            try put(
                "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n",
                "\(folder)/bwrap",
                mode: 0o755
            )
            let reason = await Sandbox(SandboxSettings(launcher: "\(folder)/bwrap")).probe()
            #expect(reason == .unavailable(reason: "bwrap: No permissions to create new namespace\n"))
        }
    }
}
