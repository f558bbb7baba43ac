// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Workers over the API (spec 12.7).
@Suite(.timeLimit(.minutes(5)))
struct WorkerRouteTests {
    private static let document = """
        workflow: outside
        nodes: [{id: a, type: agent, config: {agent: x, prompt: y}}, {id: b, type: agent, config: {agent: x, prompt: y}}]
        """

    @Test func aWorkerRegistersClaimsInItsNameIsDrainedAndForgotten() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        let key: HTTPHeaders = ["idempotency-key": "k"]
        let profile: JSONValue = ["queues": ["agent"], "capacity": 1, "version": "1.2", "labels": ["gpu": "yes"]]
        let made = try await world.send("POST", "/v1/workers", profile, as: alice, headers: key)
        #expect(
            made.status == 201 && made.json["state"] == "ready" && made.json["heartbeat"] == "10s",
            "\(made.json.text)"
        )
        let id = try #require(made.json["id"]?.stringValue)
        let again = try await world.send("POST", "/v1/workers", profile, as: alice, headers: key)
        #expect(again.status == 201 && again.json["id"]?.stringValue == id)
        let path = "/v1/workers/\(id)"
        #expect(made.headers["location"] == path)
        #expect(try await world.send("GET", path, as: bob).status == 404)
        #expect(try await world.send("GET", "/v1/workers", as: bob).json["items"] == [])
        #expect(try await world.send("PUT", "\(path)/heartbeat", as: alice).json["capacity"] == 1)
        // Administrators see it, and do not speak for it.
        let all = try await world.send("GET", "/v1/workers", as: root).json["items"]
        #expect(all?.arrayValue?.count == 2 && all?[0]?["is_server"] == true && all?[1]?["id"]?.stringValue == id)
        #expect(try await world.send("PUT", "\(path)/heartbeat", as: root).status == 404)

        let body: JSONValue = ["document": .string(Self.document), "execution": "external"]
        let run = try #require(try await world.send("POST", "/v1/runs", body, as: alice).json["id"]?.stringValue)
        let tasks =
            try await world.send("GET", "/v1/tasks/claimable?run=\(run)", as: alice).json["items"]?.arrayValue ?? []
        let names = tasks.compactMap { $0["id"]?.stringValue }
        #expect(names.count == 2)
        let mine: JSONValue = ["worker": .string(id)]
        let claim = try await world.send("POST", "/v1/tasks/\(names[0])/claim", mine, as: alice)
        #expect(claim.status == 200 && claim.json["worker"]?.stringValue?.hasSuffix(id) == true, "\(claim.json.text)")
        let more = try await world.send("POST", "/v1/tasks/\(names[1])/claim", mine, as: alice)
        #expect(more.status == 409, "\(more.json.text)")
        #expect(try await world.send("GET", path, as: alice).json["claims"] == [.string(names[0])])
        let draining = try await world.send("POST", "\(path)/drain", as: root)
        #expect(draining.json["state"] == "draining", "\(draining.json.text)")
        #expect(try await world.send("POST", "\(path)/pause", as: alice).status == 409)
        let fence = try #require(claim.json["fence"])
        _ = try await world.send("POST", "/v1/tasks/\(names[0])/result", ["fence": fence, "output": 1], as: alice)
        #expect(try await world.send("GET", path, as: alice).json["state"] == "stopped")
        #expect(try await world.send("DELETE", path, as: alice).status == 204)
        #expect(try await world.send("GET", path, as: root).status == 404)
        await world.stop()
    }

    @Test func whatIsWrongWithAWorkerIsToldWithItsPlace() async throws {
        let world = try World()
        let (root, _, _) = try await world.people()
        for (body, place) in [
            (["capacity": 0], "/capacity"), (["queues": ["a b"]], "/queues/0"), (["other": 1], "/other"),
            (["labels": ["a": 1]], "/labels/a"),
        ] as [(JSONValue, String)] {
            let reply = try await world.send("POST", "/v1/workers", body, as: root)
            #expect(
                reply.status == 422 && reply.json["errors"]?[0]?["path"]?.stringValue == place,
                "\(reply.json.text)"
            )
        }
        #expect(try await world.send("GET", "/v1/workers/nobody", as: root).status == 404)
        await world.stop()
    }
}
