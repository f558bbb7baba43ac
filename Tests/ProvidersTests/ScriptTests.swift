// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers
import Synchronization
import Testing

@Suite struct ScriptTests {
    private static let text = """
        rules:
          - match: {agent: analyst, contains: "find", nth: 1}
            reply:
              thinking: "where?"
              text: "I look."
              tool_calls: [{name: search, arguments: {q: baton}}, {id: mine, name: now}]
            chunks: 3
          - match: {nth: 2}
            error: {status: 429, retry_after: 2s}
          - match: {node: slow}
            reply: {data: {ok: true, n: 3}}
            delay: 5s
            usage: {input: 100, cached: 50, output: 20, reasoning: 5}
          - match: {contains: decide}
            reply: {decisions_needed: [{id: color, question: "Which?", options: [red, blue]}]}
          - match: {contains: hopeless}
            reply: {give_up: "no way"}
          - match: {contains: cut}
            reply: {text: "abcdefgh"}
            chunks: 4
            cut_at: 5
          - match: {contains: long}
            reply: {text: "too", stop: max_output}
        """

    private func request(_ text: String, agent: String? = nil, node: String? = nil, call: Int? = nil) -> ModelRequest {
        var request = ModelRequest(model: "m", messages: [.user(text)])
        request.origin = ModelCallOrigin(agent: agent, node: node, call: call)
        return request
    }

    private func provider() throws -> ScriptedProvider {
        ScriptedProvider(script: try ModelScript(Array(Self.text.utf8), fileName: "s.yaml"), clock: NoClock())
    }

    @Test func `the first rule that fits answers, in its pieces`() async throws {
        let provider = try provider()
        let chunks = Mutex<[ModelChunk]>([])
        let reply = try await provider.reply(to: request("find it", agent: "analyst")) { chunk in
            chunks.withLock { $0.append(chunk) }
        }
        #expect(reply.isSimulated && reply.stopReason == .tools && reply.text == "I look.")
        #expect(reply.toolCalls.map(\.name) == ["search", "now"])
        #expect(reply.toolCalls[0].arguments == ["q": "baton"] && reply.toolCalls[1].id == "mine")
        let texts = chunks.withLock { $0 }.compactMap { chunk in
            if case .text(let text) = chunk { text } else { nil }
        }
        #expect(texts == ["I l", "ook", "."])
        let again = try await provider.reply(to: request("find it", agent: "analyst", call: 1))
        #expect(again.text == reply.text && again.toolCalls[0].id == reply.toolCalls[0].id)
    }

    @Test func `a call fails as the script says`() async throws {
        let provider = try provider()
        let error = await #expect(throws: ModelError.self) { try await provider.reply(to: request("x", call: 2)) }
        #expect(error?.code == "provider.limited" && error?.errorClass == .upstream && error?.status == 429)
        #expect(error?.retryAfter == .seconds(2) && error?.mayBeCharged == false)
        let cut = await #expect(throws: ModelError.self) { try await provider.reply(to: request("cut", node: "z")) }
        #expect(cut?.code == "provider.failed" && cut?.errorClass == .transient && cut?.mayBeCharged == true)
        #expect(cut?.partial?.text == "abcde" && cut?.partial?.usage.certainty == .unknown)
    }

    @Test func `every form of reply is said`() async throws {
        let provider = try provider()
        let data = try await provider.reply(to: request("x", node: "slow", call: 7))
        #expect(data.text == #"{"ok":true,"n":3}"#)
        #expect(data.usage == ModelUsage(input: 100, cached: 50, output: 20, reasoning: 5))
        let decide = try await provider.reply(to: request("decide", call: 7))
        #expect(try JSONValue(parsing: decide.text)["decisions_needed"]?[0]?["id"] == "color")
        let hopeless = try await provider.reply(to: request("hopeless", call: 7))
        #expect(try JSONValue(parsing: hopeless.text) == ["success": false, "reason": "no way"])
        #expect(try await provider.reply(to: request("long", call: 7)).stopReason == .maxOutput)
    }

    @Test func `what no rule fits is echoed with a hash, always the same`() async throws {
        let one = try await ScriptedProvider().reply(to: request("hello"))
        let two = try await ScriptedProvider().reply(to: request("hello", agent: "another"))
        let other = try await ScriptedProvider().reply(to: request("hello!"))
        #expect(one.text == two.text && one.text.hasPrefix("[simulated ") && one.text.hasSuffix("] hello"))
        #expect(one.text.dropLast(5) != other.text.dropLast(6))
        #expect(one.isSimulated && one.usage.certainty == .estimated)
    }

    @Test func `calls are counted for each agent and node`() async throws {
        let script = try ModelScript(
            Array("rules: [{match: {nth: 1}, reply: {text: first}}, {reply: {text: later}}]".utf8),
            fileName: "s.yaml"
        )
        let provider = ScriptedProvider(script: script)
        var texts: [String] = []
        for agent in ["a", "a", "b", "a", "b"] {
            texts.append(try await provider.reply(to: request("x", agent: agent)).text)
        }
        #expect(texts == ["first", "later", "first", "later", "later"])
    }

    @Test func `a script that is wrong says all that is, and where`() {
        let text = """
            rules:
              - match: {agnt: x, nth: 0}
                reply: {text: a, data: 1}
              - delay: soon
              - error: {retry_after: 1s}
              - reply: {tool_calls: [{arguments: 3}], stop: never}
            """
        let error = #expect(throws: ModelScriptError.self) { try ModelScript(Array(text.utf8), fileName: "s.yaml") }
        #expect(
            error?.lines == [
                "s.yaml:2:19: `rules[0].match.agnt` is unknown here; there are agent, node, contains, nth",
                "s.yaml:2:27: `rules[0].match.nth` must be a whole number from 1 to 1000000",
                "s.yaml:3:12: `rules[0].reply` has text and data; only one of them can be answered",
                "s.yaml:4:5: `rules[1]` needs `reply` or `error`",
                "s.yaml:4:12: `rules[1].delay` must be a duration such as 250ms or 2s",
                "s.yaml:5:12: `rules[2].error` needs a `status`",
                "s.yaml:6:26: `rules[3].reply.tool_calls[0]` needs a `name`",
                "s.yaml:6:38: `rules[3].reply.tool_calls[0].arguments` must be a mapping",
                "s.yaml:6:49: `rules[3].reply.stop` must be one of end, max_output, stop_sequence, tools, paused, refusal, "
                    + "context_full, filtered, cut",
            ]
        )
    }
}

/// Waits for nothing.
private struct NoClock: Clock {
    struct Instant: InstantProtocol {
        func advanced(by duration: Duration) -> Self { self }
        func duration(to other: Self) -> Duration { .zero }
        static func < (left: Self, right: Self) -> Bool { false }
    }

    var now: Instant { Instant() }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}
