// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Pauses above runs, signals to many, and versions made of versions.
@Suite(.timeLimit(.minutes(5)))
struct PauseRouteTests {
    @Test func onlyWhoMayHoldsBackWork() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        for (path, who) in [
            ("/v1/workflows/ask", root), ("/v1/projects/shop", root), ("/v1/queues/http", root), ("/v1/admin", root),
        ] {
            let other = try await world.send("POST", "\(path)/pause", as: alice)
            #expect(other.status == (path.contains("projects") ? 404 : 403), "\(path): \(other.json.text)")
            let paused = try await world.send("POST", "\(path)/pause", ["reason": "moving"], as: who)
            #expect(paused.status == 200 && paused.json["reason"] == "moving", "\(path): \(paused.json.text)")
            #expect(try await world.send("POST", "\(path)/pause", as: who).status == 409)
        }
        let kinds = { (reply: World.Reply) in
            Set(reply.json["items"]?.arrayValue?.compactMap { $0["scope"]?.stringValue } ?? [])
        }
        #expect(kinds(try await world.send("GET", "/v1/pauses", as: root)) == ["all", "project", "queue", "workflow"])
        // The names of projects are for those that they are shared with.
        #expect(kinds(try await world.send("GET", "/v1/pauses", as: bob)) == ["all", "queue", "workflow"])
        let user = try #require(
            try await world.send("GET", "/v1/auth/me", as: bob).json["user"]?["id"]?.stringValue
        )
        for (role, status) in [("viewer", 403), ("operator", 200)] {
            _ = try await world.send("PUT", "/v1/projects/shop/members/\(user)", ["role": .string(role)], as: root)
            #expect(try await world.send("POST", "/v1/projects/shop/resume", as: bob).status == status, "\(role)")
        }
        for path in ["/v1/workflows/ask", "/v1/queues/http", "/v1/admin"] {
            #expect(try await world.send("POST", "\(path)/resume", as: root).status == 200)
            #expect(try await world.send("POST", "\(path)/resume", as: root).status == 409)
        }
        #expect(try await world.send("GET", "/v1/pauses", as: root).json["items"] == [])
        await world.stop()
    }

    @Test func aSignalToManyReachesWhatTheSenderControls() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        let hearing = "workflow: hear\nnodes: [{id: a, type: wait, config: {signal: {type: go}}}]"
        for person in [alice, bob] {
            _ = try await world.publish(hearing, as: person)
            _ = try await world.send("POST", "/v1/workflows/hear/runs", [:], as: person)
            while try await world.send("GET", "/v1/tasks?waiting=signal", as: person).json["items"] == [] {
                await Task.yield()
            }
        }
        func send(_ body: JSONValue, as person: String) async throws -> World.Reply {
            try await world.send("POST", "/v1/signals", body, as: person)
        }
        for to in ["everybody", "run:x", "workflow:", "run_00000000000000000000000000"] {
            #expect(try await send(["to": .string(to), "type": "go"], as: root).status == 422, "\(to)")
        }
        #expect(try await send(["to": "project", "project": "shop", "type": "go"], as: root).json["delivered"] == 0)
        #expect(try await send(["to": "broadcast", "type": "stop"], as: root).json["delivered"] == 0)
        let own = try await send(["to": "broadcast", "type": "go", "dedupe_key": "k"], as: alice)
        #expect(own.json["delivered"] == 1, "bob's run is not alice's to signal: \(own.json.text)")
        let rest = try await send(["to": "workflow:hear", "type": "go", "dedupe_key": "l"], as: root)
        #expect(rest.json["delivered"] == 1, "\(rest.json.text)")
        await world.stop()
    }

    @Test func versionsAreClonedAndCompacted() async throws {
        let world = try World()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        let ops: JSONValue = ["ops": [["op": "replace", "path": "/nodes/@sum/config/expr", "value": "inputs.a + 2"]]]
        #expect(try await world.send("PATCH", "/v1/workflows/add", ops, as: alice).status == 201)
        #expect(try await world.send("POST", "/v1/workflows/add/clone", ["to": "copy"], as: bob).status == 404)
        let copy = try await world.send("POST", "/v1/workflows/add/clone", ["to": "copy", "version": "1"], as: alice)
        #expect(copy.status == 201 && copy.json["name"] == "copy" && copy.json["version"] == 1, "\(copy.json.text)")
        #expect(try await world.send("POST", "/v1/workflows/add/clone", ["to": "copy"], as: alice).status == 409)
        #expect(try await world.send("POST", "/v1/workflows/add/clone", ["to": "a/../b c"], as: alice).status == 422)
        for (body, isNew) in [
            (["version": "1"], false), (["depth": 2], false), (.none, true), (.none, false),
        ] as [(JSONValue?, Bool)] {
            let reply = try await world.send("POST", "/v1/workflows/add/compact", body, as: alice)
            #expect(reply.status == 200 && reply.json["is_new"] == .bool(isNew), "\(reply.json.text)")
        }
        await world.stop()
    }

    @Test func documentsAreEstimatedWithInputsAndChanged() async throws {
        let world = try World()
        let root = try await world.login("root")
        let yaml: HTTPHeaders = ["content-type": "application/yaml"]
        let text = Array(adding.utf8)
        for (query, status) in [
            ("", 200), ("?inputs=%7B%22a%22%3A3%7D", 200), ("?inputs=%7B%22b%22%3A3%7D", 422), ("?inputs=3%20", 422),
        ] {
            let reply = try await world.send("POST", "/v1/estimate\(query)", bytes: text, as: root, headers: yaml)
            #expect(reply.status == status, "\(query): \(reply.json.text)")
        }
        for which in ["safe", "all"] {
            let reply = try await world.send(
                "POST",
                "/v1/optimise?apply=\(which)",
                bytes: text,
                as: root,
                headers: yaml
            )
            #expect(reply.status == 200 && reply.json["document"]?["workflow"] == "add", "\(reply.json.text)")
        }
        await world.stop()
    }
}
