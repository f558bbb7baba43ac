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

/// Batches over sockets of the mock server.
@Suite struct BatchTests {
    private static let script = """
        rules:
          - match: {contains: think}
            reply:
              thinking: "Hm."
              text: "Done, ö."
              tool_calls: [{id: c1, name: look, arguments: {q: "é\\n"}}]
            usage: {input: 10, cached: 20, output: 30, reasoning: 5}
          - match: {contains: bad}
            error: {status: 400, kind: invalid_request_error, message: "no such parameter"}
          - match: {contains: slow}
            delay: 1h
            reply: {text: "late"}
        """

    /// A server, what it was asked, and what it answers instead.
    private final class Place: Sendable {
        let port: Mutex<Int> = Mutex(0)
        let asked = Mutex<[String]>([])
        let instead = Mutex<(@Sendable (String) -> HTTPResponse?)?>(nil)

        func count(_ text: String) -> Int { asked.withLock { $0.count { $0.hasPrefix(text) } } }
    }

    private static let kinds:
        [(kind: ProviderSettings.Kind, usesChat: Bool, create: String, look: String, read: String)] = [
            (.anthropic, false, "POST v1/messages/batches", "GET v1/messages/batches/msgbatch_mock_1", "/results"),
            (.openAI, false, "POST v1/batches", "GET v1/batches/", "/content"),
            (.openAI, true, "POST v1/batches", "GET v1/batches/", "/content"),
        ]

