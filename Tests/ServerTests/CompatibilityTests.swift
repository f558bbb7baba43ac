// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Paths and names for clients of similar tools.
@Suite(.timeLimit(.minutes(5)))
struct CompatibilityTests {
    @Test func everyPathAnswersAsTheOperationBehindIt() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        _ = try await world.publish(asking, as: alice)
        #expect(try await world.send("GET", "/api/health").json == ["status": "ok"])
        let headers: HTTPHeaders = ["prefer": "wait=60"]
        let run = try await world.send(
            "POST",
            "/api/v1/workflows/add@main/execute",
            ["inputs": ["a": 2]],
            as: alice,
            headers: headers
        )
        #expect(run.status == 200 && run.json["outputs"] == ["sum": 3], "\(run.json.text)")
        let id = try #require(run.json["id"]?.stringValue)
        let started = try await world.send("POST", "/api/v1/workflows/ask/execute", as: alice)
        #expect(started.status == 202 && started.json["id"] != nil, "\(started.json.text)")
        let asking = try #require(started.json["id"]?.stringValue)
        #expect(try await world.send("POST", "/api/v1/workflows/none/execute", as: alice).status == 404)
        for (path, other) in [("", ""), ("/details", "/details"), ("/patches", "/patches")] {
            let here = try await world.send("GET", "/api/v1/runs/\(id)\(path)", as: alice)
            let there = try await world.send("GET", "/v1/runs/\(id)\(other)", as: alice)
            #expect(here.status == 200 && here.json == there.json, "\(path): \(here.json.text)")
            #expect(try await world.send("GET", "/api/v1/runs/\(id)\(path)", as: bob).status == 404)
        }
        let patch: JSONValue = ["ops": [["op": "remove", "path": "/nodes/@ok"]]]
        #expect(try await world.send("POST", "/api/v1/runs/\(id)/patch", patch, as: alice).status == 409)
        let tasks = try await world.send("GET", "/api/tasks?kind=transform", as: alice)
        #expect(tasks.json["tasks"]?.arrayValue?.count == 2 && tasks.json["next_cursor"] == .null, "\(tasks.json.text)")
        var approvals: [JSONValue] = []
        while approvals.isEmpty {
            approvals = try await world.send("GET", "/api/approval", as: alice).json["approvals"]?.arrayValue ?? []
        }
        let request = approvals[0]["id"] ?? .null
        #expect(try await world.send("GET", "/api/approval", as: bob).json["approvals"] == [])
        let status = try await world.send("GET", "/api/status", as: alice)
        #expect(status.json["status"] == "ok" && status.json["runs"]?["waiting"] != nil, "\(status.json.text)")
        let answer: JSONValue = ["id": request, "approved": true]
        #expect(try await world.send("POST", "/api/approval", answer, as: bob).status == 404)
        let approved = try await world.send("POST", "/api/approval", answer, as: alice)
        #expect(approved.status == 200 && approved.json["status"] == "approved", "\(approved.json.text)")
        _ = try await world.send("GET", "/v1/runs/\(asking)", as: alice, headers: headers)
        let all = try await world.send("GET", "/api/export", as: alice)
        #expect(all.bytes.split(separator: 0x0a).count == 2)
        let one = try await world.send("GET", "/api/export?run=\(id)", as: alice)
        let same = try await world.send("GET", "/v1/runs/\(id)/export", as: alice)
        #expect(one.status == 200 && one.bytes.count == same.bytes.count)
        #expect(try await world.send("GET", "/api/export?run=\(id)", as: bob).status == 404)
        #expect(try await world.send("GET", "/api/metrics", as: root).status == 200)
        #expect(try await world.send("GET", "/api/metrics", as: bob).status == 403)
        await world.stop()
    }

    @Test func eventsOfAProjectComeUnderOtherNamesAndNoOthers() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        _ = try await world.publish(adding, as: root)
        #expect(try await world.send("POST", "/api/events/shop/token", as: alice).status == 404)
        let made = try await world.send("POST", "/api/events/shop/token", as: root)
        let token = try #require(made.json["token"]?.stringValue, "\(made.json.text)")
        for project in ["shop", "other"] {
            _ = try await world.send(
                "POST",
                "/v1/workflows/add/runs",
                ["project": .string(project)],
                as: root,
                headers: ["prefer": "wait=60"]
            )
        }
        // The token shows its project alone, on every path of the feed.
        let page = try await world.send("GET", "/v1/events?access_token=\(token)&limit=500")
        let projects = Set(page.json["items"]?.arrayValue?.compactMap { $0["project"]?.stringValue } ?? [])
        #expect(projects == ["shop"], "\(page.json.text)")
        #expect(try await world.send("GET", "/v1/events?access_token=\(token)&project=other").status == 404)
        #expect(try await world.send("GET", "/api/events/other?token=\(token)").status == 404)
        #expect(try await world.send("GET", "/api/events/shop").status == 401)
        let stream = await world.open("/api/events/shop?after=0&token=\(token)")
        var text = ""
        for try await bytes in stream.body {
            text += String(decoding: bytes, as: UTF8.self)
            if text.contains("workflow_completed"), text.contains("status_update") { break }
        }
        for name in ["workflow_started", "task_completed", "workflow_completed", "status_update"] {
            #expect(text.contains("event: \(name)\n") && text.contains("\"type\":\"\(name)\""), "\(name): \(text)")
        }
        #expect(!text.contains("\"project\":\"other\"") && !text.contains("run.completed"))
        let names: [(CompatibilityNames, String, String)] = [
            (.tasks, "task.started", "task_start"), (.nodes, "task.started", "node_started"),
            (.nodes, "task.completed", "node_completed"), (.tasks, "human_task.opened", "approval_required"),
            (.nodes, "graph.patched", "graph_patched"), (.tasks, "run.failed", "workflow_failed"),
        ]
        for (table, type, name) in names { #expect(table.name(of: type) == name) }
        await world.stop()
    }

    @Test func aSocketSendsEventsUnderTheNamesOfNodes() async throws {
        let world = try World()
        let root = try await world.login("root")
        _ = try await world.publish(adding, as: root)
        _ = try await world.send("POST", "/v1/workflows/add/runs", as: root, headers: ["prefer": "wait=60"])
        let socket = try await world.socket(as: root, at: "/ws?after=0")
        var seen: Set<String> = []
        while !seen.isSuperset(of: ["workflow_started", "node_completed", "workflow_completed", "status_update"]) {
            guard case .text(let text) = try await socket.receive() else { break }
            seen.insert(try JSONValue(parsing: text)["type"]?.stringValue ?? "")
        }
        #expect(seen.isSuperset(of: ["workflow_started", "node_completed", "workflow_completed", "status_update"]))
        socket.close()
        #expect(try await world.send("GET", "/ws", as: root, headers: ["origin": "https://evil.example"]).status == 403)
        await world.stop()
    }
}
