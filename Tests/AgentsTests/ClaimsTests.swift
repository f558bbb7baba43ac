// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers
import Testing

@testable import Agents

/// Answers that say more than was done, and answers that are calls (spec 8.4).
@Suite struct ClaimsTests {
    private static let read = ClaimsCheck.Executed(
        name: "fs.read",
        category: "files",
        isRead: true,
        arguments: "{\"path\":\"notes.txt\"}"
    )
    private static let write = ClaimsCheck.Executed(
        name: "fs.write",
        category: "files",
        isRead: false,
        arguments: "{\"path\":\"src/report.md\"}"
    )
    private static let shell = ClaimsCheck.Executed(
        name: "shell.exec",
        category: "shell",
        isRead: false,
        arguments: "{}"
    )

    @Test func `what is said to be done has to have been done by a call of that kind`() {
        let claims: [(text: String, calls: [ClaimsCheck.Executed], count: Int)] = [
            ("I ran the tests.", [], 1), ("I ran the tests.", [Self.write, Self.read], 1),
            ("I ran the tests.", [Self.shell], 0),
            ("All tests pass.", [Self.read], 1), ("All tests pass now!", [Self.shell], 0),
            ("The tests are green.", [], 1), ("File written.", [], 1), ("File written.", [Self.write], 0),
            ("I've just created the report.", [Self.read], 1), ("I have written report.md", [Self.write], 0),
            ("I wrote `other.md`.", [Self.write], 1), ("I wrote src/report.md.", [Self.write], 0),
            ("The file was saved.", [], 1), ("I read notes.txt.", [Self.read], 0), ("I read more.txt.", [Self.read], 1),
            ("I sent the mail.", [Self.write], 1), ("I deployed it.", [Self.shell], 0),
            ("I ran the tests. I wrote report.md. It is fine.", [], 2),
            ("- I ran it;\n- Then I updated the file", [], 2),
            // None of these says that something was done.
            ("I did not run the tests.", [], 0), ("I could not write the file.", [], 0),
            ("I will run the tests.", [], 0),
            ("If the tests pass, merge.", [], 0), ("Have you run the tests?", [], 0), ("The report was good.", [], 0),
            ("You should have run it.", [], 0), ("The river runs to the sea and has moved.", [], 0),
            ("Tests were not run.", [], 0), ("```\nI ran the tests.\n```", [], 0), ("Run `make test`.", [], 0),
            ("The author wrote a book in 1900.", [], 0),
        ]
        for (text, calls, count) in claims {
            let found = ClaimsCheck(executed: calls).unsupported(in: text)
            #expect(found.count == count, "\(text): \(found)")
        }
    }

    @Test func `a claim without a call comes back once, and then it is a gap`() throws {
        var play = AgentPlay()
        play.set("claims", "verify")
        play.replies = [.says("I wrote it to report.md."), .says("I wrote it to report.md, really.")]
        #expect(try play.end() == "verification.failed")
        #expect(play.asked.count == 2)
        #expect(play.asked[1].newest.hasPrefix(AgentTurn.claimsWords + "\n- I wrote it to report.md."))
        play = AgentPlay()
        play.set("claims", "verify")
        play.replies = [.says("File written."), .calls(("note_down", 1)), .says("File written.")]
        #expect(try play.end()["text"] == "File written.")
        play = AgentPlay()
        play.replies = [.says("I wrote it to report.md.")]
        #expect(try play.end()["text"] == "I wrote it to report.md.", "nobody asked")
    }

    @Test func `with respond: tool only a call of respond is an answer`() throws {
        var play = AgentPlay()
        play.set("respond", "tool")
        let answer = ToolCall(id: "r", name: "respond", arguments: ["answer": "done"])
        func respond(_ calls: ToolCall...) -> ModelReply {
            ModelReply(
                parts: calls.map(ModelPart.toolCall),
                stopReason: .tools,
                usage: ModelUsage(input: 1, output: 1),
                model: "m"
            )
        }
        play.replies = [.says("done"), respond(answer)]
        #expect(try play.end()["text"] == "done")
        #expect(play.asked[0].toolChoice == .required && play.asked[0].outputSchema == nil)
        #expect(play.asked[1].newest.contains("by calling `respond`"))
        // What is asked for beside it is done first.
        play = AgentPlay()
        play.set("respond", "tool")
        play.set("max_rounds", 1)
        play.replies = [respond(ToolCall(id: "n", name: "note_down", arguments: ["n": 1]), answer)]
        #expect(try play.end()["text"] == "done" && play.called == [["note.down"]])
        // With a schema the arguments are the value, checked as any other.
        play = AgentPlay()
        play.set("respond", "tool")
        play.set(
            "output_schema",
            ["type": "object", "required": ["n"], "properties": ["n": ["type": "integer"]]]
        )
        play.replies = [
            respond(ToolCall(id: "r", name: "respond", arguments: ["n": "x"])),
            respond(ToolCall(id: "s", name: "respond", arguments: ["n": 3])),
        ]
        #expect(try play.end() == ["n": 3])
        #expect(play.asked[1].newest.contains("/n:") && play.asked[1].results.map(\.callID) == ["r"])
    }
}
