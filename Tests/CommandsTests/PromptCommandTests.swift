// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Engine
import JSON
import Model
import Store
import StoreSQLite
import Testing

@testable import Commands

/// `edit`, `history`, `prompt` and `reset` of agents and skills.
@Suite(.timeLimit(.minutes(5))) struct PromptCommandTests {
    private static func judge(_ words: String) -> String { "---\nid: judge\n---\n\(words)\n" }

    /// What holds in the folder and over a server.
    private func walk(_ program: Program) throws {
        let original = try program.baton("agent prompt judge").output
        #expect(original.hasPrefix("---\nid: judge\n"), "\(original)")
        try program.write("a.md", Self.judge("Toss a coin."))
        try program.write("b.md", Self.judge("Roll a die."))
        try program.write("bad.md", "---\nid: judge\ntier: huge\n---\nx\n")
        let edited = try program.baton("agent edit judge --file a.md --note 'less work'")
        #expect(
            edited.exit == 0 && edited.output == "judge: version 1 is in force\n",
            "\(edited.output)\(edited.errors)"
        )
        #expect(try program.baton("agent prompt judge").output == Self.judge("Toss a coin."))
        #expect(try program.baton("agent show judge").output.contains("edited, version 1"))
        #expect(try program.baton("agent edit judge --file a.md").output == "nothing has changed\n")
        let bad = try program.baton("agent edit judge --file bad.md")
        #expect(bad.exit == 2 && bad.errors.contains("judge.md:3: `tier`"), "\(bad.errors)")
        #expect(try program.shell("\"$BATON\" agent edit judge --file - < b.md").exit == 0)
        let rows = try program.baton("agent history judge -o json").json
        #expect(
            rows[0]?["version"] == 2 && rows[0]?["in_force"] == true && rows[1]?["note"] == "less work",
            "\(rows.text)"
        )
        #expect(try program.baton("agent history judge").output.contains("less work"))
        #expect(try program.baton("agent prompt judge --version 1").output == Self.judge("Toss a coin."))
        #expect(try program.baton("agent reset judge --to 1").output == "judge: version 3 is in force\n")
        #expect(try program.baton("agent prompt judge").output == Self.judge("Toss a coin."))
        let reset = try program.baton("agent reset judge --note enough")
        #expect(reset.output == "judge: what comes with the program is in force\n", "\(reset.output)\(reset.errors)")
        #expect(try program.baton("agent prompt judge").output == original)
        #expect(try program.baton("agent prompt judge --version 4").exit == 3)
        for words in [
            "agent prompt jugde", "agent edit jugde --file a.md", "agent history nobody",
            "agent prompt judge --version 9",
        ] {
            #expect(try program.baton(words).exit == 3, "\(words)")
        }
        #expect(try program.baton("agent edit judge").errors.contains("--file FILE"))
        let skill = "---\nname: systemd\n---\nAsk somebody.\n"
        try program.write("skill.md", skill)
        #expect(try program.baton("skill edit systemd --file skill.md").exit == 0)
        #expect(try program.baton("skill prompt systemd").output == skill)
        #expect(try program.baton("skill show systemd -o json").json["source"] == "edited")
        let trail = try program.baton("audit list --action prompt -o json").json
        let actions = trail.arrayValue?.compactMap { $0["action"]?.stringValue }
        #expect(
            actions == ["prompt.edit", "prompt.reset", "prompt.edit", "prompt.edit", "prompt.edit"],
            "\(trail.text)"
        )
    }

    @Test func `texts are edited and taken back in the data folder`() throws { try walk(try Program()) }

    @Test func `texts are edited and taken back over a server`() throws {
        let program = try Program()
        let server = try ServerProgram(program)
        try walk(program)
        try server.stop()
    }

    @Test func `an edit stays over files that change and over death, and its run is told it`() throws {
        let program = try Program()
        _ = try program.shell("mkdir -p data/agents")
        func file(_ words: String) throws {
            try program.write("data/agents/poet.md", "---\nid: poet\n---\n\(words)\n")
        }
        try program.write(
            "data/config.yaml",
            "agents: {dir: agents}\nproviders: {fake: {kind: scripted, models: [m]}}\n"
        )
        try program.write(
            "verses.yaml",
            "workflow: verses\nnodes: [{id: a, type: agent, config: {agent: poet, prompt: Go.}}]\n"
        )
        try file("Old verse.")
        try program.write("edited.md", "---\nid: poet\n---\nEdited verse.\n")
        var server = try ServerProgram(program)
        #expect(try program.baton("agent edit poet --file edited.md").exit == 0)
        try file("New verse.")
        let reloaded = try program.shell(
            "timeout 60 grep -m 1 reloaded <(tail --pid=\(server.pid) -n +1 -f server.err)"
        )
        #expect(reloaded.output.contains("poet"), "\(reloaded.output)")
        func told() throws -> String {
            #expect(try program.baton("run verses.yaml").exit == 0)
            return try program.baton("task prompt last a -o json").output
        }
        #expect(try told().contains("Edited verse."))
        try server.kill()
        #expect(try told().contains("Edited verse."), "without a server as well")
        server = try ServerProgram(program)
        #expect(try program.baton("agent show poet -o json").json["source"] == "edited")
        #expect(try told().contains("Edited verse."))
        #expect(try program.baton("agent reset poet").output == "poet: what its file has is in force\n")
        #expect(try told().contains("New verse."))
        try server.stop()
    }

    @Test func `an edit that cannot be read is told by the doctor and by a server, which works all the same`() throws {
        let program = try Program()
        let folder = try DataFolder(locking: "\(program.folder)/data", command: "test")
        let store = try SQLiteRunStore(in: folder)
        var change = SecurityChange()
        change.promptVersions = [
            .init(
                name: "agent:judge",
                version: 1,
                hash: "h",
                text: Array("of a later version".utf8),
                at: Timestamp(milliseconds: 1),
                actor: "user:a"
            )
        ]
        try store.apply(change)
        store.close()
        folder.unlock()
        let finding = try program.baton("doctor -o json").json.arrayValue?.first { $0["check"] == "agents" }
        #expect(finding?["status"] == "warn" && finding?["message"]?.stringValue?.contains("judge.md:1") == true)
        let server = try ServerProgram(program)
        #expect(try program.baton("agent show judge -o json").json["source"] == "built_in")
        #expect(try program.shell("grep -c 'an edited text cannot be used' server.err").output == "1\n")
        try server.stop()
    }

    @Test func `an editor changes the text, and what is not taken is kept`() throws {
        let program = try Program()
        let name = PromptName(.agent, "judge")
        let environment = ["TMPDIR": program.folder, "PATH": "/usr/bin:/bin"]
        func edit(_ editor: String) throws -> PromptDraft {
            try PromptDraft.edit("one\ntwo\n", of: name, with: editor, environment)
        }
        func files() throws -> String { try program.shell("ls | grep -c '^baton-judge-' || true").output }
        let draft = try edit("sed -i s/two/three/")
        #expect(draft.text == "one\nthree\n")
        #expect(try files() == "1\n" && program.shell("stat -c %a baton-judge-*").output == "600\n")
        let failure = draft.keeping(.invalid("bad"), name)
        #expect(failure.hint?.contains("baton agent edit judge --file") == true)
        draft.remove()
        #expect(try files() == "0\n")
        let same = #expect(throws: CommandFailure.self) { _ = try edit("false") }
        #expect(same?.message.contains("ended with 1") == true && same?.hint == nil)
        #expect(try files() == "0\n")
        let lost = #expect(throws: CommandFailure.self) {
            _ = try edit("sh -c 'echo more >> \"$0\"; exit 1'")
        }
        #expect(lost?.hint?.contains("your text is kept in \(program.folder)/baton-judge-") == true)
        #expect(try files() == "1\n")
    }
}
