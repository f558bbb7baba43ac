// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import JSON
import Model
import Store
import TestSupport
import Testing
import Tools

@testable import Agents

/// Programs as agents in working trees of their own, in the real engine with the real git.
@Suite(
    .timeLimit(.minutes(3)),
    .enabled(if: ProgramSearch.find("git") != nil, "git is not installed"),
    .enabled("bubblewrap cannot start here") { await Sandbox().probe() == .available }
)
struct CLITreeTests {
    /// A world with an agent `fake` whose program is a script, and a repository `repo` beside its workspaces.
    private static func world(_ script: String) async throws -> (AgentWorld, repository: String) {
        let world = try AgentWorld("rules: []")
        let path = "\(world.folder.path)/fake"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o755)
        let bytes = Array("#!/bin/bash\n\(script)\n".utf8)
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        var record = AgentRecord(id: "fake", instructions: "Work.")
        record.program = CLIProgram(command: path)
        world.add(record)
        let repository = "\(world.folder.path)/repo"
        try await git(
            "git init -q -b main '\(repository)'; cd '\(repository)'; echo 1 > one; git add .; git commit -qm first"
        )
        return (world, repository)
    }

    @discardableResult
    private static func git(_ script: String) async throws -> [String] {
        let program = Program(
            path: "/bin/sh",
            arguments: ["-c", "set -e\n\(script)"],
            environment: [
                "PATH": ProgramSearch.defaultPath, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "A",
                "GIT_AUTHOR_EMAIL": "a@b.example", "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@d.example",
            ]
        )
        let result = try await program.run()
        #expect(result.ending == .exited(0), "\(result.errors.text)")
        return result.output.text.split(separator: "\n").map(String.init)
    }

    private static let done = "echo '<result>{\"ok\": true}</result>'"

    @Test func `a program works on a branch, and following nodes hear of it`() async throws {
        let (world, repository) = try await Self.world(
            "cat > prompt; grep -q 'on the branch baton/' prompt || exit 9; rm prompt; echo 2 > two; \(Self.done)"
        )
        let output = try await world.play("repository: \(repository)", agent: "fake")
        let run = try #require(world.store.run(key: 1)).id
        #expect(output["data"] == ["ok": true] && output["repository"]?["branch"] == .string("baton/\(run)/a"))
        #expect(output["repository"]?["files"] == ["two"] && output["repository"]?["commits"] == 1)
        let commit = try await Self.git("git -C '\(repository)' log -1 --format='%H %s' baton/\(run)/a")
        #expect(commit == ["\(output["repository"]?["commit"]?.stringValue ?? "") Go."])
        #expect(try await Self.git("git -C '\(repository)' status --porcelain; ls '\(repository)'") == ["one"])
    }

    @Test func `items of a map work each in a tree of its own`() async throws {
        // One that saw the tree of the other would fail.
        let (world, repository) = try await Self.world(
            "item=$(grep -o 'item [a-z]*' | head -1); [ ! -e same ] || exit 9; echo \"$item\" > same; \(Self.done)"
        )
        let branches = try await world.withEngine { engine in
            let yaml = """
                workflow: trees
                outputs: {a: "${ nodes.each.output }"}
                nodes:
                  - id: each
                    type: map
                    config:
                      items: [x, y]
                      body: {nodes: [{id: a, type: agent, config: {agent: fake, repository: \(repository), prompt: "item ${ item }"}}]}
                """
            let run = try await world.start(document: yaml, on: engine)
            _ = try await world.wait(for: run, on: engine)
            return (try world.ending(of: run, engine), run)
        }
        let names = try await Self.git(
            "git -C '\(repository)' for-each-ref --format='%(refname:short)' refs/heads/baton"
        )
        #expect(names == ["baton/\(branches.1)/a/0", "baton/\(branches.1)/a/1"], "\(branches.0)")
        for (name, item) in zip(names, ["item x", "item y"]) {
            #expect(try await Self.git("git -C '\(repository)' show \(name):same") == [item])
        }
    }

    @Test func `what an attempt left that was killed is safe, and the next one goes on with it`() async throws {
        let (world, repository) = try await Self.world(
            "if [ -e half ]; then echo 2 > rest; \(Self.done); else echo 1 > half; kill -9 $$; fi"
        )
        let retry = "retry: {max_attempts: 2, delay: 10ms, jitter: 0}, "
        let output = try await world.play("repository: \(repository)", retry, agent: "fake")
        #expect(output["repository"]?["files"] == ["half", "rest"] && output["repository"]?["commits"] == 2)
        let run = try #require(world.store.run(key: 1)).id
        let log = try await Self.git("git -C '\(repository)' log --format=%s baton/\(run)/a")
        #expect(log == ["Go.", "Unfinished: Go.", "first"])
    }

    @Test func `checks look at the tree`() async throws {
        let (world, repository) = try await Self.world("echo 2 > two; \(Self.done)")
        let checks = """
            verify: [{kind: file, path: two}, {kind: command, run: [sh, -c, "git log -1 --format=%s | grep -q Go"]}, \
            {kind: diff, writes: ["two"]}], 
            """
        let output = try await world.play("repository: \(repository)", checks, agent: "fake")
        #expect(output["repository"]?["files"] == ["two"], "\(output)")
    }

    @Test func `with a schema the value stays as it is, and wrong uses are named`() async throws {
        let (world, repository) = try await Self.world("echo 2 > two; \(Self.done)")
        let config = "repository: \(repository), output_schema: {type: object}"
        #expect(try await world.play(config, agent: "fake") == ["ok": true])
        let (other, _) = try await Self.world(Self.done)
        #expect(try await other.play("repository: \(repository)") == "agent.unsupported")
        let (third, _) = try await Self.world(Self.done)
        #expect(try await third.play("base: main", agent: "fake") == "validation.failed")
        let (fourth, _) = try await Self.world(Self.done)
        #expect(try await fourth.play("repository: /nowhere", agent: "fake") == "agent.repository")
    }
}
