// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import HTTPServer
import JSON
import Testing

@testable import Server

/// Resources over the API.
@Suite(.timeLimit(.minutes(5)))
struct ResourceRouteTests {
    @Test func aResourceIsAddedLookedAtChangedAndForgotten() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        let echo = EchoServer()
        let port = try echo.start(port: 0)
        let target = "http://127.0.0.1:\(port)/status/200"
        let body: JSONValue = [
            "id": "models", "kind": "http", "target": .string(target), "failures": 1, "successes": 1,
        ]
        #expect(try await world.send("POST", "/v1/resources", body, as: alice).status == 403)
        let refused = try await world.send("POST", "/v1/resources", body, as: root)
        #expect(refused.status == 422 && refused.json["errors"]?[0]?["path"] == "/target", "\(refused.json.text)")
        var open = body.objectValue ?? [:]
        open["allow_private"] = true
        let made = try await world.send("POST", "/v1/resources", .object(open), as: root)
        #expect(made.status == 201 && made.json["interval"] == "30s", "\(made.json.text)")
        #expect(try await world.send("POST", "/v1/resources", .object(open), as: root).status == 409)
        let path = "/v1/resources/models"
        let probed = try await world.send("POST", "\(path)/probe", as: root)
        #expect(probed.json["state"] == "online" && probed.json["last_probe"]?["problem"] == nil, "\(probed.json.text)")
        #expect(try await world.send("GET", path, as: alice).json["state"] == "online")
        let changed = try await world.send(
            "PATCH",
            path,
            ["target": .string("http://127.0.0.1:\(port)/status/503"), "slow": "1s"],
            as: root
        )
        #expect(changed.status == 200 && changed.json["slow"] == "1s", "\(changed.json.text)")
        let failed = try await world.send("POST", "\(path)/probe", as: root)
        #expect(failed.json["state"] == "offline" && failed.json["holds_tasks"] == true, "\(failed.json.text)")
        #expect(failed.json["reason"] == "it answered 503")
        let list = try await world.send("GET", "/v1/resources", as: alice)
        #expect(list.json["items"]?.arrayValue?.count == 1)
        #expect(try await world.send("DELETE", path, as: root).status == 204)
        #expect(try await world.send("GET", path, as: root).status == 404)
        echo.stop()
        await world.stop()
    }

    @Test func whatIsLookedAtBringsWaitingTasksOn() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        let document = """
            workflow: needs
            nodes: [{id: a, type: agent, config: {agent: x, prompt: y}, resources: [db]}]
            """
        let started = try await world.send(
            "POST",
            "/v1/runs",
            ["document": .string(document), "execution": "external"],
            as: alice
        )
        let run = try #require(started.json["id"]?.stringValue, "\(started.json.text)")
        let task = "task_\(run.dropFirst(4))0000000000"
        let waiting = try await world.send("GET", "/v1/tasks/\(task)", as: alice)
        #expect(waiting.json["waiting_for"]?["kind"] == "resource", "\(waiting.json.text)")
        let claim = try await world.send("POST", "/v1/tasks/\(task)/claim", as: alice)
        #expect(
            claim.status == 409 && claim.json["detail"]?.stringValue?.contains("`db`") == true,
            "\(claim.json.text)"
        )
        let echo = EchoServer()
        let port = try echo.start(port: 0)
        let body: JSONValue = [
            "id": "db", "kind": "tcp", "target": .string("127.0.0.1:\(port)"), "allow_private": true, "interval": "1s",
        ]
        #expect(try await world.send("POST", "/v1/resources", body, as: root).status == 201)
        // Nobody asks for it: the server looks by itself.
        while try await world.send("GET", "/v1/resources/db", as: root).json["state"] != "online" { await Task.yield() }
        #expect(try await world.send("POST", "/v1/tasks/\(task)/claim", as: alice).status == 200)
        for (wrong, place) in [
            (["id": "x", "kind": "tcp", "target": "example.org"], "/target"),
            (["id": "x", "kind": "http", "target": "ftp://example.org"], "/target"),
            (["id": "x", "kind": "http", "target": "http://example.org", "interval": "2h"], ""),
        ] as [(JSONValue, String)] {
            let reply = try await world.send("POST", "/v1/resources", wrong, as: root)
            #expect(
                reply.status == 422 && reply.json["errors"]?[0]?["path"]?.stringValue == place,
                "\(reply.json.text)"
            )
        }
        echo.stop()
        await world.stop()
    }
}
