// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Queues and dead letters over the API (spec 12.7).
@Suite(.timeLimit(.minutes(5)))
struct QueueRouteTests {
    private static let document = """
        workflow: outside
        nodes:
          - id: think
            type: agent
            config: {agent: helper, prompt: "Say hello", output_schema: {type: object, required: [path]}}
        """

    private func queue(_ world: World, _ name: String, _ token: String) async throws -> JSONValue {
        let reply = try await world.send("GET", "/v1/queues", as: token)
        #expect(reply.status == 200, "\(reply.json.text)")
        return try #require(reply.json["items"]?.arrayValue?.first { $0["queue"]?.stringValue == name })
    }

    /// What the task of a run may be told by, once its rows are written.
    private func until(_ world: World, _ token: String, _ condition: (JSONValue) -> Bool) async throws -> JSONValue {
        while true {
            let row = try await queue(world, "agent", token)
            if condition(row) { return row }
            await Task.yield()
        }
    }

    @Test func aResultThatIsNoneIsADeadLetterAndIsRedriven() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        let body: JSONValue = ["document": .string(Self.document), "execution": "external"]
        let run = try await world.send("POST", "/v1/runs", body, as: alice)
        let task = "task_\(try #require(run.json["id"]?.stringValue).dropFirst(4))0000000000"
        #expect(try await world.send("GET", "/v1/queues", as: alice).status == 403)
        _ = try await until(world, root) { $0["ready"] == 1 }
        let waiting = try await world.send("GET", "/v1/queues/agent/messages", as: root)
        #expect(waiting.json["items"]?[0]?["node"] == "think", "\(waiting.json.text)")
        #expect(waiting.json["items"]?[0]?["id"]?.stringValue == task)

        let fence = try #require(try await world.send("POST", "/v1/tasks/\(task)/claim", as: alice).json["fence"])
        _ = try await until(world, root) { $0["leased"] == 1 }
        let pending = try await world.send("GET", "/v1/queues/agent/pending", as: root)
        #expect(pending.json["items"]?[0]?["worker"] != nil, "\(pending.json.text)")
        let key: HTTPHeaders = ["idempotency-key": "k"]
        for _ in 1...2 {
            let wrong: JSONValue = ["fence": fence, "output": ["other": "value"]]
            let refused = try await world.send("POST", "/v1/tasks/\(task)/result", wrong, as: alice, headers: key)
            #expect(refused.status == 422 && refused.json["errors"] != nil, "\(refused.json.text)")
        }
        let dead = try await world.send("GET", "/v1/queues/agent/dead", as: root)
        let letter = try #require(dead.json["items"]?.arrayValue?.first, "\(dead.json.text)")
        #expect(letter["failure"] == "output.invalid" && letter["group"] == "external" && letter["node"] == "think")
        #expect(letter["entry"]?.stringValue == task)
        #expect(try await queue(world, "agent", root)["dead"] == 1)
        #expect(try await world.send("GET", "/v1/queues/http/dead", as: root).json["items"] == [])

        let redriven = try await world.send("POST", "/v1/queues/agent/dead/redrive", as: root)
        #expect(redriven.status == 200 && redriven.json["done"] == 1, "\(redriven.json.text)")
        let named = try await world.send(
            "POST",
            "/v1/queues/agent/dead/discard",
            ["entries": [.string(task)]],
            as: root
        )
        #expect(named.status == 207 && named.json["items"]?[0]?["status"] == 404, "\(named.json.text)")
        let next = try #require(try await world.send("POST", "/v1/tasks/\(task)/claim", as: alice).json["fence"])
        let right: JSONValue = ["fence": next, "output": ["path": "a"]]
        #expect(try await world.send("POST", "/v1/tasks/\(task)/result", right, as: alice).status == 200)
        await world.stop()
    }

    @Test func aQueueIsPausedAndResumed() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        #expect(try await world.send("POST", "/v1/queues/gpu/pause", as: alice).status == 403)
        let paused = try await world.send("POST", "/v1/queues/gpu/pause", ["reason": "moving"], as: root)
        #expect(paused.status == 200 && paused.json["reason"] == "moving", "\(paused.json.text)")
        #expect(try await world.send("POST", "/v1/queues/gpu/pause", as: root).status == 409)
        let row = try await queue(world, "gpu", root)
        #expect(row["paused"] == true && row["depth"] == 0 && row["oldest_age_ms"] == .null, "\(row.text)")
        #expect(try await world.send("POST", "/v1/queues/gpu/resume", as: root).status == 200)
        #expect(try await world.send("POST", "/v1/queues/gpu/resume", as: root).status == 409)
        #expect(try await world.send("GET", "/v1/queues/a%2Fb/messages", as: root).status == 404)
        #expect(try await queue(world, "tool", root)["paused"] == false)
        await world.stop()
    }
}
