// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import HTTPServer
import JSON
import Model
import Store
import Testing
import Threads

@testable import Server

/// What was spent, over the API.
@Suite(.timeLimit(.minutes(5)))
struct UsageRouteTests {
    /// Costs something and does nothing.
    private struct Spending: NodeExecutor {
        func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
            let usage = CallUsage(
                charge: Charge(money: Money(picodollars: 1_000_000_000), languageModelTokens: 10),
                tokens: TokenCounts(input: 7, output: 3)
            )
            return .completed("done", usage: usage)
        }

        func traits(of node: Graph.Node) -> ExecutorTraits {
            var traits = ExecutorTraits()
            traits.cost = CallCost(
                most: Charge(money: Money(picodollars: 2_000_000_000), languageModelTokens: 20),
                provider: "p",
                model: "m"
            )
            return traits
        }
    }

    private static let flow = """
        workflow: spend
        nodes:
          - {id: one, type: agent, config: {agent: a, prompt: Go.}}
          - {id: two, type: agent, config: {agent: b, prompt: Go.}}
          - {id: three, type: agent, config: {agent: b, prompt: Go.}}
        """

    @Test func everybodySeesWhatTheirOwnRunsSpent() async throws {
        let world = try World(executors: ["agent": Spending()])
        let (root, alice, bob) = try await world.people()
        for token in [root, alice] { _ = try await world.publish(Self.flow, as: token) }
        for (token, project) in [(root, "shop"), (alice, nil), (alice, nil)] as [(String, String?)] {
            let started = try await world.send(
                "POST",
                "/v1/workflows/spend/runs",
                project.map { ["project": .string($0)] } ?? [:],
                as: token
            )
            let run = try #require(started.json["id"]?.stringValue, "\(started.json.text)")
            var headers = HTTPHeaders()
            headers["prefer"] = "wait=60"
            _ = try await world.send("GET", "/v1/runs/\(run)", as: token, headers: headers)
        }
        let me = try await world.send("GET", "/v1/auth/me", as: alice).json
        let user = try #require(me["user"]?["id"]?.stringValue)
        func get(_ query: String, _ token: String) async throws -> JSONValue {
            try await world.send("GET", "/v1/usage\(query)", as: token).json
        }
        for (query, token, usd) in [
            ("?group_by=agent", root, ["a": "0.003", "b": "0.006"]),
            ("?group_by=agent", alice, ["b": "0.004", "a": "0.002"]), ("?group_by=agent", bob, [:]),
            ("/by-agent?from=2020-01-01", alice, ["a": "0.002", "b": "0.004"]),
            ("/by-agent?from=2999-01-01T00:00:00Z", root, [:]), ("/by-agent?to=2020-01-01", root, [:]),
            ("/by-agent?agent=a&user=\(user)", root, ["a": "0.002"]),
            ("/by-agent?project=shop&model=m&provider=p", root, ["a": "0.001", "b": "0.002"]),
            ("/by-agent?purpose=planning", root, [:]),
        ] as [(String, String, [String: String])] {
            let answer = try await get(query, token)
            let items = (answer["items"]?.arrayValue ?? []).map { item in
                (item["agent"]?.stringValue ?? "", item["usd"]?.stringValue ?? "")
            }
            #expect(Dictionary(items) { $1 } == usd, "\(query): \(answer.text)")
        }
        let grouped = try await get("?group_by=provider&group_by=task&limit=1", root)
        #expect(grouped["items"]?.arrayValue?.count == 1 && grouped["total"]?["usd"] == "0.009", "\(grouped.text)")
        #expect(try await get("/by-project", root)["items"]?.arrayValue?.first?["project"] == "default")
        #expect(try await get("/by-model", root)["items"]?.arrayValue?.first?["llm_tokens"] == 90)
        #expect(try await get("/daily", alice)["total"]?["input"] == 42)
        // Without groups the records themselves, page by page.
        let page = try await get("?limit=4&purpose=execution", alice)
        let record = try #require(page["items"]?.arrayValue?.first, "\(page.text)")
        #expect(
            record["user"]?.stringValue == "user:\(user)" && record["project"] == "default" && record["output"] == 3
        )
        let next = try #require(page["next_cursor"]?.stringValue)
        #expect(try await get("?limit=4&cursor=\(next)", alice)["items"]?.arrayValue?.count == 2)
        for (query, token, status) in [
            ("?user=x", alice, 403), ("?group_by=color", root, 422), ("?from=monday", root, 422),
            ("?to=2026-13-01", root, 422),
        ] {
            #expect(try await world.send("GET", "/v1/usage\(query)", as: token).status == status, "\(query)")
        }
        try await spendWithKey(world, root, alice, bob)
        // An agent, and a person, have budgets too.
        let set = try await world.send("PUT", "/v1/budgets/agent:a", ["usd": "1"], as: root)
        #expect(set.json["scope"] == "agent:a", "\(set.json.text)")
        let budgets = try await world.send("GET", "/v1/budgets", as: root).json["items"]?.arrayValue ?? []
        let spent = Dictionary(budgets.map { ($0["scope"]?.stringValue ?? "", $0["spent_usd"]?.stringValue ?? "") }) {
            $1
        }
        #expect(spent["agent:a"] == "0.005" && spent["user:\(user)"] == "0.012", "\(spent)")
        await world.stop()
    }

    /// What is asked for with a key is charged to it, also what its hooks start.
    private func spendWithKey(_ world: World, _ root: String, _ alice: String, _ bob: String) async throws {
        let made = try await world.send("POST", "/v1/auth/keys", ["name": "ci"], as: alice).json
        let (key, id) = (made["key"]?.stringValue ?? "", made["id"]?.stringValue ?? "")
        let limit = try await world.send("PUT", "/v1/budgets/api_key:\(id)", ["usd": "1"], as: root)
        #expect(limit.json["scope"]?.stringValue == "api_key:\(id)", "\(made.text) \(limit.json.text)")
        for (scope, token, status) in [
            ("api_key:key_00000000000000000000000000", root, 404), ("api_key:ci", root, 404),
            ("api_key:\(id)", bob, 403),
        ] {
            let answer = try await world.send("PUT", "/v1/budgets/\(scope)", ["usd": "1"], as: token)
            #expect(answer.status == status, "\(answer.json.text)")
        }
        let hook = try await world.send(
            "POST",
            "/v1/hooks",
            ["kind": "api_key", "secret": "0123456789abcdef0123456789", "start": ["workflow": "spend"]],
            as: key
        ).json
        #expect(hook["api_key"]?.stringValue == id, "\(hook.text)")
        var headers = HTTPHeaders()
        headers["x-api-key"] = "0123456789abcdef0123456789"
        let called = try await world.call("/v1/hooks/\(hook["id"]?.stringValue ?? "")", bytes: [], headers: headers)
        let started = try await world.send("POST", "/v1/workflows/spend/runs", [:], as: key)
        for run in [called.json["run"], started.json["id"]] {
            let path = "/v1/runs/\(run?.stringValue ?? "")"
            #expect(try await world.send("GET", path, as: alice, headers: ["prefer": "wait=60"]).status == 200)
        }
        let budget = try await world.send("GET", "/v1/budgets/api_key:\(id)", as: root).json["items"]?.arrayValue?.first
        #expect(budget?["spent_usd"] == "0.006" && budget?["limit_usd"] == "1", "\(called.json.text)")
        for query in ["?group_by=api_key&api_key=\(id)", "?group_by=api_key"] {
            let items = try await world.send("GET", "/v1/usage\(query)", as: alice).json["items"]?.arrayValue ?? []
            let spent = items.first { $0["api_key"]?.stringValue == id }
            #expect(spent?["usd"] == "0.006" && spent?["calls"] == 6, "\(query)")
        }
        let records = try await world.send("GET", "/v1/usage?api_key=\(id)", as: alice).json["items"]?.arrayValue
        #expect(records?.count == 6 && records?.first?["api_key"]?.stringValue == id)
    }
}
