// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Work that is done outside, over the API (spec 9.11).
@Suite(.timeLimit(.minutes(5)))
struct ClaimRouteTests {
    private static let document = """
        workflow: outside
        budget: {usd: 1}
        outputs: {got: "${ nodes.write.output }"}
        nodes:
          - id: think
            type: agent
            labels: {skill: writing}
            config:
              agent: helper
              prompt: "Say hello"
              can_patch: true
              output_schema: {type: object, properties: {path: {type: string}}}
          - id: write
            type: http
            depends_on: [think]
            config: {url: "https://example.org/${ nodes.think.output.path }"}
        """

    private func start(_ world: World, as token: String, _ more: JSONObject = ["execution": "external"]) async throws
        -> World.Reply
    {
        var body: JSONObject = ["document": .string(Self.document)]
        for member in more.members { body[member.key] = member.value }
        return try await world.send("POST", "/v1/runs", .object(body), as: token)
    }

    private func claimable(_ world: World, as token: String, _ query: String = "") async throws -> [JSONValue] {
        let reply = try await world.send("GET", "/v1/tasks/claimable\(query)", as: token)
        #expect(reply.status == 200, "\(reply.json.text)")
        return reply.json["items"]?.arrayValue ?? []
    }

    @Test func oneTaskIsClaimedKeptPatchedAndEnded() async throws {
        let world = try World()
        let (_, alice, bob) = try await world.people()
        let run = try #require(try await start(world, as: alice).json["id"]?.stringValue)
        let items = try await claimable(world, as: alice, "?run=\(run)&kind=agent&label=skill=writing")
        let task = try #require(items.first?["id"]?.stringValue)
        #expect(items.count == 1 && items.first?["node"] == "think")
        #expect(try await claimable(world, as: bob) == [])
        #expect(try await claimable(world, as: alice, "?label=skill=other") == [])
        let path = "/v1/tasks/\(task)"
        let shown = try await world.send("GET", path, as: alice)
        #expect(shown.json["waiting_for"]?["kind"] == "external", "\(shown.json.text)")
        #expect(try await world.send("POST", "\(path)/claim", as: bob).status == 404)
        let key: HTTPHeaders = ["idempotency-key": "one"]
        let claim = try await world.send(
            "POST",
            "\(path)/claim",
            ["worker": "w1", "ttl": "1m"],
            as: alice,
            headers: key
        )
        #expect(claim.status == 200 && claim.json["input"]?["prompt"] == "Say hello", "\(claim.json.text)")
        let again = try await world.send(
            "POST",
            "\(path)/claim",
            ["worker": "w1", "ttl": "1m"],
            as: alice,
            headers: key
        )
        #expect(again.status == 200 && again.json["fence"] == claim.json["fence"], "\(again.json.text)")
        let taken = try await world.send("POST", "\(path)/claim", as: alice)
        #expect(taken.status == 409 && taken.json["code"] == "task.taken")
        let fence = try #require(claim.json["fence"])
        let beat = try await world.send(
            "PUT",
            "\(path)/heartbeat",
            ["fence": fence, "percent": 50, "message": "half"],
            as: alice
        )
        #expect(beat.status == 200 && beat.json["ttl"] == "1m", "\(beat.json.text)")
        #expect(try await world.send("GET", path, as: alice).json["progress"] == 50)
        try await patch(world, path, fence, alice)
        let wrong = try await world.send("POST", "\(path)/result", ["fence": 99, "output": 1], as: alice)
        #expect(wrong.status == 409 && wrong.json["code"] == "lease.lost", "\(wrong.json.text)")
        #expect(try await world.send("POST", "\(path)/result", ["fence": fence], as: alice).status == 422)
        let done = try await world.send(
            "POST",
            "\(path)/result",
            ["fence": fence, "output": ["path": "a"]],
            as: alice
        )
        #expect(done.status == 200, "\(done.json.text)")
        let next = try #require(done.json["next_claimable_task_id"]?.stringValue)
        let second = try await world.send("POST", "/v1/tasks/\(next)/claim", as: alice)
        #expect(second.json["input"]?["url"] == "https://example.org/a", "\(second.json.text)")
        let attempts = try await world.send("GET", "\(path)/attempts", as: alice)
        #expect(attempts.json["items"]?.arrayValue?.map { $0["status"] } == ["succeeded"])
        await world.stop()
    }

