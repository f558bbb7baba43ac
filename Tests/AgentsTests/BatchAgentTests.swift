// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Store
import Synchronization
import Testing

@testable import Agents

/// Agents whose models answer later, for less, in the real engine.
@Suite struct BatchAgentTests {
    private static let script = """
        rules:
          - {match: {nth: 1}, reply: {tool_calls: [{name: note, arguments: {n: 1}}]}, usage: {input: 1000000, output: 0}}
          - {reply: {text: done}, usage: {input: 0, output: 1000000}}
        """

    private func cost(_ world: AgentWorld) -> String {
        let charges = world.store.usage(UsageFilter()).map(\.charge.money)
        return charges.reduce(Money.zero) { $0.adding($1) ?? $0 }.text
    }

    private func world(_ script: String = script) throws -> AgentWorld {
        try AgentWorld(script, kind: .anthropic, model: "claude-haiku-5-5")
    }

    @Test func `each call is handed over, looked for until it is answered, and costs half`() async throws {
        let world = try world()
        try await world.withEngine { engine in
            let run = try await world.start("tools: [note], batch: true", on: engine)
            let row = try await world.wait(for: run, on: engine)
            try #require(row.status == .completed, "\(row.error ?? "")")
            #expect(try world.ending(of: run, engine)["text"] == "done" && world.tool.notes.count == 1)
            #expect(world.models.taken.map(\.batch) == ["b1", "b2"] && Set(world.models.taken.map(\.key)).count == 2)
            #expect(world.models.asked.count == 2 && world.models.asked.map { $0.origin?.call } == [1, 2])
            let state = try engine.reader.state(ofRun: row.key)
            // With so much input both cost 0.5 USD for a million, and half of that in batches.
            #expect(cost(world) == "0.5")
            // Looks are attempts, and count as none.
            #expect(state[TaskRef(node: 0)].attempts > 2)
            #expect(world.store.reservations().isEmpty)
        }
    }

    @Test func `a provider without batches is asked at once, at its price`() async throws {
        let world = try world()
        world.models.offers.withLock { $0 = false }
        try await world.withEngine { engine in
            let run = try await world.start("tools: [note], batch: true", on: engine)
            let row = try await world.wait(for: run, on: engine)
            #expect(row.status == .completed && world.models.taken.isEmpty)
            #expect(cost(world) == "1")
        }
    }

    @Test func `what is refused within a batch costs nothing and fails as it would have at once`() async throws {
        let world = try world(
            "rules: [{error: {status: 400, kind: invalid_request_error, message: too odd}}]"
        )
        try await world.withEngine { engine in
            let run = try await world.start("batch: true", on: engine)
            let row = try await world.wait(for: run, on: engine)
            #expect(row.status == .failed && row.error?.contains("too odd") == true, "\(row.error ?? "")")
            #expect(cost(world) == "0")
            #expect(world.store.reservations().isEmpty)
        }
    }

    @Test func `the budget holds the price of batches, and waits for room like any other call`() async throws {
        let world = try world("rules: [{reply: {text: done}, usage: {input: 10, output: 10}}]")
        try await world.withEngine { engine in
            // One answer of the least length costs more at the usual price.
            let run = try await world.start(
                "batch: true, max_output_tokens: 100000",
                "budget: {usd: 0.03}, ",
                on: engine
            )
            let row = try await world.wait(for: run, on: engine)
            #expect(row.status == .completed, "\(row.status) \(row.error ?? "")")
            // Half of 0.5 USD for a million is 0.25: the whole answer fits.
            #expect(world.models.asked.map(\.maxOutputTokens) == [100_000])
        }
    }
}
