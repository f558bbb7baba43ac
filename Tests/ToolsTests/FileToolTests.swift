// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Testing

@testable import Tools

@Suite(.timeLimit(.minutes(5))) struct FileToolTests {
    @Test func `no path leads out of the workspace`() async throws {
        try await withFolder { folder in
            let work = "\(folder)/work"
            try put("secret", "\(folder)/outside/secret")
            try put("inside", "\(work)/sub/file")
            try put("hidden", "\(work)/data/token")
            for (target, link) in [
                ("../outside", "out"), ("\(folder)/outside/secret", "absolute"), ("sub/file", "inner"),
                ("loop", "loop"), ("sub", "inner-folder"),
                ("../../../../../../etc/passwd", "sub/far"),
            ] { #expect(symlink(target, "\(work)/\(link)") == 0) }
            #expect(mkfifo("\(work)/fifo", 0o600) == 0)
            let settings = SandboxSettings(isRequired: false, hiddenPaths: ["\(work)/data"])
            let context = context(work, sandbox: settings)
            for (path, code) in [
                ("../outside/secret", "tool.denied"), ("sub/../../outside/secret", "tool.denied"),
                ("sub/../sub/file", "tool.denied"),
                ("\(folder)/outside/secret", "tool.denied"), ("\(work)/sub/file", "tool.denied"),
                ("/etc/passwd", "tool.denied"),
                ("out/secret", "tool.denied"), ("absolute", "tool.denied"), ("sub/far", "tool.denied"),
                ("loop", "tool.denied"),
                ("data/token", "tool.denied"), ("missing", "tool.failed"), ("sub", "tool.failed"),
                ("fifo", "tool.failed"),
                ("sub/file/x", "tool.failed"), ("", "validation.failed"), ("a\0b", "validation.failed"),
            ] {
                let error = try await failure("fs.read", ["path": .string(path)], context)
                #expect(error.code == code, "read \(path): \(error)")
            }
            for (path, code) in [
                ("../new", "tool.denied"), ("/tmp/new", "tool.denied"), ("out/new", "tool.denied"),
                ("absolute", "tool.denied"), ("inner", "tool.denied"),
                ("sub/../new", "tool.denied"), ("data/new", "tool.denied"), ("sub", "tool.denied"),
                ("sub/file/new", "tool.failed"), ("sub/", "validation.failed"),
                (".", "validation.failed"), ("out/a/b", "tool.denied"),
            ] {
                let error = try await failure("fs.write", ["path": .string(path), "content": "x"], context)
                #expect(error.code == code, "write \(path): \(error)")
            }
            for path in ["out", "..", "/"] {
                #expect(
                    try await failure("fs.list", ["path": .string(path)], context).code == "tool.denied",
                    "list \(path)"
                )
                let search: JSONValue = ["path": .string(path), "pattern": "s"]
                #expect(try await failure("fs.search", search, context).code == "tool.denied", "search \(path)")
            }
            #expect(content("\(folder)/outside/secret") == "secret" && content("\(folder)/outside/new") == nil)
            #expect(try await call("fs.read", ["path": "inner"], context)["content"] == "inside")
            #expect(try await call("fs.read", ["path": "inner-folder/file"], context)["content"] == "inside")
            let found = try await call("fs.search", ["pattern": "secret"], context)
            #expect(found["matches"] == [])
        }
    }

    @Test func `a workspace inside the data folder is usable, the data folder itself is not`() async throws {
        try await withFolder { folder in
            try put("mine", "\(folder)/data/workspaces/run/file")
            let settings = SandboxSettings(isRequired: false, hiddenPaths: ["\(folder)/data"])
            let inside = context("\(folder)/data/workspaces/run", sandbox: settings)
            #expect(try await call("fs.read", ["path": "file"], inside)["content"] == "mine")
            let itself = context("\(folder)/data", sandbox: settings)
            #expect(try await failure("fs.read", ["path": "workspaces/run/file"], itself).code == "tool.denied")
        }
    }

    @Test func `reading cuts at a letter and knows bytes`() async throws {
        try await withFolder { folder in
            try put("aé€😀", "\(folder)/text")
            for (limit, expected) in [(10, "aé€😀"), (9, "aé€"), (6, "aé€"), (5, "aé"), (2, "a"), (1, "a")] {
                let output = try await call(
                    "fs.read",
                    ["path": "text", "max_bytes": .int(Int64(limit))],
                    context(folder)
                )
                #expect(output["content"] == .string(expected), "\(limit)")
                #expect(output["truncated"] == .bool(limit < 10) && output["size"] == 10, "\(limit)")
            }
            let file = try #require(Descriptor(open("\(folder)/bytes", O_WRONLY | O_CREAT, 0o644)))
            #expect(file.writeAll([0xff, 0xfe, 0]))
            #expect(try await failure("fs.read", ["path": "bytes"], context(folder)).message.contains("base64"))
            let bytes = try await call("fs.read", ["path": "bytes", "encoding": "base64"], context(folder))
            #expect(bytes["content"] == "//4A")
            #expect(
                ["", "f", "fo", "foo", "foob"].map { base64(Array($0.utf8)) } == [
                    "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==",
                ]
            )
        }
    }

    @Test func `writing replaces as a whole, creates once, appends`() async throws {
        try await withFolder { folder in
            let write = { (path: String, text: String, mode: String) in
                try await call(
                    "fs.write",
                    ["path": .string(path), "content": .string(text), "mode": .string(mode)],
                    context(folder)
                )
            }
            let first = try await write("a/b/c.txt", "one", "create")
            #expect(first == ["path": "a/b/c.txt", "bytes": 3, "created": true])
            let again: JSONValue = ["path": "a/b/c.txt", "content": "two", "mode": "create"]
            #expect(try await failure("fs.write", again, context(folder)).code == "tool.failed")
            #expect(content("\(folder)/a/b/c.txt") == "one")
            _ = try await write("./a/b/c.txt", "!", "append")
            #expect(content("\(folder)/a/b/c.txt") == "one!")
            chmod("\(folder)/a/b/c.txt", 0o750)
            let replaced = try await write("a/b/c.txt", "three", "overwrite")
            #expect(replaced["created"] == false && content("\(folder)/a/b/c.txt") == "three")
            var status = stat()
            #expect(stat("\(folder)/a/b/c.txt", &status) == 0 && status.st_mode & 0o777 == 0o750)
            // No temporary file is left, neither by success nor by failure.
            let left = try #require(Descriptor(open("\(folder)/a/b", O_RDONLY | O_DIRECTORY))).entryNames()
            #expect(left == ["c.txt"])
            let readOnly = context(folder, sandbox: SandboxSettings(mode: .readOnly, isRequired: false))
            #expect(try await failure("fs.write", ["path": "x", "content": ""], readOnly).code == "tool.denied")
        }
    }

    @Test func `listing and searching are sorted, bounded and stay inside`() async throws {
        try await withFolder { folder in
            for name in ["b.swift", "a.txt", "src/x.swift", "src/deep/y.swift", ".git/config"] {
                try put("Needle here\nneedle\n", "\(folder)/\(name)")
            }
            symlink("src", "\(folder)/link")
            let list = { (arguments: JSONValue) in
                let output = try await call("fs.list", arguments, context(folder))
                return (
                    output["entries"]?.arrayValue?.compactMap { $0["path"]?.stringValue } ?? [],
                    output["truncated"]?.boolValue
                )
            }
            #expect(try await list([:]).0 == [".git", "a.txt", "b.swift", "link", "src"])
            let swift = try await list(["recursive": true, "glob": "*.swift"])
            #expect(swift.0 == ["b.swift", "src/deep/y.swift", "src/x.swift"] && swift.1 == false)
            #expect(try await list(["path": "src", "recursive": true, "glob": "src/**/y.*"]).0 == ["src/deep/y.swift"])
            let cut = try await list(["limit": 2])
            #expect(cut.0.count == 2 && cut.1 == true)
            let exact = try await list(["limit": 5])
            #expect(exact.0.count == 5 && exact.1 == false)
            let found = try await call("fs.search", ["pattern": "needle", "glob": "*.swift"], context(folder))
            #expect(found["files"] == 3 && found["matches"]?.arrayValue?.count == 3)
            #expect(found["matches"]?[0] == ["path": "b.swift", "line": 2, "column": 1, "text": "needle"])
            let all = try await call(
                "fs.search",
                ["pattern": "nEEdle", "ignore_case": true, "limit": 3],
                context(folder)
            )
            #expect(all["matches"]?.arrayValue?.count == 3 && all["truncated"] == true)
            let one = try await call("fs.search", ["pattern": "here", "path": "a.txt"], context(folder))
            #expect(one["matches"] == [["path": "a.txt", "line": 1, "column": 8, "text": "Needle here"]])
        }
    }

    @Test func `a pattern matches names and paths`() {
        for (pattern, path, expected) in [
            ("*.c", "a/b.c", true), ("*.c", "a/b.cc", false), ("a/*.c", "a/b.c", true), ("a/*.c", "a/x/b.c", false),
            ("a/**/b.c", "a/b.c", true),
            ("a/**/b.c", "a/x/y/b.c", true), ("**/b", "b", true), ("**", "a/b", true), ("a/**", "a/b/c", true),
            ("?.c", "é.c", false), ("*", "", false),
            ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("a/*", "b/a", false), ("[a]", "a", false),
        ] {
            #expect(PathPattern(pattern).matches(path) == expected, "\(pattern) \(path)")
        }
    }
}
