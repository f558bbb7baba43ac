// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing
import Threads

@testable import Tools

@Suite(.timeLimit(.minutes(5))) struct ShellExecTests {
    @Test func `a command runs in the workspace and returns what it wrote`() async throws {
        try await withFolder { folder in
            try put("text", "\(folder)/sub/file")
            let output = try await call(
                "shell.exec",
                [
                    "command": "cat file -; echo \"$A\" >&2; echo made > new", "stdin": "more", "cwd": "sub",
                    "env": ["A": "b"],
                ],
                context(folder)
            )
            #expect(output["exit_code"] == 0 && output["stdout"] == "textmore" && output["stderr"] == "b\n")
            #expect(output["truncated"] == false)
            #expect(output["sandboxed"] == .bool(await sandboxWorks()))
            #expect(content("\(folder)/sub/new") == "made\n")
            let words = try await call("shell.exec", ["argv": ["printf", "%s|", "a b", "$HOME", "*"]], context(folder))
            #expect(words["stdout"] == "a b|$HOME|*|")
        }
    }

    @Test func `an unexpected exit code fails with its details`() async throws {
        try await withFolder { folder in
            for (command, code, errorClass, exitCode) in [
                ("echo why >&2; exit 3", "tool.failed", .permanent, 3), ("exit 75", "tool.failed", .transient, 75),
                ("no-such-program", "tool.unavailable", .permanent, 127),
                ("kill -TERM $$", "tool.failed", .permanent, 143),
            ] as [(String, String, ErrorClass, Int64)] {
                let error = try await failure("shell.exec", ["command": .string(command)], context(folder))
                #expect(error.code == code && error.errorClass == errorClass, "\(command): \(error)")
                #expect(error.details?["exit_code"] == .int(exitCode), "\(command)")
            }
            let why = try await failure("shell.exec", ["command": "echo why >&2; exit 3"], context(folder))
            #expect(why.details?["stderr"] == "why\n")
            let expected = try await call("shell.exec", ["command": "exit 3", "expect_exit": [0, 3]], context(folder))
            #expect(expected["exit_code"] == 3)
        }
    }

    @Test func `time, program and folder are checked`() async throws {
        try await withFolder { folder in
            try put("", "\(folder)/file")
            for (arguments, code) in [
                (["command": "sleep 100", "timeout": "200ms"], "timeout"),
                (["argv": ["no-such-program"]], "tool.unavailable"),
                (["argv": ["/etc/passwd"]], "tool.unavailable"), (["argv": ["./file"]], "validation.failed"),
                (["argv": [""]], "validation.failed"), (["command": "true", "cwd": "../"], "tool.denied"),
                (["command": "true", "cwd": "/etc"], "tool.denied"),
                (["command": "true", "cwd": "none"], "tool.failed"),
                (["command": "true", "cwd": "file"], "tool.failed"),
                (["command": "true", "timeout": "soon"], "validation.failed"),
                (["command": "true", "env": ["A=B": "c"]], "validation.failed"),
            ] as [(JSONValue, String)] {
                let error = try await failure("shell.exec", arguments, context(folder))
                #expect(error.code == code, "\(arguments): \(error)")
                #expect(error.errorClass == (code == "timeout" ? .transient : .permanent), "\(arguments)")
            }
        }
    }

    @Test func `the context's time and cancellation count too`() async throws {
        try await withFolder { folder in
            let late = try await failure(
                "shell.exec",
                ["command": "sleep 100"],
                context(folder, timeout: .milliseconds(200))
            )
            #expect(late.code == "timeout")
            let signal = CancellationSignal()
            let task = Task {
                try await failure(
                    "shell.exec",
                    ["command": "touch started; sleep 100"],
                    context(folder, cancellation: signal)
                )
            }
            await wait { content("\(folder)/started") != nil }
            signal.cancel()
            let error = try await task.value
            #expect(error.code == "cancelled")
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct ProgramToolTests {
    private static let manifest: JSONValue = [
        "name": "text.count", "command": ["/bin/sh", "count.sh"], "effects": "read", "idempotent": true,
        "timeout": "10s",
        "input_schema": [
            "type": "object", "required": ["text"], "properties": ["text": ["type": "string"], "n": ["default": 2]],
        ],
        "output_schema": ["type": "object", "required": ["input"]],
    ]

    private func call(_ script: String, _ arguments: JSONValue = ["text": "a"], key: String? = nil) async throws
        -> JSONValue
    {
        try await withFolder { folder in
            try put(script, "\(folder)/tools/count.sh")
            try put(Self.manifest.text, "\(folder)/tools/count.json")
            try put("", "\(folder)/work/marker")
            let registry = try ToolRegistry(ProgramTool.load(folder: "\(folder)/tools"))
            return try await registry.call("text.count", arguments, context: context("\(folder)/work", key: key)).output
        }
    }

    @Test func `a program gets JSON and returns JSON`() async throws {
        let output = try await call(
            "printf '{\"input\": %s, \"files\": \"%s\", \"key\": \"%s\"}' \"$(cat)\" \"$(ls)\" \"$BATON_IDEMPOTENCY_KEY\"",
            key: "k1"
        )
        #expect(output == ["input": ["text": "a", "n": 2], "files": "marker", "key": "k1"])
    }

    @Test func `what is not the promised JSON is invalid`() async throws {
        for (script, code, errorClass) in [
            ("echo no json", "output.invalid", .permanent), ("echo '{}'", "output.invalid", .permanent),
            ("", "output.invalid", .permanent),
            ("echo '{\"input\": 1} trailing'", "output.invalid", .permanent), ("exit 1", "tool.failed", .permanent),
            ("exit 75", "tool.failed", .transient), ("head -c 2000000 /dev/zero", "output.invalid", .permanent),
        ] as [(String, String, ErrorClass)] {
            let error = await #expect(throws: TaskError.self) { _ = try await call(script) }
            #expect(error?.code == code && error?.errorClass == errorClass, "\(script): \(error?.description ?? "")")
        }
        let wrong = await #expect(throws: TaskError.self) { _ = try await call("cat", [:]) }
        #expect(wrong?.code == "validation.failed")
    }

    @Test func `a manifest is checked when it is loaded`() async throws {
        try await withFolder { folder in
            #expect(try ProgramTool.load(folder: "\(folder)/none").isEmpty)
            for (name, value) in [
                ("command", []), ("command", "sh"), ("effects", "all"), ("timeout", "soon"), ("max_output", 0),
                ("input_schema", .null), ("extra", 1),
            ] as [(String, JSONValue)] {
                var manifest = Self.manifest.objectValue ?? [:]
                manifest[name] = value
                let tool = JSONValue.object(manifest)
                #expect(throws: ProgramTool.Invalid.self, "\(name): \(value)") {
                    try ProgramTool(manifest: tool, folder: folder)
                }
            }
            try put("{", "\(folder)/broken.json")
            let error = #expect(throws: ProgramTool.Invalid.self) { try ProgramTool.load(folder: folder) }
            #expect(error?.description.contains("broken.json") == true)
        }
    }
}
