// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

/// What a server takes over while it works.
@Suite(.timeLimit(.minutes(5))) struct ReloadTests {
    @Test func `only what two looks in a row see is taken`() throws {
        let program = try Program()
        func look(_ text: String) throws -> FileChanges.Look {
            try program.write("a", text)
            return ["a": try #require(FileLook("\(program.folder)/a"))]
        }
        let start = try look("1")
        var changes = FileChanges(start)
        func see(_ look: FileChanges.Look) -> Bool { changes.see(look) }
        #expect(!see(start) && !see(start))
        let half = try look("22")
        let whole = try look("333")
        #expect(!see(half) && !see(whole))
        #expect(see(whole) && !see(whole), "once")
        #expect(!see(half) && !see(whole), "a change that was taken back is none")
        #expect(!see([:]) && see([:]), "gone")
        changes.take(whole)
        #expect(!see(whole) && FileLook("\(program.folder)/none") == nil)
    }

    @Test func `changes are told by name`() {
        let changes = NameChanges(["a": 1, "b": 2, "c": 3], ["b": 2, "c": 4, "d": 5])
        #expect(changes.json == ["added": ["d"], "changed": ["c"], "removed": ["a"]])
        #expect(NameChanges(["a": 1], ["a": 1]).isEmpty)
    }

    private func poet(_ words: String, in program: Program) throws {
        try program.write("data/agents/poet.md", "---\nid: poet\nsummary: Writes verse\n---\n\(words)\n")
    }

    private func serve(_ body: (Program, ServerProgram) throws -> Void) throws {
        let program = try Program()
        _ = try program.shell("mkdir -p data/agents")
        try program.write(
            "data/config.yaml",
            "agents: {dir: agents}\ntiers: {table: prices.json}\nproviders: {fake: {kind: scripted, models: [m]}}\n"
        )
        try program.write("data/prices.json", #"{"version": "1", "models": []}"#)
        try program.write(
            "verses.yaml",
            "workflow: verses\nnodes: [{id: a, type: agent, config: {agent: poet, prompt: Go.}}]\n"
        )
        try poet("Old verse.", in: program)
        let server = try ServerProgram(program)
        try body(program, server)
        try server.stop()
    }

    /// Waits until the log of the server has a line with these words.
    private func log(_ words: String, _ program: Program, _ server: ServerProgram) throws -> String {
        let found = try program.shell(
            "timeout 60 grep -m 1 -e '\(words)' <(tail --pid=\(server.pid) -n +1 -f server.err)"
        )
        #expect(found.exit == 0, "\(words)")
        return found.output
    }

    private func told(_ program: Program) throws -> String {
        #expect(try program.baton("run verses.yaml").exit == 0)
        return try program.baton("task prompt last a -o json").output
    }

    @Test func `a file that changes is used by the next run, and one that cannot be read leaves all as it was`() throws
    {
        try serve { program, server in
            #expect(try told(program).contains("Old verse."))
            try poet("New verse.", in: program)
            #expect(try log("reloaded", program, server).contains("poet"))
            #expect(try told(program).contains("New verse."))
            // One file is wrong: nothing of the others is taken.
            try program.write("data/prices.json", #"{"version": "2", "models": []}"#)
            try program.write("data/agents/poet.md", "---\nid: poet\ntier: huge\n---\nNewer verse.\n")
            #expect(try log("not reloaded", program, server).contains("poet.md:3"))
            #expect(try program.baton("agent show poet").output.contains("New verse."))
            try poet("Newer verse.", in: program)
            #expect(try log("prices_version", program, server).contains("poet"))
            #expect(try told(program).contains("Newer verse."))
            let wrong = try program.shell("grep -c \"not reloaded\" server.err").output
            #expect(wrong == "1\n", "told once")
        }
    }

    @Test func `SIGHUP reads the files again and ends nothing`() throws {
        try serve { program, server in
            _ = try program.shell("kill -HUP \(server.pid)")
            _ = try log("nothing has changed", program, server)
            try poet("New verse.", in: program)
            try program.write(
                "data/config.yaml",
                """
                agents: {dir: agents}
                tiers: {table: prices.json}
                providers: {fake: {kind: scripted, models: [m]}}
                telemetry: {log: debug}
                limits: {max_parallel: 3}
                profiles: {careful: {preset: read-only-analysis}}
                """
            )
            _ = try program.shell("kill -HUP \(server.pid)")
            let line = try log("reloaded.*poet", program, server)
            #expect(line.contains("debug") && line.contains("careful"), "\(line)")
            #expect(try log("next start", program, server).contains("limits.max_parallel"))
            let shown = try program.shell(
                "curl -s \(server.url)/v1/settings -H \"Authorization: Bearer $(cat data/token)\""
            ).json["items"]?.arrayValue
            func value(_ key: String) -> JSONValue? { shown?.first { $0["key"]?.stringValue == key }?["value"] }
            #expect(value("telemetry.log") == "debug" && value("limits.max_parallel") == 64)
            #expect(try told(program).contains("New verse."))
        }
    }
}
