// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Definition

@Suite struct EstimateTests {
    private static func graph(_ yaml: String) throws -> Graph {
        let registry = Registry(tools: [try Registry.Tool(name: "noop", input: ["type": "object"])])
        let result = Compiler(registry: registry, purpose: .check).compile(text: Array(yaml.utf8), fileName: "t.yaml")
        return try #require(result.graph, "\(result.diagnostics.map(\.message))")
    }

    private static func agent(_ id: String, _ more: String = "", tokens: Int = 1000) -> String {
        "  - {id: \(id), type: agent, config: {agent: x, prompt: p, max_output_tokens: \(tokens), tier: small}\(more)}\n"
    }

    /// A dollar for a million tokens read, two for a million written.
    private static let prices = PriceTable(
        tiers: [
            "small": .init(input: Money(picodollars: 1_000_000_000_000), output: Money(picodollars: 2_000_000_000_000))
        ]
    )

    private static func past(_ minutes: Double, usd: Double = 0) -> History.Node {
        .init(
            executions: 50,
            milliseconds: .init(median: minutes * 60_000, p90: minutes * 120_000),
            llmTokens: .init(median: 0, p90: 0),
            usd: .init(median: usd, p90: usd * 2)
        )
    }

    private static func near(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 1e-9 * max(1, abs(expected)) } ?? false
    }

    @Test func `an agent that never ran takes 1,500 tokens in and its limit out`() throws {
        let graph = try Self.graph("workflow: w\nnodes:\n" + Self.agent("a"))
        let estimate = Estimator(prices: Self.prices).estimate(graph)
        #expect(estimate.llmTokens == .init(low: 1500, likely: 1750, high: 2500))
        #expect(Self.near(estimate.usd?.low, 0.0015))
        #expect(Self.near(estimate.usd?.high, 0.0035))
    }

    @Test func `a price that is not known is not zero`() throws {
        let graph = try Self.graph("workflow: w\nnodes:\n" + Self.agent("a"))
        let estimate = Estimator().estimate(graph)
        #expect(estimate.usd == nil)
        #expect(estimate.json["usd"] == JSONValue.null)
        #expect(estimate.basis.contains { $0.hasPrefix("usd is unknown") })
        let free = Estimator().estimate(try Self.graph("workflow: w\nnodes:\n  - {id: a, type: noop}\n"))
        #expect(free.usd == .init(low: 0, likely: 0, high: 0))
    }

    @Test func `history gives median and p90 and the critical path`() throws {
        let graph = try Self.graph(
            """
            workflow: w
            nodes:
              - {id: a, type: noop}
              - {id: b, type: noop, depends_on: [a]}
              - {id: c, type: noop, depends_on: [a]}
              - {id: d, type: join, depends_on: [b, c]}
            """
        )
        let history = History(nodes: ["a": Self.past(1), "b": Self.past(2, usd: 1), "c": Self.past(5)])
        let estimate = Estimator(history: history).estimate(graph)
        #expect(estimate.criticalPath == ["a", "c", "d"])
        #expect(Self.near(estimate.minutes.likely, 6))
        #expect(Self.near(estimate.minutes.high, 12))
        #expect(estimate.usd == .init(low: 1, likely: 1, high: 2))
        #expect(estimate.nodes.map(\.basis) == ["history", "history", "history", "free"])
    }

    @Test func `loops count their limit and maps their items`() throws {
        let body =
            "body: {nodes: [{id: IN, type: agent, config: {agent: x, prompt: p, max_output_tokens: 1000, tier: small}}]}"
        let loop = body.replacing("IN", with: "i")
        let cases: [(node: String, times: Estimate.Range)] = [
            (
                "type: loop, config: {max_iterations: 9, until: 'last != null', \(loop)}",
                .init(low: 1, likely: 5, high: 9)
            ),
            ("type: loop, config: {max_iterations: 3, \(loop)}", .init(low: 3, likely: 3, high: 3)),
            ("type: map, config: {items: [1, 2, 3, 4], \(loop)}", .init(low: 4, likely: 4, high: 4)),
            ("type: map, config: {items: '${ inputs.list }', \(loop)}", .init(low: 2, likely: 2, high: 2)),
        ]
        for (node, times) in cases {
            let graph = try Self.graph("workflow: w\ninputs: {list: {type: array}}\nnodes:\n  - {id: l, \(node)}\n")
            let estimate = Estimator(prices: Self.prices).estimate(graph, inputs: ["list": [1, 2]])
            #expect(estimate.nodes.map(\.id) == ["l", "i"])
            #expect(estimate.nodes.last?.times == times, "\(node)")
            #expect(estimate.llmTokens == .init(low: 1500, likely: 1750, high: 2500) * times, "\(node)")
        }
        let unknown = try Self.graph(
            "workflow: w\nnodes:\n  - {id: s, type: noop}\n  - {id: m, type: map, depends_on: [s], config: {items: '${ nodes.s.output }', \(loop)}}\n"
        )
        #expect(Estimator().estimate(unknown).basis.contains { $0.contains("map `m`") })
    }

    @Test func `of the ways of a branch the cheapest counts and the dearest bounds`() throws {
        let graph = try Self.graph(
            "workflow: w\ninputs: {n: {type: number}}\nnodes:\n"
                + "  - {id: b, type: branch, config: {cases: [{name: x, when: 'inputs.n > 1'}], default: y}}\n"
                + Self.agent("dear", tokens: 8000) + Self.agent("more", ", depends_on: [dear]") + Self.agent("cheap")
                + Self.agent("after", ", join: any, depends_on: [more, cheap]")
                + "edges:\n  - {from: b, to: dear, case: x}\n  - {from: b, to: cheap, case: y}\n"
        )
        let estimate = Estimator(prices: Self.prices).estimate(graph)
        #expect(estimate.llmTokens == .init(low: 3000, likely: 3500, high: 9500 + 2500 + 2500))
        #expect(estimate.criticalPath == ["b", "cheap", "after"])
    }

    @Test func `a budget below the lowest estimate is E408 when prices are known`() throws {
        let text = { (budget: String) in
            Array("workflow: w\nbudget: {\(budget)}\nnodes:\n\(Self.agent("a"))".utf8)
        }
        var compiler = Compiler(registry: Registry(), purpose: .check)
        #expect(compiler.compile(text: text("usd: 0.001"), fileName: "w.yaml").errors.isEmpty)
        compiler.estimator = Estimator()
        #expect(compiler.compile(text: text("usd: 0.001"), fileName: "w.yaml").errors.isEmpty)
        compiler.estimator = Estimator(prices: Self.prices)
        let result = compiler.compile(text: text("usd: 0.001"), fileName: "w.yaml")
        #expect(result.errors.map(\.code) == [.overBudget])
        #expect(result.errors.first?.path == "/budget/usd")
        #expect(result.graph == nil)
        #expect(compiler.compile(text: text("usd: 0.002"), fileName: "w.yaml").errors.isEmpty)
        #expect(compiler.compile(text: text("llm_tokens: 100"), fileName: "w.yaml").errors.map(\.code) == [.overBudget])
    }

    @Test func `median and p90 are values that occurred`() {
        #expect(History.Spread([]) == nil)
        #expect(History.Spread([5, 1, 3]) == .init(median: 3, p90: 5))
        #expect(History.Spread((1...50).map(Double.init)) == .init(median: 25, p90: 45))
    }
}
