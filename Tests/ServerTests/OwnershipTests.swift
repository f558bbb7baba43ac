// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Identity
import JSON
import RateLimits
import Testing

@testable import Server

/// What belongs to others is not there (spec 11.2).
@Suite(.timeLimit(.minutes(5)))
struct OwnershipTests {
    /// Every operation on a thing of alice's, tried by bob: a new route has to be put into one of these lists.
    @Test func everyRouteHidesWhatBelongsToOthers() async throws {
        // There are more operations than somebody may call at once.
        var settings = APISettings()
        settings.rates.requests = nil
        let world = try World(settings)
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(asking, as: alice)
        let started = try await world.send("POST", "/v1/workflows/ask/runs", [:], as: alice)
        let run = try #require(started.json["id"]?.stringValue, "\(started.json.text)")
        let task = try await humanTask(world, alice)
        let schedule = try await world.send(
            "POST",
            "/v1/schedules",
            ["name": "often", "workflow": "ask", "every": "1h"],
            as: alice
        )
        let file = try await world.send("POST", "/v1/artifacts?name=plan", bytes: Array("secret".utf8), as: alice)
        let key = try await world.send("POST", "/v1/auth/keys", ["name": "mine"], as: alice)
        let webhook = try await world.send("POST", "/v1/webhooks", ["url": "https://example.org/in"], as: alice)
        let hook = try await world.send(
            "POST",
            "/v1/hooks",
            ["kind": "standard", "start": ["workflow": "ask"]],
            as: alice
        )
        let worker = try await world.send("POST", "/v1/workers", ["queues": ["gpu"]], as: alice)
        let document = try await world.send(
            "POST",
            "/v1/rag/notes/documents",
            ["documents": [["path": "a", "text": "secret words"]]],
            as: alice
        )
        let session = try await world.send("POST", "/v1/sessions", [:], as: alice)
        let values = [
            "session": session.json["id"]?.stringValue ?? "",
            "finding": "fnd_00000000000000000000000000", "pattern": "pat_00000000000000000000000000",
            "source": "notes",
            "document": document.json["items"]?[0]?["id"]?.stringValue ?? "",
            "webhook": webhook.json["id"]?.stringValue ?? "", "hook": hook.json["id"]?.stringValue ?? "",
            "run": run, "task": "task_\(run.dropFirst(4))0000000000", "human_task": task,
            "schedule": schedule.json["id"]?.stringValue ?? "", "seq": "1",
            "key": key.json["id"]?.stringValue ?? "", "name": "ask", "tag": "main", "version": "1",
            "project": "secret_project", "secret": "TOKEN", "user": "usr_00000000000000000000000000", "scope": "day",
            "artifact": file.json["id"]?.stringValue ?? "", "hash": file.json["hash"]?.stringValue ?? "",
            "queue": "tool", "workflow": "ask", "worker": worker.json["id"]?.stringValue ?? "", "resource": "nothing",
            "tool": "nothing", "agent": "nothing", "skill": "nothing", "server": "nothing",
            "entry": "k", "context": "c",
        ]
        let feed = LiveFeed(world.service, last: 0)
        for route in APIServer.routes(world.service, feed, Limits(.init())) where !route.pattern.parameters.isEmpty {
            var path = route.pattern.text
            for name in route.pattern.parameters {
                let value = try #require(values[name], "the parameter `\(name)` of \(path) has no value in this test")
                path = path.replacing("{\(name)}", with: value)
            }
            if route.contract.id == "compareRuns" { path += "?with=\(run)" }
            let reply = try await world.send(route.method, path, Self.body(of: route), as: bob)
            let isForAdministrators = [403].contains(reply.status) && Self.isAdministration(route)
            #expect(
                reply.status == 404 || isForAdministrators || Self.shows.contains(route.contract.id),
                "\(route.method) \(path): \(reply.status) \(reply.json.text)"
            )
        }
        #expect(try await world.send("GET", "/v1/runs", as: bob).json["items"] == [])
        #expect(try await world.send("GET", "/v1/human-tasks", as: bob).json["items"] == [])
        #expect(try await world.send("GET", "/v1/schedules", as: bob).json["items"] == [])
        #expect(try await world.send("GET", "/v1/workflows", as: bob).json["items"] == [])
        #expect(try await world.send("GET", "/v1/artifacts", as: bob).json["items"] == [])
        #expect(try await world.send("GET", "/v1/sessions", as: bob).json["items"] == [])
        #expect(try await world.send("GET", "/v1/events", as: bob).json["items"] == [])
        #expect(try await world.send("GET", "/v1/rag/sources", as: bob).json["items"] == [])
        let question: JSONValue = ["query": "secret"]
        #expect(try await world.send("POST", "/v1/rag/search", question, as: bob).json["hits"] == [])
        // Nothing bob did had an effect.
        let row = try await world.send("GET", "/v1/runs/\(run)", as: alice)
        #expect(row.json["status"] == "waiting", "\(row.json.text)")
        await world.stop()
    }

    /// Lists that are empty for somebody else, and what everybody makes for himself.
    private static let shows: Set<String> = [
        // Nobody knows who calls before the signature is checked.
        "callHook",
        // Without the bytes the hash does not fit.
        "putBlob",
        "listRunsOfWorkflow", "listTags", "publishWorkflow", "putWorkflow",
    ]

    private static func isAdministration(_ route: Route) -> Bool {
        guard let permission = route.contract.audience.permissions.first else { return false }
        return ["users", "budgets", "system", "audit", "secrets", "workers.manage", "resources", "catalog.write"]
            .contains {
                permission.rawValue.hasPrefix($0)
            }
    }

    /// A body that fits the contract.
    private static func body(of route: Route) -> JSONValue? {
        let id = route.contract.id
        if id.hasPrefix("remember") { return ["value": 1] }
        if id.hasPrefix("change"), id.hasSuffix("Memory") { return ["operations": [["op": "list"]]] }
        switch id {
        case "saveRunContext", "saveProjectContext", "saveSessionContext": return ["value": [:]]
        case "mergeRunContexts", "mergeProjectContexts", "mergeSessionContexts": return ["into": "a", "from": ["b"]]
        case "thinkRunThought", "thinkSessionThought": return ["text": "so"]
        default: return changes(id)
        }
    }

    private static func changes(_ id: String) -> JSONValue? {
        switch id {
        case "signalRun": ["type": "go"]
        case "addKnowledge": ["category": "decision", "text": "x"]
        case "changeKnowledge": ["text": "x"]
        case "addDocuments": ["documents": [["path": "b", "text": "mine"]]]
        case "reviewTask": ["choice": "retry"]
        case "proposePatchCompatibly": ["ops": [["op": "remove", "path": "/nodes/@ok"]]]
        case "cloneWorkflow": ["to": "copy"]
        case "sendHeartbeat", "releaseTask": ["fence": 1]
        case "finishTask": ["fence": 1, "output": 1]
        case "proposeTaskPatch": ["fence": 1, "ops": [["op": "remove", "path": "/nodes/@ok"]]]
        case "updateRun": ["priority": 1]
        case "rerunRun": ["from": "first"]
        case "migrateRun": ["to": "ask@main"]
        case "proposePatch": ["ops": [["op": "remove", "path": "/nodes/@ok"]]]
        case "rejectPatch": ["comment": "no"]
        case "resolveHumanTask": ["choice": "approve"]
        case "reassignHumanTask": ["to": ["owner"]]
        case "changeSchedule": ["name": "other"]
        case "backfillSchedule": ["from": "2026-01-01T00:00:00Z"]
        case "setTag": ["to": "1"]
        case "setMember": ["role": "viewer"]
        case "patchWorkflow": ["ops": [["op": "test", "path": "/workflow", "value": "ask"]]]
        case "putWorkflow": ["workflow": "ask", "nodes": []]
        case "approveTools": ["tools": [["name": "add"]]]
        case "revokeTools": ["tools": ["add"]]
        case "setBudget", "setSecret", "setProjectSecret", "changeUser", "indexSource": [:]
        default: nil
        }
    }

    private func humanTask(_ world: World, _ token: String) async throws -> String {
        while true {
            let list = try await world.send("GET", "/v1/human-tasks", as: token)
            if let id = list.json["items"]?.arrayValue?.first?["id"]?.stringValue { return id }
            await Task.yield()
        }
    }

    @Test func aSharedProjectShowsItsRuns() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        _ = try await world.publish(asking, as: root)
        let started = try await world.send("POST", "/v1/workflows/ask/runs", ["project": "shop"], as: root)
        let run = try #require(started.json["id"]?.stringValue)
        #expect(try await world.send("GET", "/v1/runs/\(run)", as: alice).status == 404)
        let me = try await world.send("GET", "/v1/auth/me", as: alice).json
        let user = try #require(me["user"]?["id"]?.stringValue)
        let shared = try await world.send("PUT", "/v1/projects/shop/members/\(user)", ["role": "viewer"], as: root)
        #expect(shared.status == 200, "\(shared.json.text)")
        #expect(try await world.send("GET", "/v1/runs/\(run)", as: alice).status == 200)
        #expect(try await world.send("GET", "/v1/runs", as: alice).json["items"]?.arrayValue?.count == 1)
        #expect(try await world.send("POST", "/v1/runs/\(run)/cancel", as: alice).status == 403)
        #expect(try await world.send("GET", "/v1/runs/\(run)", as: bob).status == 404)
        await world.stop()
    }
}
