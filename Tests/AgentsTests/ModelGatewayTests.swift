// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import HTTPServer
import JSON
import Model
import ProviderCalls
import Providers
import Store
import Testing

@testable import Agents

/// Models for programs that are no part of a run: charged to whoever asks, in the words of the provider.
@Suite(.timeLimit(.minutes(3))) struct ModelGatewayTests {
    private static let key = APIKeyID(high: 4, low: 1)
    private static let payer = PaidCaller(Ownership(tenant: "default", owner: "user:usr_1", apiKey: key))
    private static let scope = BudgetScope(.apiKey, key.description)

    private static func world(_ answers: String = "[{reply: {text: hello}}]") throws -> AgentWorld {
        try AgentWorld("rules: \(answers)", kind: .anthropic, model: "claude-haiku-5-5")
    }

    /// A gateway over an engine that works.
    private static func with<Value>(
        _ world: AgentWorld,
        _ body: (ModelGateway, InProcessServer, DurableEngine) async throws -> Value
    ) async throws -> Value {
        try await world.withEngine { engine in
            let models = AgentModels(now: world.clock.now) { [setup = world.setup] in setup }
            let gateway = ModelGateway(models, payingThrough: engine)
            let server = InProcessServer { await gateway.answer($0, for: payer) }
            return try await body(gateway, server, engine)
        }
    }

    private static func body(_ more: JSONObject = [:]) -> [UInt8] {
        var body: JSONObject = [
            "model": "p/claude-haiku-5-5", "max_tokens": 1000, "messages": [["role": "user", "content": "hi"]],
        ]
        for member in more { body[member.key] = member.value }
        return JSONValue.object(body).bytes()
    }

    private static func ask(
        _ server: InProcessServer,
        _ more: JSONObject = [:],
        _ path: String = "anthropic/v1/messages"
    ) async throws -> (status: Int, text: String, headers: HTTPHeaders) {
        let response = await server.send("POST", "/gateway/\(path)", body: body(more))
        let bytes = try await response.body.collect(limit: 1 << 20)
        return (response.status, String(decoding: bytes, as: UTF8.self), response.headers)
    }

    private func spent(_ scope: BudgetScope, _ world: AgentWorld) -> Money? {
        world.store.budgets(of: scope, limit: 1).first?.spent.money
    }

    @Test func `answers come in each form, and each is charged to the key, the person and the day`() async throws {
        let world = try Self.world()
        try await Self.with(world) { _, server, _ in
            for (path, more, mark) in [
                ("anthropic/v1/messages", [:], #""text":"hello""#),
                ("anthropic/v1/messages", ["stream": true], "event: message_stop"),
                ("openai/v1/chat/completions", [:], #""content":"hello""#),
                ("openai/v1/chat/completions", ["stream": true], "data: [DONE]"),
                ("openai/v1/responses", ["input": "hi"], #""type":"output_text""#),
            ] as [(String, JSONObject, String)] {
                let answer = try await Self.ask(server, more, path)
                #expect(answer.status == 200 && answer.text.contains(mark), "\(path): \(answer.text)")
            }
            let count = try await Self.ask(server, [:], "anthropic/v1/messages/count_tokens")
            #expect(count.status == 200 && count.text.hasPrefix(#"{"input_tokens":"#))
            for (path, key) in [("anthropic", "has_more"), ("openai", "object")] {
                let response = await server.send("GET", "/gateway/\(path)/v1/models")
                let json = try JSONValue(parsing: try await response.body.collect(limit: 1 << 20))
                let names = (json["data"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
                #expect(names == ["local", "small", "medium", "large", "p/claude-haiku-5-5"] && json[key] != nil)
            }
        }
        let rows = world.store.usage(UsageFilter())
        #expect(rows.count == 5 && rows.allSatisfy { $0.certainty == .exact && $0.subject.purpose == .external })
        #expect(rows.allSatisfy { $0.subject.apiKey == Self.key && $0.subject.user == "user:usr_1" })
        let sum = rows.reduce(Money.zero) { $0.adding($1.charge.money) ?? $0 }
        #expect(sum > .zero)
        for scope in [Self.scope, BudgetScope(.user, "usr_1"), BudgetScope(.day, "default")] {
            #expect(spent(scope, world) == sum, "\(scope)")
        }
        #expect(world.store.reservations().isEmpty)
    }

    @Test func `what cannot be asked is refused in the words of the provider, and costs nothing`() async throws {
        let world = try Self.world("[{error: {status: 400, kind: invalid_request_error, message: no such parameter}}]")
        try await Self.with(world) { _, server, _ in
            for (path, more, status, words) in [
                ("anthropic/v1/messages", ["model": "small"], 400, "no such parameter"),
                ("anthropic/v1/messages", ["model": "p/none"], 402, "the price of p/none is not known"),
                ("anthropic/v1/messages", ["container": "c"], 400, "`container` is not served here"),
                ("anthropic/v1/other", [:], 404, "there is no POST"),
                ("other/v1/messages", [:], 404, "there is no POST"),
                ("openai/v1/chat/completions", [:], 400, "no such parameter"),
            ] as [(String, JSONObject, Int, String)] {
                let answer = try await Self.ask(server, more, path)
                #expect(
                    answer.status == status && answer.text.contains(words),
                    "\(path): \(answer.status) \(answer.text)"
                )
            }
        }
        #expect(world.store.usage(UsageFilter()).isEmpty && world.store.reservations().isEmpty)
    }

    @Test func `a client may ask for as long an answer as it likes, of a model without a known limit too`() async throws
    {
        for kind in [ProviderSettings.Kind.scripted, .anthropic] {
            let world = try AgentWorld("rules: [{reply: {text: hello}}]", kind: kind, model: "claude-haiku-5-5")
            try await Self.with(world) { _, server, _ in
                for (key, path) in [
                    ("max_tokens", "anthropic/v1/messages"), ("max_completion_tokens", "openai/v1/chat/completions"),
                ] {
                    let answer = try await Self.ask(server, [key: .int(.max), "max_tokens": .int(.max)], path)
                    #expect([200, 402].contains(answer.status), "\(answer.text)")
                }
            }
        }
    }

    @Test func `an answer is made shorter to fit what a key has left, and nothing is asked beyond it`() async throws {
        let world = try Self.world()
        try await Self.with(world) { _, server, engine in
            func limit(_ picodollars: Int64) async throws {
                let limit = BudgetLimit(money: Money(picodollars: picodollars))
                try await engine.setBudget(Self.scope, limit, by: "user:root")
            }
            #expect(try await Self.ask(server).status == 200)
            let used = try #require(spent(Self.scope, world)).picodollars
            let request = try GatewayRequest(Self.body(), .messages)
            let rate = try #require(world.setup.price(of: ModelReference(provider: "p", model: "claude-haiku-5-5")))
            let price = rate.entry.price
            let room = price.worstCost(input: request.inputBound, output: 400).picodollars
            try await limit(used + room)
            #expect(try await Self.ask(server).status == 200)
            #expect(world.models.asked.map(\.maxOutputTokens) == [1000, 400])
            // What another call holds may come free.
            let hold = CallCost(most: Charge(money: Money(picodollars: room / 2)), provider: "p")
            guard case .held(let other, _) = try await engine.hold(hold, for: Self.payer) else {
                Issue.record("it is not held")
                return
            }
            let busy = try await Self.ask(server, ["max_tokens": 4000])
            #expect(busy.status == 429 && busy.headers["x-should-retry"] == "true", "\(busy.text)")
            try await engine.settle(other, .free)
            try await limit(used * 2)
            let over = try await Self.ask(server)
            #expect(over.status == 402 && over.headers["x-should-retry"] == "false", "\(over.text)")
            #expect(over.text.contains("billing_error") && over.text.contains("\(Self.scope)"), "\(over.text)")
        }
        #expect(world.models.asked.count == 2 && world.store.reservations().isEmpty)
    }

    @Test func `many calls at once never spend more than a key may`() async throws {
        let world = try Self.world("[{reply: {text: hello}, delay: 2ms}]")
        let limit = Money(picodollars: 40_000_000_000)
        try await Self.with(world) { _, server, engine in
            try await engine.setBudget(Self.scope, BudgetLimit(money: limit), by: "user:root")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<60 { group.addTask { try await Self.ask(server).status } }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(Set(statuses.keys).isSubset(of: [200, 402, 429]) && statuses[200] ?? 0 > 0, "\(statuses)")
        }
        let sum = world.store.usage(UsageFilter()).reduce(Money.zero) { $0.adding($1.charge.money) ?? $0 }
        #expect(spent(Self.scope, world) == sum && sum <= limit)
        #expect(world.store.reservations().isEmpty)
    }

    @Test func `a gateway that closes ends its calls in time, and holds nothing afterwards`() async throws {
        let world = try Self.world("[{reply: {text: never}, delay: 1h}]")
        try await Self.with(world) { gateway, server, _ in
            async let answer = Self.ask(server)
            while world.models.asked.isEmpty { await Task.yield() }
            await gateway.close(within: .milliseconds(10))
            #expect(try await answer.status >= 500)
            let late = try await Self.ask(server)
            #expect(late.status == 503 && late.text.contains("the server stops"), "\(late.text)")
        }
        #expect(world.store.usage(UsageFilter()).isEmpty && world.store.reservations().isEmpty)
    }
}
