// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Store
import Testing
import Tools

@testable import Agents

/// What models are asked, and what is kept of it.
@Suite struct PromptTests {
    private static let words = String(repeating: "All work and no play makes a long result. ", count: 40)

    private static func long(_ count: Int) -> AgentPlay {
        var play = AgentPlay(
            replies: (1...Int64(count)).map { number in
                var reply = ModelReply.calls(("look_up", number))
                reply.parts.insert(.text("\(words)\(number)"), at: 0)
                return reply
            } + [.says("done")]
        )
        play.config = [
            "agent": "analyst", "prompt": "First.", "tools": ["look.up"], "history_rounds": 3, "max_rounds": 40,
        ]
        return play
    }

    private static func logged(_ steps: [AgentStep]) -> [LoggedStep] {
        steps.map {
            LoggedStep(
                number: $0.number,
                kind: $0.kind,
                name: $0.name,
                request: $0.request,
                result: $0.result,
                at: Timestamp(milliseconds: 0)
            )
        }
    }

    @Test func `what is sent only grows from round to round, until rounds are summed up`() throws {
        var play = Self.long(20)
        #expect(try play.end()["text"] == "done")
        func plain(_ request: ModelRequest) -> [[UInt8]] {
            request.messages.map { message in
                var message = message
                message.cache = nil
                return message.json.canonicalBytes()
            }
        }
        var breaks: [Int] = []
        for (number, (before, after)) in zip(play.asked, play.asked.dropFirst()).enumerated() {
            // Instructions, tools and all that stands before the conversation are the same, byte for byte.
            #expect(PromptFrame(before).json.canonicalBytes() == PromptFrame(after).json.canonicalBytes())
            let (left, right) = (plain(before), plain(after))
            if Array(right.prefix(left.count)) != left { breaks.append(number + 1) }
        }
        // 7 rounds become 3, then every 4 rounds.
        #expect(breaks == [7, 11, 15, 19], "\(breaks)")
        #expect(play.asked.map(\.messages.count).max() == 13)
        #expect(play.asides.count == 4 && play.asides.allSatisfy { $0.purpose == .extraction })
        // A summary is about what was left out then, and all of them stay where they are.
        let first = play.asides[0].request.messages[0].parts
        guard case .text(let account) = first[0] else { return #expect(Bool(false)) }
        #expect(account.contains("long result. 4\n") && !account.contains("long result. 5\n"))
        let opening = play.asked[20].messages[0].parts
        #expect(opening.count == 5, "the prompt and four summaries")
        #expect(opening.contains(.text("<summary of=\"earlier rounds\" trust=\"agent\">\nin short\n</summary>")))
        // The numbers of calls do not count what is asked besides.
        #expect(play.asked.compactMap { $0.origin?.call } == Array(1...21))
        #expect(
            HistorySummary.read(play.steps).map(\.last)
                == HistoryPlan(try AgentTurn.read(play.steps), rounds: 3).cuts.map(\.last)
        )
    }

