// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import MockModels
import Model
import ProviderCalls
import Providers
import Reactor
import Synchronization
import Testing

/// Calls over sockets of the mock server.
@Suite struct HTTPProviderTests {
    private static let script = """
        rules:
          - match: {contains: think}
            reply:
              thinking: "Hm, ä."
              text: "Done, ö."
              tool_calls: [{id: c1, name: look, arguments: {q: "é\\n"}}, {id: c2, name: now}]
            usage: {input: 10, cached: 20, output: 30, reasoning: 5}
            chunks: 4
          - match: {contains: limit}
            error: {status: 429, retry_after: 1500ms, message: "slow down secret-key"}
          - match: {contains: overload}
            error: {status: 529}
          - match: {contains: bad}
            error: {status: 400, kind: invalid_request_error, message: "no such parameter"}
          - match: {contains: cut}
            reply: {text: "some words that are cut off before their end comes"}
            chunks: 5
            cut_at: 700
        """

    private static let kinds: [(name: String, kind: ProviderSettings.Kind, usesChat: Bool)] = [
        ("messages", .anthropic, false), ("responses", .openAI, false), ("chat", .openAI, true),
        ("compatible", .openAICompatible, false), ("ollama", .ollama, false),
    ]

    private static func withServer(_ body: (Int) async throws -> Void) async throws {
        let mock = MockModelServer(script: try ModelScript(Array(script.utf8), fileName: "s.yaml"))
        let server = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            await mock.answer(request)
        }
        do {
            try await body(server.addresses[0].port ?? 0)
        } catch {
            await server.stop(within: .zero)
            throw error
        }
        await server.stop(within: .zero)
    }

    private static func provider(_ number: Int, port: Int) throws -> HTTPProvider {
        let (name, kind, usesChat) = kinds[number]
        var settings = ProviderSettings(name: name, kind: kind, baseURL: "http://127.0.0.1:\(port)/", key: "env:KEY")
        settings.usesChatCompletions = usesChat
        return try #require(try HTTPProvider(settings, key: { _ in "secret-key" }, now: { .init(milliseconds: 0) }))
    }

    private static func request(_ text: String) -> ModelRequest {
        var request = ModelRequest(model: "m", messages: [.user(text)])
        request.tools = ["look", "now"].map { ModelTool(name: $0, description: "", inputSchema: ["type": "object"]) }
        return request
    }

    @Test func `what somebody else wrote passes through, and the end of its answer is held back`() async throws {
        try await Self.withServer { port in
            let provider = try Self.provider(0, port: port)
            #expect(provider.format == .messages)
            let passed = Mutex<[UInt8]>([])
            func pass(_ text: String) async throws -> (reply: ModelReply, rest: [UInt8]) {
                let message: JSONValue = ["role": "user", "content": .string(text)]
                let body: JSONValue = ["model": "m", "max_tokens": 99, "stream": true, "messages": [message]]
                return try await provider.pass(body, query: "beta=true", reading: Self.request(text)) { bytes in
                    passed.withLock { $0 += bytes }
                }
            }
            let answer = try await pass("think")
            #expect(answer.reply.text == "Done, ö." && answer.reply.usage.output == 30)
            let (head, rest) = (String(decoding: passed.withLock { $0 }, as: UTF8.self), answer.rest)
            #expect(!head.contains("event: message_delta"))
            #expect(String(decoding: rest, as: UTF8.self).contains("event: message_stop"))
            passed.withLock { $0 = [] }
            for (text, code, status) in [("limit", "provider.limited", 429), ("bad", "provider.failed", 400)] {
                do {
                    _ = try await pass(text)
                    Issue.record("\(text) was answered")
                } catch let error as ModelError {
                    #expect(error.code == code && error.status == status && !error.mayBeCharged, "\(error)")
                    #expect(passed.withLock { $0.isEmpty } && !error.message.contains("secret-key"), "\(error)")
                }
            }
            do {
                _ = try await pass("cut")
                Issue.record("it was whole")
            } catch let error as ModelError {
                #expect(error.mayBeCharged && error.partial?.usage.certainty == .unknown, "\(error)")
            }
        }
    }

    @Test func `a provider that says that nothing more is answered is not asked before its time`() async throws {
        let asked = Mutex(0)
        let time = Mutex(Timestamp(milliseconds: 1_000_000))
        let mock = MockModelServer(script: try ModelScript(Array(Self.script.utf8), fileName: "s.yaml"))
        let server = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            asked.withLock { $0 += 1 }
            var answer = await mock.answer(request)
            answer.headers["x-ratelimit-remaining-requests"] = "0"
            answer.headers["x-ratelimit-reset-requests"] = "1m0s"
            return answer
        }
        let url = "http://127.0.0.1:\(server.addresses[0].port ?? 0)/"
        for text in ["think", "bad"] {
            let settings = ProviderSettings(name: "p", kind: .openAICompatible, baseURL: url)
            let provider = try #require(
                try HTTPProvider(settings, key: { _ in "" }, now: { time.withLock { $0 } })
            )
            asked.withLock { $0 = 0 }
            _ = try? await provider.reply(to: Self.request(text)) { _ in }
            do {
                _ = try await provider.reply(to: Self.request(text)) { _ in }
                Issue.record("it was asked")
            } catch {
                #expect(error.code == "provider.limited" && error.errorClass == .upstream, "\(error)")
                #expect(error.retryAfter == .seconds(60) && !error.mayHaveLeft && !error.mayBeCharged, "\(error)")
            }
            #expect(asked.withLock { $0 } == 1)
            var other = Self.request(text)
            other.model = "n"
            _ = try? await provider.reply(to: other) { _ in }
            #expect(asked.withLock { $0 } == 2, "another model has limits of its own")
            time.withLock { $0 = $0 + .seconds(60) }
            _ = try? await provider.reply(to: Self.request(text)) { _ in }
            #expect(asked.withLock { $0 } == 3)
        }
        await server.stop(within: .zero)
    }

    @Test func `answers come whole from every kind of provider`() async throws {
        try await Self.withServer { port in
            for (number, kind) in Self.kinds.enumerated() {
                let provider = try Self.provider(number, port: port)
                let texts = Mutex("")
                let request = Self.request("think")
                let reply = try await provider.reply(to: request) { chunk in
                    if case .text(let text) = chunk { texts.withLock { $0 += text } }
                }
                #expect(reply.text == "Done, ö." && texts.withLock(\.self) == "Done, ö.", "\(kind.name)")
                #expect(reply.stopReason == .tools, "\(kind.name)")
                #expect(reply.toolCalls.map(\.name) == ["look", "now"], "\(kind.name)")
                #expect(reply.toolCalls.map(\.arguments) == [["q": "é\n"], [:]], "\(kind.name)")
                #expect(reply.usage.totalInput == 30 && reply.usage.output == 30, "\(kind.name)")
                #expect(kind.kind == .ollama || reply.usage.cached == 20, "\(kind.name)")
                #expect(reply.requestID?.hasPrefix("req_mock_") == true, "\(kind.name)")
                guard case .thinking(let thought)? = reply.parts.first else {
                    Issue.record("\(kind.name): no thinking")
                    continue
                }
                #expect(thought.text == "Hm, ä." && thought.replay != nil, "\(kind.name)")
                // The thought goes back as it came, with the results of the calls.
                var next = request
                next.messages.append(reply.message)
                next.messages.append(
                    ModelMessage(
                        .user,
                        reply.toolCalls.map { .toolResult(ToolResult(callID: $0.id, name: $0.name, content: "r")) }
                    )
                )
                let echo = try await provider.reply(to: next)
                #expect(echo.text.hasPrefix("[simulated "), "\(kind.name)")
                #expect(echo.text.hasSuffix("r\nr"), "\(kind.name)")
            }
        }
    }

    @Test func `refusals and cut streams become errors of the right class`() async throws {
        try await Self.withServer { port in
            for (number, kind) in Self.kinds.enumerated() {
                let provider = try Self.provider(number, port: port)
                func error(_ text: String) async -> ModelError? {
                    await #expect(throws: ModelError.self, "\(kind.name) \(text)") {
                        try await provider.reply(to: Self.request(text))
                    }
                }
                let limit = await error("limit")
                #expect(limit?.code == "provider.limited" && limit?.errorClass == .upstream, "\(kind.name)")
                #expect(limit?.retryAfter == .milliseconds(1500) && limit?.mayBeCharged == false, "\(kind.name)")
                #expect(limit?.message.hasSuffix("slow down ***") == true, "\(kind.name)")
                let overload = await error("overload")
                #expect(overload?.code == "provider.limited" && overload?.status == 529, "\(kind.name)")
                let bad = await error("bad")
                #expect(bad?.code == "provider.failed" && bad?.errorClass == .permanent, "\(kind.name)")
                let cut = await error("cut")
                #expect(cut?.code == "provider.failed" && cut?.errorClass == .transient, "\(kind.name)")
                #expect(cut?.mayBeCharged == true && cut?.partial?.usage.certainty == .unknown, "\(kind.name)")
            }
        }
    }

    @Test func `models are listed and servers on this machine are found`() async throws {
        try await Self.withServer { port in
            for number in Self.kinds.indices {
                let models = try await Self.provider(number, port: port).models()
                #expect(models == MockModelServer.defaultModels)
            }
            let places = [ModelServerSearch.Place(.ollama, port: 1), .init(.openAICompatible, port: port)]
            let found = await ModelServerSearch(places: places).find()
            #expect(found?.kind == .openAICompatible && found?.models == MockModelServer.defaultModels)
            #expect(found?.isLocal == true)
            let nothing = await ModelServerSearch(places: [.init(.ollama, port: 1)]).find()
            #expect(nothing == nil)
        }
    }

    @Test func `nothing leaves without its key, to nobody, or to a forbidden address`() async throws {
        struct Missing: Error, CustomStringConvertible { let description = "no such secret" }
        let request = Self.request("x")
        var settings = ProviderSettings(
            name: "p",
            kind: .openAICompatible,
            baseURL: "http://127.0.0.1:1",
            key: "secret://k"
        )
        let keyless = try HTTPProvider(settings, key: { _ in throw Missing() }, now: { .init(milliseconds: 0) })
        let noKey = await #expect(throws: ModelError.self) { try await keyless?.reply(to: request) }
        #expect(noKey?.code == "provider.unavailable" && noKey?.errorClass == .fatal && noKey?.mayHaveLeft == false)
        settings.key = nil
        let nobody = try HTTPProvider(settings, key: { _ in "" }, now: { .init(milliseconds: 0) })
        let unreachable = await #expect(throws: ModelError.self) { try await nobody?.reply(to: request) }
        #expect(unreachable?.errorClass == .transient && unreachable?.mayHaveLeft == false)
        settings.baseURL = nil
        #expect(throws: ProviderSettingsError.self) {
            try HTTPProvider(settings, key: { _ in "" }, now: { .init(milliseconds: 0) })
        }
    }

    @Test func `vectors come in the form of each provider, and refusals are told as for other calls`() async throws {
        try await Self.withServer { port in
            for number in 1..<Self.kinds.count {
                let provider = try Self.provider(number, port: port)
                let reply = try await provider.embed(["one text", "zwei Wörter"], model: "e")
                let wanted = HashedWords.reply(to: ["one text", "zwei Wörter"])
                #expect(reply.vectors == wanted.vectors && reply.usage == wanted.usage, "\(Self.kinds[number].name)")
                do throws(ModelError) {
                    _ = try await provider.embed(["limit"], model: "e")
                    Issue.record("\(Self.kinds[number].name) is not limited")
                } catch {
                    #expect(error.code == "provider.limited" && error.retryAfter == .milliseconds(1500))
                    #expect(!error.mayBeCharged && !error.message.contains("secret-key"), "\(error)")
                }
            }
            let anthropic = try Self.provider(0, port: port)
            do throws(ModelError) {
                _ = try await anthropic.embed(["x"], model: "e")
                Issue.record("Anthropic makes no vectors")
            } catch {
                #expect(error.code == "provider.unavailable")
            }
        }
    }
}
