// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Agents

/// What programs of agents write, read in pieces of every size.
@Suite struct CLIReportTests {
    private static func report(_ form: CLIProgram.Form, _ text: String, pieces: Int) -> CLIReport {
        var report = CLIReport(form)
        let bytes = Array(text.utf8)
        var place = 0
        while place < bytes.count {
            let end = min(bytes.count, place + pieces)
            bytes[place..<end].withUnsafeBytes { report.feed($0) }
            place = end
        }
        report.finish()
        return report
    }

    /// As Claude Code 2.1 writes, shortened.
    private static let claude = """
        {"type":"system","subtype":"init","session_id":"5d1c","model":"claude-haiku-5-5","tools":["Bash"],"permissionMode":"bypassPermissions"}
        [warning: unknown model]
        {"type":"system","subtype":"ui_invalidate","session_id":"5d1c"}
        {"type":"system","subtype":"api_retry","attempt":1,"error_status":529,"session_id":"5d1c"}
        {"type":"assistant","message":{"content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"t","name":"Bash","input":{"command":"ls"}}]},"session_id":"5d1c"}
        {"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no such file"}]},"session_id":"5d1c"}
        {"type":"result","subtype":"success","is_error":false,"result":"Fixed.\\n<result>{\\"success\\":true}</result>","session_id":"5d1c","num_turns":2}
        """
    /// As `codex exec` 0.163 writes, shortened.
    private static let codex = """
        {"type":"thread.started","thread_id":"0199"}
        {"type":"turn.started"}
        {"type":"error","message":"Reconnecting... 1/5"}
        {"type":"item.completed","item":{"id":"i0","type":"command_execution","command":"bash -lc ls","aggregated_output":"","exit_code":0,"status":"completed"}}
        {"type":"item.completed","item":{"id":"i1","type":"file_change","changes":[{"path":"/w/a.txt","kind":"add"}],"status":"completed"}}
        {"type":"item.completed","item":{"id":"i2","type":"agent_message","text":"Done."}}
        {"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":0,"output_tokens":2}}
        """

