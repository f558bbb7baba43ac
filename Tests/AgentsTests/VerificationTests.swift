// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import HTTPServer
import JSON
import Model
import Providers
import Reactor
import Store
import Testing

@testable import Agents

/// Checks of outputs as they are made: files, programs, requests, and a model that judges (spec 9.7).
@Suite(.timeLimit(.minutes(5))) struct VerificationTests {
    /// What the only check of each node found, in their order.
    private func found(
        _ checks: [String],
        allowing: [String] = [],
        before: String = ""
    ) async throws -> [CheckEvidence] {
        let nodes = checks.enumerated().map { number, check in
            let more = before.isEmpty ? check : "\(before), \(check)"
            return """
                  - {id: n\(number), type: tool, on_exhausted: skip, retry: {max_attempts: 1}, verify: [\(more)],
                     depends_on: [\(number > 0 ? "n\(number - 1)" : "")],
                     config: {tool: fs.write, args: {path: report.md, content: "hello world"}}}
                """
        }
        let world = try AgentWorld("rules: [{reply: {text: none}}]", allowing: allowing)
        return try await world.withEngine { engine in
            let run = try await world.start(
                document: "workflow: w\non_failure: continue\nnodes:\n" + nodes.joined(separator: "\n"),
                on: engine
            )
            let isEnough: (RunRow) -> Bool = { $0.status.isTerminal || $0.status == .waiting && $0.reason == .human }
            var found: [CheckEvidence] = []
            while true {
                let row = try await world.wait(for: run, on: engine, isEnough)
                let state = try engine.reader.state(ofRun: row.key)
                found = state.root.tasks.indices.compactMap {
                    state.verification(of: TaskRef(node: $0))?.evidence.last
                }
                guard row.status == .waiting else { break }
                // What could not be decided is approved, so that the next node can begin.
                var filter = HumanTaskFilter()
                filter.statuses = HumanTaskStatus.pending
                for request in world.store.humanTasks(filter) {
                    _ = try await engine.decide(request.id, approve: true, comment: nil, by: "user:a")
                }
            }
            return found
        }
    }

    @Test func `files and programs are looked at in the workspace of the run`() async throws {
        let hash = "sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
        let cases: [(check: String, verdict: Verdict, message: String)] = [
            ("{kind: file, path: report.md, size: 5, pattern: 'he+llo', hash: '\(hash)'}", .passed, ""),
            ("{kind: file, path: '${ output.path }'}", .passed, ""),
            ("{kind: file, path: report.md, size: 100}", .gapsFound, "11 bytes, less than 100"),
            ("{kind: file, path: report.md, pattern: '^bye'}", .gapsFound, "nothing that matches"),
            ("{kind: file, path: report.md, hash: 'sha256:00'}", .gapsFound, "another hash"),
            ("{kind: file, path: other.md}", .gapsFound, "other.md does not exist"),
            ("{kind: file, path: ../x}", .humanNeeded, "contains .."),
            ("{kind: command, run: [grep, -q, hello, report.md]}", .passed, ""),
            ("{kind: command, run: [sh, -c, 'echo so; exit 3']}", .gapsFound, "ended with exit code 3; it wrote: so"),
            ("{kind: command, run: [sleep, '30'], timeout: 1s}", .gapsFound, "did not end within 1s"),
            ("{kind: command, run: [no-such-program]}", .humanNeeded, "there is no program no-such-program"),
            ("{kind: command, run: [./x]}", .humanNeeded, "relative path"),
        ]
        let found = try await found(cases.map(\.check))
        try #require(found.count == cases.count)
        for (evidence, expected) in zip(found, cases) {
            #expect(evidence.verdict == expected.verdict, "\(expected.check): \(evidence.message)")
            #expect(evidence.message.contains(expected.message), "\(expected.check): \(evidence.message)")
        }
        #expect(found[0].details["sha256"] == .string(String(hash.dropFirst(7))) && found[0].details["size"] == 11)
        #expect(found[8].details["exit_code"] == 3 && found[8].details["tail"] == "so")
        #expect(found[8].details["argv"] == ["sh", "-c", "echo so; exit 3"])
        #expect(found[8].details["output_sha256"]?.stringValue?.count == 64)
    }

    @Test func `what changed has to be something, within the paths that may change`() async throws {
        let first = try await found(["{kind: diff, writes: ['*.md']}"])
        #expect(first.map(\.verdict) == [.humanNeeded], "there is no repository: \(first)")
        let cases: [(check: String, verdict: Verdict, message: String)] = [
            ("{kind: diff, writes: ['*.md']}", .passed, ""), ("{kind: diff, writes: [report.md, src/]}", .passed, ""),
            ("{kind: diff, writes: ['src/**']}", .gapsFound, "outside of what may change: report.md"),
        ]
        let found = try await found(cases.map(\.check), before: "{kind: command, run: [git, init, -q, .]}")
        for (evidence, expected) in zip(found, cases) {
            #expect(evidence.verdict == expected.verdict, "\(expected.check): \(evidence)")
            #expect(evidence.message == expected.message)
            #expect(evidence.details["paths"] == ["report.md"])
        }
    }

    @Test func `an answer has to have the status, the form and the values that are wanted`() async throws {
        let server = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            request.path == ["gone"]
                ? HTTPResponse(status: 404) : .json(Array("{\"up\":true,\"n\":2}".utf8), status: 201)
        }
        let port = server.addresses[0].port ?? 0
        let url = "url: 'http://127.0.0.1:\(port)/x'"
        let cases: [(check: String, verdict: Verdict, message: String)] = [
            ("{kind: http, \(url), expect: {status: 201, schema: {required: [up]}, expr: body.n == 2}}", .passed, ""),
            ("{kind: http, \(url), expect: {expr: body.n == 3}}", .gapsFound, "`body.n == 3` is false"),
            ("{kind: http, \(url), expect: {status: 200}}", .gapsFound, "answered 201"),
            ("{kind: http, \(url), expect: {schema: {required: [down]}}}", .gapsFound, "down"),
            ("{kind: http, url: 'http://127.0.0.1:\(port)/gone'}", .gapsFound, "answered 404"),
            ("{kind: http, url: 'http://127.0.0.1:1/'}", .humanNeeded, "could not be made"),
        ]
        let found = try await found(cases.map(\.check), allowing: ["127.0.0.1:\(port)"])
        await server.stop(within: .zero)
        try #require(found.count == cases.count)
        for (evidence, expected) in zip(found, cases) {
            #expect(evidence.verdict == expected.verdict, "\(expected.check): \(evidence)")
            #expect(evidence.message.contains(expected.message), "\(evidence.message)")
        }
        #expect(found[0].details["status"] == 201 && found[0].details["body_sha256"]?.stringValue?.count == 64)
    }

    // MARK: The judge

    private static let script = """
        rules:
          - {match: {agent: judge, contains: "first draft"}, reply: {data: {verdict: gaps_found, reason: r, quotes: ["first draft"], gaps: ["name the sources"]}}}
          - {match: {agent: judge, contains: "final text"}, reply: {data: {verdict: passed, reason: good, quotes: ["the final\\n text"], gaps: []}}}
          - {match: {contains: "name the sources"}, reply: {text: "This is the final text."}}
          - {reply: {text: "a first draft"}}
        """

    @Test func `an agent hears what a judge found, and goes on from its own words`() async throws {
        let world = try AgentWorld(Self.script, judge: "j")
        try await world.withEngine { engine in
            let run = try await world.start(
                "max_rounds: 1, tools: []",
                "retry: {max_attempts: 2, delay: 0s}, verify: [{kind: judge, criteria: 'Sources for ${ output.text }'}], ",
                on: engine
            )
            let row = try await world.wait(for: run, on: engine)
            #expect(row.status == .completed, "\(row.error ?? "")")
            #expect(try world.ending(of: run, engine)["text"] == "This is the final text.")
            let asked = world.models.asked
            try #require(asked.map(\.model) == ["m", "j", "m", "j"])
            let judged = asked[1].newest
            #expect(judged.contains("<task>\nGo.\n</task>") && judged.contains("Sources for a first draft"))
            #expect(judged.contains("<output trust=\"agent\">\na first draft\n</output>"))
            #expect(asked[1].outputSchema != nil && asked[1].tools.isEmpty)
            #expect(asked[2].messages.count == 3, "the conversation goes on")
            #expect(asked[2].newest.contains("does not pass:\n- judge: name the sources"))
            let state = try engine.reader.state(ofRun: try #require(world.store.run(run)).key)
            let evidence = try #require(state.verification(of: TaskRef(node: 0))?.evidence.first)
            #expect(evidence.details["independent"] == true && evidence.details["model"] == "p/j")
            #expect(evidence.details["simulated"] == true && evidence.details["quotes"] == ["the final\n text"])
            var filter = UsageFilter()
            filter.limit = .max
            let purposes = world.store.usage(filter).map(\.subject.purpose)
            #expect(purposes.count { $0 == .verification } == 2 && purposes.count { $0 == .execution } == 2)
        }
    }

    @Test func `the author judges only when there is nobody else`() async throws {
        let world = try AgentWorld(Self.script.replacing("a first draft", with: "the final text"))
        try await world.withEngine { engine in
            let run = try await world.start("tools: []", "verify: [{kind: judge, criteria: c}], ", on: engine)
            #expect(try await world.wait(for: run, on: engine).status == .completed)
            let state = try engine.reader.state(ofRun: try #require(world.store.run(run)).key)
            let evidence = try #require(state.verification(of: TaskRef(node: 0))?.evidence.first)
            #expect(evidence.details["independent"] == false && evidence.details["model"] == "p/m")
        }
    }

    @Test func `a judge that no model answers for is skipped, and then a person decides`() async throws {
        let script = """
            rules:
              - {match: {agent: judge}, error: {status: 500}}
              - {reply: {text: x}}
            """
        let world = try AgentWorld(script, judge: "j")
        try await world.withEngine { engine in
            let run = try await world.start("tools: []", "verify: [{kind: judge, criteria: c}], ", on: engine)
            let row = try await world.wait(for: run, on: engine) {
                $0.status.isTerminal || $0.status == .waiting && $0.reason == .human
            }
            try #require(row.status == .waiting, "\(row.error ?? "")")
            let state = try engine.reader.state(ofRun: try #require(world.store.run(run)).key)
            let verification = try #require(state.verification(of: TaskRef(node: 0)))
            #expect(verification.evidence.map(\.verdict) == [.skipped] && verification.verdict == .humanNeeded)
            #expect(state[TaskRef(node: 0)].status == .needsReview)
        }
    }

    @Test func `what a judge says counts only as far as it can be read and quotes what is there`() {
        let brief = JudgeBrief(number: 0, node: "n", criteria: "c", task: "", output: ["text": "one  two\nthree"])
        func verdict(_ text: String) -> (Verdict, String) {
            let model = ModelReference(provider: "p", model: "m")
            let evidence = brief.evidence(.says(text), of: model, isOther: true)
            return (evidence.verdict, evidence.message)
        }
        func answer(_ verdict: String, _ quotes: String, _ gaps: String = "") -> String {
            "{\"verdict\": \"\(verdict)\", \"reason\": \"why\", \"quotes\": [\(quotes)], \"gaps\": [\(gaps)]}"
        }
        let cases: [(String, Verdict, String)] = [
            (answer("passed", "\"two three\""), .passed, ""),
            ("```json\n\(answer("passed", "\"one\""))\n```", .passed, ""),
            (answer("passed", ""), .humanNeeded, "no quote"),
            (answer("passed", "\"four\""), .humanNeeded, "quotes what the output does not say: four"),
            (answer("gaps_found", "\"four\"", "\"g\""), .humanNeeded, "does not say"),
            (answer("gaps_found", "", "\"a\", \"b\""), .gapsFound, "a; b"),
            (answer("gaps_found", ""), .gapsFound, "why"), (answer("human_needed", ""), .humanNeeded, "why"),
            (answer("fine", ""), .humanNeeded, "cannot be read"), ("it is fine", .humanNeeded, "cannot be read"),
            (answer("skipped", ""), .humanNeeded, "cannot be read"),
        ]
        for (text, expected, message) in cases {
            let (found, said) = verdict(text)
            #expect(found == expected && said.contains(message), "\(text): \(found) \(said)")
        }
        let long = JudgeBrief(
            number: 0,
            node: "n",
            criteria: "",
            task: "t",
            output: .string(String(repeating: "x", count: 9000))
        )
        #expect(long.shown.count == 8000)
        let asked = long.request(for: ModelReference(provider: "p", model: "m"), call: 1).newest
        #expect(asked.contains("cut=\"true\"") && asked.contains("substantive, relevant, complete"))
    }

    // MARK: Feedback

    @Test func `feedback begins the rounds anew, and each is said once`() throws {
        var play = AgentPlay()
        play.set("max_rounds", 1)
        play.replies = [.says("one")]
        #expect(try play.end()["text"] == "one")
        play.feedback = [CheckFeedback(attempt: 1, text: "- x: more")]
        play.replies.append(.calls(("look_up", 1)))
        #expect(try play.end() == "agent.rounds")
        #expect(
            play.asked[1].newest
                == "Your output was checked, and does not pass:\n- x: more\nCorrect that, then give your "
                + "whole answer again."
        )
        play.replies[1] = .says("two")
        play.steps.removeLast(play.steps.count - 1)
        play.asked.removeLast()
        #expect(try play.end()["text"] == "two" && play.asked.count == 2)
        #expect(try play.end()["text"] == "two" && play.asked.count == 2, "it is not asked again")
    }
}