    private func patch(_ world: World, _ path: String, _ fence: JSONValue, _ token: String) async throws {
        let node: JSONValue = [
            "id": "more", "type": "transform", "depends_on": ["think"], "config": ["expr": "1 + 1"],
        ]
        let good: JSONValue = [["op": "add", "path": "/nodes/-", "value": node]]
        let late: JSONValue = [["op": "remove", "path": "/nodes/@think"]]
        let refused = try await world.send("POST", "\(path)/patches", ["fence": fence, "ops": late], as: token)
        #expect(refused.status == 422 && refused.json["patch"]?["status"] == "rejected", "\(refused.json.text)")
        let applied = try await world.send("POST", "\(path)/patches", ["fence": fence, "ops": good], as: token)
        #expect(applied.status == 200, "\(applied.json.text)")
        #expect(applied.json["author"] == "task:think", "\(applied.json.text)")
        let lost = try await world.send("POST", "\(path)/patches", ["fence": 77, "ops": good], as: token)
        #expect(lost.status == 409 && lost.json["code"] == "lease.lost")
    }

    @Test func workersDoTheWorkOfTheirTenant() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        let made = try await world.send("POST", "/v1/auth/keys", ["name": "box", "role": "worker"], as: root)
        let worker = try #require(made.json["key"]?.stringValue, "\(made.json.text)")
        let run = try #require(try await start(world, as: alice).json["id"]?.stringValue)
        let task = try #require(try await claimable(world, as: worker).first?["id"]?.stringValue)
        let claim = try await world.send("POST", "/v1/tasks/\(task)/claim", as: worker)
        #expect(claim.status == 200, "\(claim.json.text)")
        let release = try await world.send("POST", "/v1/tasks/\(task)/release", ["fence": 1], as: worker)
        #expect(release.status == 200, "\(release.json.text)")
        let next = try await world.send("POST", "/v1/tasks/\(task)/claim", as: worker)
        #expect(next.json["fence"] == 2)
        // What others claimed is not to be ended with their number.
        let foreign = try await world.send("POST", "/v1/tasks/\(task)/result", ["fence": 2, "output": 1], as: alice)
        #expect(foreign.json["code"] == "lease.lost")
        let failed = try await world.send(
            "POST",
            "/v1/tasks/\(task)/result",
            ["fence": 2, "error": ["code": "no.idea", "message": "nothing came to mind"]],
            as: worker
        )
        #expect(failed.status == 200, "\(failed.json.text)")
        let end = try await world.send("GET", "/v1/runs/\(run)", as: alice, headers: ["prefer": "wait=60"])
        #expect(end.json["status"] == "failed")
        #expect(try await world.send("GET", "/v1/runs/\(run)", as: worker).status == 403)
        #expect(try await world.send("GET", "/v1/tasks/\(task)", as: bob).status == 404)
        let retried = try await world.send("POST", "/v1/tasks/\(task)/retry", as: alice)
        #expect(retried.status == 200, "\(retried.json.text)")
        let cancelled = try await world.send("POST", "/v1/tasks/\(task)/cancel", as: alice)
        #expect(cancelled.status == 200, "\(cancelled.json.text)")
        await world.stop()
    }

    @Test func agentsNeedSomebodyOutside() async throws {
        let world = try World()
        let root = try await world.login("root")
        let refused = try await start(world, as: root, [:])
        #expect(refused.status == 422, "\(refused.json.text)")
        #expect(refused.json["detail"]?.stringValue?.contains("execution: external") == true, "\(refused.json.text)")
        #expect(try await start(world, as: root, ["execution": "hybrid"]).status == 422)
        let run = try #require(try await start(world, as: root).json["id"]?.stringValue)
        let events = try await world.send("GET", "/v1/runs/\(run)/events", as: root)
        let ready = events.json["items"]?.arrayValue?.first { $0["type"] == "task.ready" }
        let listed = try await world.send("GET", "/v1/runs/\(run)/tasks", as: root).json["items"]?.arrayValue?.first
        #expect(ready?["task"] != nil && ready?["task"] == listed?["id"], "\(events.json.text)")
        await world.stop()
    }
}