    @Test func `streams are read the same in pieces of every size`() {
        for pieces in [1, 2, 7, 64, 100_000] {
            let claude = Self.report(.claude, Self.claude, pieces: pieces)
            #expect(claude.session == "5d1c" && claude.ending == .success, "\(pieces)")
            #expect(claude.text == "Fixed.\n<result>{\"success\":true}</result>", "\(pieces)")
            #expect(
                claude.log == [
                    "session 5d1c with claude-haiku-5-5", "asks again after 529", "I look.",
                    "Bash {\"command\":\"ls\"}",
                    "  failed: no such file", "1 lines were no JSON",
                ],
                "\(pieces)"
            )
            let codex = Self.report(.codex, Self.codex, pieces: pieces)
            #expect(codex.session == "0199" && codex.ending == .success && codex.text == "Done.", "\(pieces)")
            #expect(
                codex.log == [
                    "session 0199", "error: Reconnecting... 1/5", "$ bash -lc ls → 0", "changes /w/a.txt", "Done.",
                ],
                "\(pieces)"
            )
        }
    }

    @Test func `failures are seen whatever they call themselves, and garbage is no end`() {
        for (form, text, ending) in [
            (
                .claude,
                #"{"type":"result","subtype":"success","is_error":true,"terminal_reason":"api_error","result":"API Error: 402"}"#,
                .failure("api_error: API Error: 402")
            ),
            (.claude, #"{"type":"result","subtype":"error_max_turns","is_error":false}"#, .failure("error_max_turns")),
            (.codex, #"{"type":"turn.failed","error":{"message":"stream closed"}}"#, .failure("stream closed")),
            (.codex, #"{"type":"error","message":"stream closed"}"#, nil), (.claude, "{{{{\n\u{0}\n[]\n{}", nil),
            (.codex, #"{"type":"turn.compl"#, nil), (.text, "words", nil), (.claude, "", nil),
        ] as [(CLIProgram.Form, String, CLIReport.Ending?)] {
            #expect(Self.report(form, text, pieces: 5).ending == ending, "\(text)")
        }
    }

    @Test func `a line beyond the limit is dropped, and the next is read`() {
        var lines = OutputLines()
        var seen: [Int] = []
        let long = [UInt8](repeating: 120, count: OutputLines.limit / 2 + 1)
        for piece in [long, long, long, Array("\nab\nc".utf8), Array("d\n".utf8), Array("e".utf8)] {
            piece.withUnsafeBytes { bytes in lines.feed(bytes) { seen.append($0.count) } }
        }
        lines.finish { seen.append($0.count) }
        #expect(seen == [2, 2, 1] && lines.dropped == 1)
    }

    @Test func `the last result counts, and a refusal is no success`() throws {
        let plain = try OutputRule(nil)
        let strict = try OutputRule(["type": "object", "required": ["n"]])
        for (text, rule, output) in [
            ("Done.\n<result>{\"n\":1}</result>\n", plain, ["text": "Done.", "data": ["n": 1]]),
            ("<result>{\"n\":1}</result> then <result>{\"n\":2}</result>", strict, ["n": 2]),
            ("<result>no json</result>", plain, ["text": "<result>no json</result>", "data": nil]),
            ("{\"n\": 3}", strict, ["n": 3]), ("words", plain, ["text": "words", "data": nil]),
            ("words", strict, "output.invalid"), ("<result>{\"m\":1}</result>", strict, "output.invalid"),
            ("<result>{\"success\":false,\"reason\":\"no\"}</result>", plain, "agent.gave_up"),
            ("<result>{\"success\":false,\"reason\":\"no\"}</result>", strict, "agent.gave_up"),
        ] as [(String, OutputRule, JSONValue)] {
            do throws(TaskError) {
                let value = try CLIResult(text).output(rule)
                #expect(value == output, "\(text)")
            } catch {
                #expect(.string(error.code) == output, "\(text)")
            }
        }
    }

    @Test func `records of programs are read, and what is wrong is said`() throws {
        let head = "---\nid: x\nkind: cli\ncommand: tool\n"
        let text =
            head + """
                args: [run, "{session}"]
                resume: [go-on, "{session}"]
                output: codex
                env: {A: "{token}"}
                read: [/opt/tool]
                silence: 2m
                memory_mib: 1024
                install: get it
                ---
                Work.
                """
        let program = try #require(try AgentRecord(Array(text.utf8), fileName: "x.md").program)
        #expect(program.command == "tool" && program.arguments == ["run", "{session}"] && program.form == .codex)
        #expect(program.resume == ["go-on", "{session}"] && program.environment == ["A": "{token}"])
        #expect(program.readPaths == ["/opt/tool"] && program.silence == .seconds(120) && program.hint == "get it")
        #expect(program.memoryBytes == 1 << 30)
        for (more, word) in [
            ("output: xml\n", "`output`"), ("silence: soon\n", "`silence`"), ("args: run\n", "`args`"),
            ("env: {A: 1}\n", "`env`"), ("read: [a]\n", "`read`"), ("memory_mib: 1\n", "`memory_mib`"),
        ] {
            do {
                _ = try AgentRecord(Array("\(head)\(more)---\nx".utf8), fileName: "x.md")
                #expect(Bool(false), "\(more)")
            } catch {
                #expect(error.description.contains(word), "\(error)")
            }
        }
        for (front, word) in [
            ("kind: cli\n", "`command`"), ("kind: cli\ncommand: a/b\n", "`command`"), ("command: a\n", "kind: cli"),
            ("kind: grpc\n", "`kind`"),
        ] {
            do {
                _ = try AgentRecord(Array("---\nid: x\n\(front)---\nx".utf8), fileName: "x.md")
                #expect(Bool(false), "\(front)")
            } catch {
                #expect(error.description.contains(word), "\(error)")
            }
        }
        #expect(CLIProgram.fill("a {b} {c} {b", ["b": "{c}"]) == "a {c} {c} {b")
        for id in ["claude-code", "codex"] { #expect(try AgentRoster.builtIn().record(id).program != nil) }
    }

    // MARK: Agent Client Protocol

    private static func dialogue(_ session: String? = nil) -> ACPDialogue {
        ACPDialogue(first: "the task", again: "go on", workspace: "/w", session: session)
    }

    /// Takes lines of an agent; what is told it in between, shortened.
    private static func play(_ dialogue: inout ACPDialogue, _ lines: [String]) throws -> [String] {
        var told: [String] = []
        for line in ["null"] + lines {
            dialogue.take(try JSONValue(parsing: line))
            for message in dialogue.takeOutgoing().split(separator: 10) {
                let json = try JSONValue(parsing: Array(message))
                let words =
                    json["params"]?["prompt"]?.arrayValue?.first?["text"] ?? json["result"]?["outcome"]?["optionId"]
                told.append(
                    [json["method"], words, json["error"]?["code"]].compactMap { $0?.text }.joined(separator: " ")
                )
            }
        }
        return told
    }

    private static let hello =
        #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true}}}"#

    private static func said(_ words: String) -> String {
        #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"\#(words)"}}}}"#
    }

    @Test func `an agent of the protocol is told its task, permitted one thing at a time, and heard to its end`() throws
    {
        var dialogue = Self.dialogue()
        let call =
            #"{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"tool_call","toolCallId":"t","title":"Write a"}}}"#
        let leave =
            #"{"jsonrpc":"2.0","id":7,"method":"session/request_permission","params":{"toolCall":{"title":"Write a"},"options":[{"optionId":"always","kind":"allow_always"},{"optionId":"once","kind":"allow_once"}]}}"#
        let told = try Self.play(
            &dialogue,
            [
                Self.hello, Self.said("too early"), #"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}"#,
                Self.said("I "),
                Self.said("write."), call, leave,
                #"{"jsonrpc":"2.0","id":"x","method":"fs/read_text_file","params":{}}"#,
                #"{"jsonrpc":"2.0","id":99,"result":{}}"#, Self.said("Do"), Self.said("ne."),
                #"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#,
            ]
        )
        #expect(
            told == [
                #""initialize""#, #""session/new""#, #""session/prompt" "the task""#, #""once""#, "-32601",
            ],
            "\(told)"
        )
        #expect(dialogue.session == "s" && dialogue.ending == .success && dialogue.text == "Done.")
        #expect(dialogue.takeNotes() == ["session s", "I write.", "calls Write a", "is permitted: Write a"])
    }

    @Test func `a session is loaded when the agent can, and begun anew when it is gone`() throws {
        var loaded = Self.dialogue("old")
        let told = try Self.play(&loaded, [Self.hello, Self.said("history"), #"{"id":2,"result":null}"#])
        #expect(told == [#""initialize""#, #""session/load""#, #""session/prompt" "go on""#] && loaded.text.isEmpty)
        var gone = Self.dialogue("old")
        let retold = try Self.play(
            &gone,
            [
                Self.hello, #"{"id":2,"error":{"code":-32002,"message":"no such session"}}"#,
                #"{"id":3,"result":{"sessionId":"new"}}"#,
            ]
        )
        #expect(
            retold == [
                #""initialize""#, #""session/load""#, #""session/new""#, #""session/prompt" "the task""#,
            ] && gone.session == "new"
        )
        for (lines, reason) in [
            ([#"{"id":1,"result":{"protocolVersion":2}}"#], "it speaks version 2 of the protocol, not 1"),
            ([#"{"id":1,"error":{"code":1,"message":"log in first"}}"#], "log in first"),
            ([Self.hello, #"{"id":2,"result":{}}"#], "it opened no session"),
            (
                [Self.hello, #"{"id":2,"result":{"sessionId":"s"}}"#, #"{"id":3,"result":{"stopReason":"refusal"}}"#],
                "refusal"
            ),
        ] {
            var dialogue = Self.dialogue()
            _ = try Self.play(&dialogue, lines)
            #expect(dialogue.ending == .failure(reason), "\(lines)")
        }
    }
}