    private static func withServer(_ body: (Place) async throws -> Void) async throws {
        let mock = MockModelServer(script: try ModelScript(Array(script.utf8), fileName: "s.yaml"))
        let place = Place()
        let server = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            let line = "\(request.method) \(request.path.joined(separator: "/"))"
            place.asked.withLock { $0.append(line) }
            if let other = place.instead.withLock(\.self)?(line) { return other }
            return await mock.answer(request)
        }
        place.port.withLock { $0 = server.addresses[0].port ?? 0 }
        do {
            try await body(place)
        } catch {
            await server.stop(within: .zero)
            throw error
        }
        await server.stop(within: .zero)
    }

    private static func provider(
        _ number: Int,
        _ place: Place,
        poll: Duration = .milliseconds(10),
        gathering: Duration = .milliseconds(50)
    ) throws -> HTTPProvider {
        let url = "http://127.0.0.1:\(place.port.withLock(\.self))"
        var settings = ProviderSettings(name: "p", kind: kinds[number].kind, baseURL: url, key: "env:KEY")
        (settings.usesChatCompletions, settings.batchPoll) = (kinds[number].usesChat, poll)
        return try #require(
            try HTTPProvider(
                settings,
                key: { _ in "secret-key" },
                gathering: gathering,
                now: { .init(milliseconds: 0) }
            )
        )
    }

    private static func request(_ text: String) -> ModelRequest {
        var request = ModelRequest(model: "m", messages: [.user(text)])
        request.tools = [ModelTool(name: "look", description: "", inputSchema: ["type": "object"])]
        return request
    }

    /// Hands calls over at the same time.
    private static func submit(_ texts: [String], to provider: HTTPProvider) async throws -> [String: BatchTicket] {
        try await withThrowingTaskGroup(of: (String, BatchTicket).self) { group in
            for text in texts { group.addTask { (text, try await provider.submit(request(text), key: text)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private static func reply(_ answer: BatchAnswer) -> ModelReply? {
        if case .answered(let reply) = answer { reply } else { nil }
    }

    private static func error(_ body: () async throws -> BatchAnswer) async -> ModelError? {
        await #expect(throws: ModelError.self) { try await body() }
    }

    @Test func `calls of one time share a batch, its looks and its results`() async throws {
        for (number, kind) in Self.kinds.enumerated() {
            try await Self.withServer { place in
                let provider = try Self.provider(number, place, poll: .seconds(60), gathering: .seconds(1))
                #expect(provider.offersBatches)
                let texts = ["think", "bad"] + (1...20).map { "call \($0)" }
                let tickets = try await Self.submit(texts, to: provider)
                #expect(Set(tickets.values.map(\.batch)).count == 1 && tickets.count == texts.count)
                #expect(place.count(kind.create) == 1)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (text, ticket) in tickets where text != "bad" {
                        group.addTask {
                            let answer = try await provider.answer(to: ticket, for: Self.request(text))
                            let reply = try #require(Self.reply(answer), "\(text)")
                            if text != "think" { #expect(reply.text.hasSuffix(text), "\(reply.text)") }
                        }
                    }
                    try await group.waitForAll()
                }
                let ticket = try #require(tickets["bad"])
                let bad = await Self.error { try await provider.answer(to: ticket, for: Self.request("bad")) }
                #expect(bad?.status == 400 && bad?.mayBeCharged == false && bad?.errorClass == .permanent)
                let asked = place.asked.withLock(\.self)
                let reads = asked.filter { $0.hasSuffix(kind.read) }
                #expect(Set(reads).count == reads.count && !reads.isEmpty, "\(asked)")
                #expect(asked.count { $0.hasPrefix(kind.look) && !$0.hasSuffix(kind.read) } == 1, "\(asked)")
                // In another process everything is read again.
                let later = try Self.provider(number, place)
                let think = try #require(tickets["think"])
                let answer = try await later.answer(to: think, for: Self.request("think"))
                let reply = try #require(Self.reply(answer))
                #expect(reply.text == "Done, ö." && reply.toolCalls.map(\.arguments) == [["q": "é\n"]])
                #expect(reply.stopReason == .tools && reply.usage.cached == 20 && reply.usage.certainty == .exact)
            }
        }
    }

    @Test func `models do not mix, and a call that comes twice goes once`() async throws {
        try await Self.withServer { place in
            let provider = try Self.provider(0, place, gathering: .seconds(1))
            var other = Self.request("b")
            other.model = "n"
            async let first = provider.submit(Self.request("a"), key: "a")
            async let again = provider.submit(Self.request("a"), key: "a")
            async let second = provider.submit(other, key: "b")
            let tickets = try await (first, again, second)
            #expect(tickets.0 == tickets.1 && tickets.0.batch != tickets.2.batch)
            #expect(place.count("POST v1/messages/batches") == 2)
        }
    }

    @Test func `looks that fail are no answers, but a key that is refused is`() async throws {
        for (number, kind) in Self.kinds.enumerated() {
            try await Self.withServer { place in
                let provider = try Self.provider(number, place, poll: .nanoseconds(1))
                let ticket = try await provider.submit(Self.request("x"), key: "x")
                for status in [429, 500, 529] {
                    place.instead.withLock { $0 = { $0.hasPrefix("GET") ? .text("no", status: status) : nil } }
                    let answer = try await provider.answer(to: ticket, for: Self.request("x"))
                    guard case .pending = answer else {
                        Issue.record("\(kind) \(status)")
                        continue
                    }
                }
                place.instead.withLock { $0 = { $0.hasPrefix("GET") ? .text("{}", status: 200) : nil } }
                #expect(Self.reply(try await provider.answer(to: ticket, for: Self.request("x"))) == nil)
                for status in [401, 403, 404] {
                    place.instead.withLock { $0 = { $0.hasPrefix("GET") ? .text("no", status: status) : nil } }
                    let error = await Self.error { try await provider.answer(to: ticket, for: Self.request("x")) }
                    #expect(error?.status == status && error?.mayBeCharged == true && error?.errorClass == .permanent)
                }
                // Only the results cannot be read.
                place.instead.withLock { $0 = { $0.hasSuffix(kind.read) ? .text("no", status: 503) : nil } }
                #expect(Self.reply(try await provider.answer(to: ticket, for: Self.request("x"))) == nil)
                place.instead.withLock { $0 = nil }
                #expect(Self.reply(try await provider.answer(to: ticket, for: Self.request("x"))) != nil)
            }
        }
    }

    @Test func `a batch is given up when nothing in it is wanted`() async throws {
        for number in Self.kinds.indices {
            try await Self.withServer { place in
                let provider = try Self.provider(number, place, gathering: .seconds(1))
                let tickets = try await Self.submit(["slow 1", "slow 2"], to: provider)
                let (first, second) = (try #require(tickets["slow 1"]), try #require(tickets["slow 2"]))
                guard case .pending = try await provider.answer(to: first, for: Self.request("slow 1")) else {
                    Issue.record("it is over")
                    return
                }
                try await provider.cancel(first)
                try await provider.cancel(first)
                #expect(!place.asked.withLock { $0.contains { $0.hasSuffix("/cancel") } })
                try await provider.cancel(second)
                #expect(place.asked.withLock { $0.count { $0.hasSuffix("/cancel") } } == 1)
                let later = try Self.provider(number, place)
                let error = await Self.error { try await later.answer(to: second, for: Self.request("slow 2")) }
                #expect(error?.errorClass == .transient && error?.mayBeCharged == false, "\(String(describing: error))")
            }
        }
    }

    @Test func `nobody fails for the calls of others`() async throws {
        try await Self.withServer { place in
            let provider = try Self.provider(0, place, gathering: .seconds(1))
            // The first batch has all, the next ones a half each.
            let count = Mutex(0)
            place.instead.withLock {
                $0 = { line in
                    guard line == "POST v1/messages/batches" else { return nil }
                    let number = count.withLock { count in
                        count += 1
                        return count
                    }
                    return number <= 2 ? .text("no", status: 400) : nil
                }
            }
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for key in ["a", "b"] {
                    group.addTask { (try? await provider.submit(Self.request(key), key: key)) != nil }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 } == 1 && count.withLock(\.self) == 3)
        }
    }

    @Test func `what nobody took is not charged, what somebody may have taken is`() async throws {
        try await Self.withServer { place in
            for number in Self.kinds.indices {
                let provider = try Self.provider(number, place, gathering: .zero)
                place.instead.withLock { $0 = { $0.hasPrefix("POST") ? .text("busy", status: 529) : nil } }
                let busy = await #expect(throws: ModelError.self) {
                    try await provider.submit(Self.request("x"), key: "x")
                }
                #expect(busy?.code == "provider.limited" && busy?.mayBeCharged == false)
                place.instead.withLock { $0 = { $0.hasSuffix("/batches") ? .text("{}", status: 200) : nil } }
                let strange = await #expect(throws: ModelError.self) {
                    try await provider.submit(Self.request("x"), key: "x")
                }
                #expect(strange?.mayBeCharged == true)
                place.instead.withLock { $0 = nil }
                let wild = BatchTicket(batch: "../../models", key: "k")
                let error = await Self.error { try await provider.answer(to: wild, for: Self.request("x")) }
                #expect(error?.errorClass == .permanent && place.count("GET v1/models") == 0)
            }
            let settings = ProviderSettings(
                name: "o",
                kind: .openAICompatible,
                baseURL: "http://127.0.0.1:\(place.port.withLock(\.self))"
            )
            let other = try #require(try HTTPProvider(settings, key: { _ in "" }, now: { .init(milliseconds: 0) }))
            #expect(!other.offersBatches)
            let none = await #expect(throws: ModelError.self) { try await other.submit(Self.request("x"), key: "x") }
            #expect(none?.code == "provider.unavailable")
        }
    }

    @Test func `a lost call and lines of nonsense`() async throws {
        try await Self.withServer { place in
            let provider = try Self.provider(0, place)
            let ticket = try await provider.submit(Self.request("x"), key: "x")
            place.instead.withLock { $0 = { $0.hasSuffix("/results") ? .text("nonsense\n{}\n[]\n") : nil } }
            let error = await Self.error { try await provider.answer(to: ticket, for: Self.request("x")) }
            #expect(error?.code == "provider.failed" && error?.mayBeCharged == true)
        }
    }
}
