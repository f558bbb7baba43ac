// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Tools

@Suite(.timeLimit(.minutes(5)), .enabled(if: ProgramSearch.find("git") != nil, "git is not installed"))
struct GitToolTests {
    /// Two commits by a person with a fixed name and time.
    private func makeRepository(_ folder: String) async throws {
        let script = """
            set -e; export HOME=/nonexistent GIT_CONFIG_GLOBAL=/dev/null; export GIT_AUTHOR_NAME='A B' GIT_AUTHOR_EMAIL=a@b.example
            export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@d.example GIT_AUTHOR_DATE=2026-01-02T03:04:05Z
            git init -q -b main '\(folder)'; cd '\(folder)'
            echo one > one; git add .; git commit -qm 'first subject'
            printf 'a\\nb\\n' > 'two words'; echo two >> one; git add .; git commit -q --allow-empty-message -m ''
            """
        let result = try await shell(script)
        #expect(result.ending == .exited(0), "\(result.errors.text)")
    }

    @Test func `the log of a repository, with files`() async throws {
        try await withFolder { folder in
            try await makeRepository("\(folder)/repo")
            let commits = try await call("git.log", ["repo": "repo", "files": true], context(folder))
            #expect(commits.arrayValue?.count == 2)
            #expect(commits[0]?["subject"] == "" && commits[0]?["files"] == ["one", "two words"])
            #expect(commits[1]?["subject"] == "first subject" && commits[1]?["files"] == ["one"])
            #expect(commits[1]?["author"] == "A B" && commits[1]?["email"] == "a@b.example")
            #expect(commits[1]?["date"]?.stringValue?.hasPrefix("2026-01-02T03:04:05") == true)
            #expect(commits[1]?["hash"]?.stringValue?.utf8.count == 40)
            let limited = try await call("git.log", ["repo": "repo", "limit": 1, "paths": ["one"]], context(folder))
            #expect(limited.arrayValue?.count == 1 && limited[0]?["files"] == nil)
            let none = try await call("git.log", ["repo": "repo", "since": "2090-01-01"], context(folder))
            #expect(none == [])
            // An absolute path outside the workspace is shown read-only.
            let other = try await call("git.log", ["repo": .string("\(folder)/repo")], context("/usr"))
            #expect(other.arrayValue?.count == 2)
        }
    }

    @Test func `status and diff of a working tree`() async throws {
        try await withFolder { folder in
            try await makeRepository(folder)
            #expect(try await call("git.status", [:], context(folder))["clean"] == true)
            try put("one\nchanged\n", "\(folder)/one")
            try put("new", "\(folder)/sub/new file")
            let status = try await call("git.status", [:], context(folder))
            #expect(
                status["branch"] == "main" && status["clean"] == false
                    && status["commit"]?.stringValue?.utf8.count == 40
            )
            #expect(
                status["entries"] == [
                    ["path": "one", "index": "unchanged", "worktree": "modified", "conflict": false],
                    ["path": "sub/new file", "index": "untracked", "worktree": "untracked", "conflict": false],
                ]
            )
            let diff = try await call("git.diff", ["context_lines": 0], context(folder))
            #expect(diff["files"] == [["path": "one", "added": 1, "removed": 1]])
            #expect(diff["text"]?.stringValue?.contains("-two\n+changed\n") == true && diff["truncated"] == false)
            let commits = try await call("git.diff", ["base": "HEAD~1", "target": "HEAD"], context(folder))
            #expect(commits["files"]?[1] == ["path": "two words", "added": 2, "removed": 0])
        }
    }

    @Test func `wrong repositories and revisions are refused`() async throws {
        try await withFolder { folder in
            try await makeRepository("\(folder)/repo")
            try put("", "\(folder)/plain/file")
            for (name, arguments, code) in [
                ("git.log", ["repo": "plain"], "tool.failed"), ("git.log", ["repo": "none"], "tool.failed"),
                ("git.log", ["repo": "../x"], "tool.denied"),
                ("git.log", ["repo": "repo", "revision": "--output=/tmp/x"], "validation.failed"),
                ("git.log", ["repo": "repo", "revision": "nope"], "tool.failed"),
                ("git.diff", ["repo": "repo", "base": "-O/etc/passwd"], "validation.failed"),
                ("git.diff", ["repo": "repo", "target": "a b"], "validation.failed"),
                ("git.log", ["repo": .string("\(folder)/none")], "tool.failed"),
            ] as [(String, JSONValue, String)] {
                let error = try await failure(name, arguments, context(folder))
                #expect(error.code == code, "\(name) \(arguments): \(error)")
            }
        }
    }

    @Test func `nothing that the repository configures is started`() async throws {
        try await withFolder { folder in
            let repo = "\(folder)/repo"
            try await makeRepository(repo)
            try put("#!/bin/sh\ntouch \(repo)/ran\ncat\n", "\(repo)/evil", mode: 0o755)
            try put("* filter=evil diff=evil\n", "\(repo)/.gitattributes")
            let script = """
                set -e; cd '\(repo)'; export HOME=/nonexistent; evil='\(repo)/evil'
                for key in core.fsmonitor core.pager diff.external core.hooksPath diff.evil.command diff.evil.textconv filter.evil.clean \
                filter.evil.process core.editor core.sshCommand gpg.program; do git config $key "$evil"; done
                git config filter.evil.required true; git config log.showSignature true
                """
            #expect(try await shell(script).ending == .exited(0))
            try put("changed\n", "\(repo)/one")
            // Without a sandbox, so that only the options of git protect.
            let open = context(folder, sandbox: SandboxSettings(isRequired: false, launcher: "/nonexistent/bwrap"))
            _ = try await call("git.status", ["repo": "repo"], open)
            let diff = try await call("git.diff", ["repo": "repo"], open)
            _ = try await call("git.log", ["repo": "repo", "files": true], open)
            #expect(diff["files"]?[0]?["path"] == "one")
            #expect(content("\(repo)/ran") == nil)
        }
    }

    @Test func `a linked working tree is followed only when its repository knows it`() async throws {
        try await withFolder { folder in
            try await makeRepository("\(folder)/main")
            let script =
                "cd '\(folder)/main' && git worktree add -q '\(folder)/work' HEAD && mkdir '\(folder)/forged' && cp '\(folder)/work/.git' '\(folder)/forged/.git'"
            #expect(try await shell(script).ending == .exited(0))
            #expect(try await call("git.log", [:], context("\(folder)/work")).arrayValue?.count == 2)
            if await sandboxWorks() {
                #expect(try await failure("git.log", [:], context("\(folder)/forged")).code == "tool.failed")
            }
        }
    }
}