    @Test func `a summary that failed is not asked for again, and short rounds need none`() throws {
        var failed = Self.long(8)
        guard
            case .ask = try { () throws -> AgentAction in
                failed.replies = Array(failed.replies.prefix(7))
                return try failed.play()
            }()
        else { return #expect(Bool(false)) }
        #expect(failed.asides.count == 1)
        let position = try #require(failed.steps.firstIndex { $0.request["purpose"] != nil })
        failed.steps[position].result = AgentStep.failed(.noModel("x"))
        guard case .ask(let ask) = try failed.next() else { return #expect(Bool(false)) }
        #expect(ask.request.messages[0].parts.count == 1 && ask.request.messages.count == 7)
        failed.steps[position].result = AgentStep.lost
        guard case .aside = try failed.next() else { return #expect(Bool(false), "lost ones are asked for again") }
        var brief = AgentPlay(replies: (1...12).map { .calls(("look_up", $0)) } + [.says("done")])
        brief.config = ["agent": "analyst", "prompt": "p", "tools": ["look.up"], "history_rounds": 2, "max_rounds": 20]
        #expect(try brief.end()["text"] == "done" && brief.asides.isEmpty)
    }

    @Test func `every prompt can be put together again, byte for byte, from little more than the conversation`() throws
    {
        var play = Self.long(30)
        play.guidance = ["Hurry."]
        #expect(try play.end()["text"] == "done")
        let history = PromptHistory(Self.logged(play.steps))
        #expect(history.calls.count == play.asked.count + play.asides.count)
        let main = history.calls.filter { $0.step.request["purpose"] == nil }
        for (call, asked) in zip(main, play.asked) {
            #expect(call.isExact && call.request == asked.json, "call \(call.number)")
        }
        #expect(history.calls.allSatisfy { $0.isExact })
        // As the log has it, written and read.
        let stored = try play.steps.map { step in
            AgentStep(
                number: step.number,
                kind: step.kind,
                name: step.name,
                request: try JSONValue(parsing: step.request.canonicalBytes()),
                result: try step.result.map { try JSONValue(parsing: $0.canonicalBytes()) }
            )
        }
        #expect(PromptHistory(Self.logged(stored)).calls.allSatisfy { $0.isExact })
        let size = stored.reduce(0) {
            $0 + $1.request.canonicalBytes().count + ($1.result?.canonicalBytes().count ?? 0)
        }
        let transcript =
            (play.steps.map { step in
                let messages = (step.request["messages"]?.arrayValue ?? []).reduce(0) { $0 + $1.canonicalBytes().count }
                return messages + (step.result?.canonicalBytes().count ?? 0)
            }).reduce(0, +)
        let sent = play.asked.reduce(0) { $0 + $1.canonicalBytes().count }
        #expect(size <= 2 * transcript && size < sent / 3, "\(size) of \(transcript), \(sent) sent")
        let shown = try #require(history.json(call: 2))
        #expect(shown["prompt"]?["exact"] == true && shown["prompt"]?["status"] == "answered")
        #expect(shown["prompt"]?["request"]?["instructions"]?[0]?["text"]?.stringValue?.contains("analyst") == true)
        #expect(history.json(call: 99) == nil && history.json(attempt: 2) == nil)
        // What somebody changed shows.
        var changed = play.steps
        let position = try #require(changed.firstIndex { $0.kind == .model })
        var request = try #require(changed[position].request.objectValue)
        request["max_output_tokens"] = 1
        changed[position] = AgentStep(
            number: changed[position].number,
            kind: .model,
            name: "p/m",
            request: .object(request),
            result: changed[position].result
        )
        #expect(PromptHistory(Self.logged(changed)).calls[0].isExact == false)
    }

    @Test func `an agent that may change the run is offered what is wanted, when that is clear`() throws {
        let all = ["look_up", "note_down", "note_once", "run_patch", "task_give_up"]
        for (answer, tools) in [
            (#"{"intent": "patch", "confidence": 0.9}"#, ["look_up", "run_patch", "task_give_up"]),
            (#"{"intent": "execute", "confidence": 0.7}"#, ["look_up", "note_down", "note_once", "task_give_up"]),
            (#"{"intent": "execute", "confidence": 0.69}"#, all), (#"{"intent": "unclear", "confidence": 1}"#, all),
            (#"{"intent": "dance", "confidence": 1}"#, all), ("I think so", all),
        ] {
            var play = AgentPlay(replies: [.calls(("note_down", 1)), .says("done"), .says("again")])
            play.set("can_patch", true)
            play.asideReply = answer
            #expect(try play.end()["text"] == "done")
            #expect(play.asked[0].tools.map(\.name) == tools, "\(answer)")
            #expect(play.asides.count == 1 && play.asides[0].purpose == .classification)
            // What is not offered cannot be called.
            #expect(play.called.isEmpty == !tools.contains("note_down"), "\(answer)")
            #expect(PromptHistory(Self.logged(play.steps)).calls.allSatisfy { $0.isExact })
            // What people say later may want something else.
            play.guidance = ["Change it then."]
            #expect(try play.end()["text"] == "again" && play.asked[2].tools.map(\.name) == all)
        }
        var plain = AgentPlay(replies: [.says("done")])
        #expect(try plain.end()["text"] == "done" && plain.asides.isEmpty)
    }

    @Test func `of programs only what is new in a call is kept`() throws {
        let prompts = GatewayPrompts()
        var (steps, sent): ([LoggedStep], [ModelRequest]) = ([], [])
        var conversation: [ModelMessage] = []
        for round in 1...20 {
            // The agent, and now and then another conversation of the same program.
            var request: ModelRequest
            if round % 5 == 0 {
                request = ModelRequest(
                    model: "small",
                    messages: [.user("Title for round \(round)?")],
                    maxOutputTokens: 20
                )
                request.instructions = [InstructionBlock("You find titles.")]
            } else {
                conversation.append(.user("\(Self.words)\(round)"))
                var messages = conversation
                messages[messages.count - 1].cache = .short
                request = ModelRequest(model: "big", messages: messages, maxOutputTokens: 9000)
                request.instructions = [InstructionBlock(Self.words, cache: .short)]
                request.temperature = 0.5
                conversation.append(ModelMessage(.assistant, [.text("Answer \(round)")]))
            }
            var record = prompts.record(of: request)
            record["form"] = "messages"
            record["model"] = .string(request.model)
            steps.append(
                LoggedStep(
                    number: round,
                    kind: .model,
                    name: "p/other",
                    request: .object(record),
                    result: AgentStep.answered(.says("x")),
                    at: Timestamp(milliseconds: 0)
                )
            )
            prompts.keep(request, as: round)
            sent.append(request)
        }
        let calls = PromptHistory(steps).calls
        #expect(calls.allSatisfy { $0.isExact })
        #expect(calls.map(\.request) == sent.map(\.json))
        let size = steps.reduce(0) { $0 + $1.request.canonicalBytes().count }
        let whole = try #require(sent[18].canonicalBytes().count as Int?)
        #expect(size < 2 * whole, "\(size) of \(whole)")
    }
}
