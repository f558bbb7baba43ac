// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import HTTPServer
import JSON
import Model
import Testing
import Threads

@testable import Server

/// Chains that are done again and again (spec 9.14).
@Suite(.timeLimit(.minutes(5))) struct PatternRouteTests {
    /// Gives back nothing.
    private struct Quiet: NodeExecutor {
        func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
            .completed(["done": true])
        }
    }

    private static let document: JSONValue = [
        "workflow": "twice",
        "nodes": [
            ["id": "a", "type": "tool", "config": ["tool": "echo"]],
            ["id": "b", "type": "tool", "depends_on": ["a"], "config": ["tool": "sum"]],
        ],
    ]

    private func world() throws -> World {
        let schema: JSONValue = ["type": "object", "properties": ["n": ["type": "integer"]]]
        let needing: JSONValue = [
            "type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"],
        ]
        var settings = APISettings()
        settings.tools = {
            [["name": "echo", "input_schema": schema], ["name": "sum", "input_schema": needing]]
        }
        // As documents see them both take anything: what is looked at here is what becomes of the pattern.
        let tools = try ["echo", "sum"].map { try Registry.Tool(name: $0, input: schema) }
        return try World(settings, tools: tools, executors: ["tool": Quiet()])
    }

    private func run(_ world: World, _ token: String, project: String? = nil) async throws {
        var body: JSONObject = ["document": .string(Self.document.text)]
        body["project"] = project.map(JSONValue.string)
        let started = try await world.send("POST", "/v1/runs", .object(body), as: token)
        let id = try #require(started.json["id"]?.stringValue, "\(started.json.text)")
        let headers: HTTPHeaders = ["prefer": "wait=60"]
        let end = try await world.send("GET", "/v1/runs/\(id)", as: token, headers: headers)
        #expect(end.json["status"] == "completed", "\(end.json.text)")
    }

    private func list(_ world: World, _ token: String, _ status: String = "suggested") async throws -> [JSONValue] {
        try await world.send("GET", "/v1/patterns?status=\(status)", as: token).json["items"]?.arrayValue ?? []
    }

    @Test func `what was done three times is proposed to whoever sees the runs, and becomes a workstack once`()
        async throws
    {
        let world = try world()
        let (root, alice, bob) = try await world.people()
        for _ in 0..<2 { try await run(world, alice) }
        #expect(try await list(world, alice).isEmpty)
        #expect(try await list(world, alice, "seen").count == 1)
        // What somebody else did does not count.
        try await run(world, bob)
        #expect(try await list(world, alice).isEmpty)
        try await run(world, alice)
        let proposed = try #require(try await list(world, alice).first)
        #expect(proposed["name"] == "echo-to-sum-2step" && proposed["confidence"] == 0.7, "\(proposed.text)")
        #expect(try await list(world, bob).isEmpty)
        #expect(try await list(world, root).count == 1)
        let path = "/v1/patterns/\(proposed["id"]?.stringValue ?? "")"
        for (method, path) in [("GET", path), ("DELETE", path), ("POST", "\(path)/promote")] {
            #expect(try await world.send(method, path, as: bob).status == 404, "\(method)")
        }
        let shown = try await world.send("GET", path, as: alice)
        #expect(shown.json["document"]?["workstack"] == "echo-to-sum-2step", "\(shown.json.text)")
        #expect(shown.json["document"]?["inputs"] == ["step_2_n": ["type": "integer"]])
        // It is in the live feed of its owner, once.
        let events = try await world.send("GET", "/v1/events?types=pattern.suggested", as: alice)
        #expect(events.json["items"]?.arrayValue?.count == 1, "\(events.json.text)")
        let others = try await world.send("GET", "/v1/events?types=pattern.suggested", as: bob)
        #expect(others.json["items"] == [])

        // A name that is taken is not overwritten.
        let other: JSONValue = ["workflow": "echo-to-sum-2step", "nodes": Self.document["nodes"] ?? []]
        #expect(try await world.publish(other.text, as: alice).status == 201)
        let taken = try await world.send("POST", "\(path)/promote", as: alice)
        #expect(taken.status == 409 && taken.json["detail"]?.stringValue?.contains("another `name`") == true)
        for name in ["1", "a b"] {
            let bad = try await world.send("POST", "\(path)/promote", ["name": .string(name)], as: alice)
            #expect(bad.status == 422, "\(bad.json.text)")
        }
        let first = try await world.send("POST", "\(path)/promote", ["name": "both"], as: alice)
        #expect(first.status == 200 && first.json["promotion"]?["workstack"] == "both", "\(first.json.text)")
        let again = try await world.send("POST", "\(path)/promote", ["name": "else"], as: alice)
        #expect(again.json["promotion"] == first.json["promotion"] && again.json["status"] == "promoted")
        #expect(try await world.send("GET", "/v1/workflows/else", as: alice).status == 404)
        #expect(try await world.send("DELETE", path, as: alice).status == 409)
        // It runs, and what it did is the pattern again.
        let call: JSONValue = ["name": "workstack_both", "arguments": ["step_2_n": 1]]
        let done = try await world.send("POST", "/v1/execute", call, as: alice)
        #expect(done.json["success"] == true, "\(done.json.text)")
        #expect(try await list(world, alice, "promoted").first?["count"] == 4)
        await world.stop()
    }

    @Test func `what a call before published and did not write down is taken for it`() async throws {
        let world = try world()
        let (_, alice, _) = try await world.people()
        for _ in 0..<3 { try await run(world, alice, project: nil) }
        let proposed = try #require(try await list(world, alice).first)
        let path = "/v1/patterns/\(proposed["id"]?.stringValue ?? "")"
        let document = try await world.send("GET", path, as: alice).json["document"] ?? .null
        // As a promotion does that dies before it can say so.
        #expect(try await world.publish(document.prettyText + "\n", as: alice).status == 201)
        let promoted = try await world.send("POST", "\(path)/promote", as: alice)
        #expect(promoted.status == 200 && promoted.json["promotion"]?["version"] == 1, "\(promoted.json.text)")
        await world.stop()
    }

    @Test func `what nobody wants is not proposed again`() async throws {
        let world = try world()
        let (_, alice, _) = try await world.people()
        for _ in 0..<3 { try await run(world, alice) }
        let id = try #require(try await list(world, alice).first?["id"]?.stringValue)
        #expect(try await world.send("DELETE", "/v1/patterns/\(id)", as: alice).status == 204)
        #expect(try await world.send("DELETE", "/v1/patterns/\(id)", as: alice).status == 204)
        try await run(world, alice)
        #expect(try await list(world, alice).isEmpty)
        #expect(try await list(world, alice, "dismissed").first?["count"] == 4)
        #expect(try await world.send("GET", "/v1/patterns/pat_00000000000000000000000000", as: alice).status == 404)
        #expect(try await world.send("GET", "/v1/patterns?status=none", as: alice).status == 422)
        await world.stop()
    }
}
