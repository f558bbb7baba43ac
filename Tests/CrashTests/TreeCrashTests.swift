// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Testing
import Threads

@testable import Tools

/// An agent that works on a branch of a repository, in processes that die.
@Suite(
    .timeLimit(.minutes(10)),
    .enabled(if: ProgramSearch.find("git") != nil, "git is not installed"),
    .enabled("bubblewrap cannot start here") { await Sandbox().probe() == .available }
)
struct TreeCrashTests {
    private static let threads = BlockingThreads(named: "crash-trees", count: 2)

    private static let workflow = """
        workflow: trees
        outputs: {work: "${ nodes.fix.output }"}
        nodes:
          - {id: fix, type: agent, config: {agent: fake, repository: FOLDER/repo, prompt: Fix}}
        """

    /// Says that it began, where somebody listens, and then hangs; goes on with what an earlier attempt left.
    private static let program = """
        #!/bin/bash
        if [ ! -e half ]; then
            echo 1 > half
            [ ! -p FOLDER/bin/ready ] || { echo > FOLDER/bin/ready; sleep 600; }
        fi
        echo 2 > rest
        echo '<result>{"ok": true}</result>'
        """

    @Test func `work that was under way when everything died is gone on with`() async throws {
        try await play { folder in
            mkfifo("\(folder.path)/bin/ready", 0o600)
            let ready = Descriptor(open("\(folder.path)/bin/ready", O_RDWR | O_NONBLOCK | O_CLOEXEC))
            return .signal(try #require(ready))
        }
    }

    @Test(arguments: 4...10)
    func `work is on its branch once, at whichever commit of the store everything died`(_ hit: Int) async throws {
        try await play { _ in .point(hit.isMultiple(of: 2) ? .beforeCommit : .afterCommit, hit) }
    }

    private func play(_ kill: @escaping @Sendable (CrashFolder) throws -> Kill) async throws {
        let found = try await ModelsOfTest.with("rules: []") { port, _ in
            try await Self.threads.run { Result { try Self.die(port, kill) } }.get()
        }
        #expect(found == ["Fix", "first", "half", "one", "rest", "one"])
    }

    /// The log of the branch, its files, and those of the checkout.
    private static func die(_ port: Int, _ kill: (CrashFolder) throws -> Kill) throws -> [String] {
        let folder = try CrashFolder(workflow)
        for name in ["bin", "agents"] { mkdir("\(folder.path)/\(name)", 0o700) }
        try folder.write("bin/fake", program.replacing("FOLDER", with: folder.path))
        chmod("\(folder.path)/bin/fake", 0o755)
        try folder.write(
            "agents/fake.md",
            "---\nid: fake\nkind: cli\ncommand: \(folder.path)/bin/fake\noutput: text\n---\nWork.\n"
        )
        _ = try git("init -q -b main . && echo 1 > one && git add . && git commit -qm first", folder)
        let variables = ModelsOfTest.variables(folder, port).merging(["BATON_AGENTS_DIR": "\(folder.path)/agents"]) {
            $1
        }
        let id = folder.id.description
        let start = folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id], variables)
        var last = try start.run(try kill(folder))
        if last.isKilled {
            guard folder.awaitPrograms(.seconds(10)).isEmpty else {
                throw BatonProcess.Failure(description: "a program is still there")
            }
            last = try folder.baton(["run", "resume", id, "-o", "jsonl"], variables).run()
        }
        guard last.exit == 0 else { throw BatonProcess.Failure(description: "\(last.lines) \(last.errors)") }
        let branch = "baton/\(id)/fix"
        let words = "log --format=%s \(branch) && git ls-tree --name-only \(branch) && git fsck --strict --no-dangling"
        return try git("\(words) && git status --porcelain && ls", folder)
    }

    private static func git(_ words: String, _ folder: CrashFolder) throws -> [String] {
        let names =
            "GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b.example GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b.example"
        let (place, output) = ("'\(folder.path)/repo'", "\(folder.path)/output")
        let script = "mkdir -p \(place) && cd \(place) && export GIT_CONFIG_GLOBAL=/dev/null \(names) && git \(words)"
        let code = system("(\(script)) > '\(output)' 2>&1")
        let bytes = Descriptor(open(output, O_RDONLY | O_CLOEXEC))?.readAll(limit: 1 << 20) ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        guard code == 0 else { throw BatonProcess.Failure(description: "git \(words): \(text)") }
        return text.split(separator: "\n").map(String.init)
    }
}
