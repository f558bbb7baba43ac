// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RunRouteTests {
    @Test func aPublishedWorkflowRuns() async throws {
        let world = try World()
        let (_, alice, _) = try await world.people()
        let first = try await world.publish(adding, as: alice)
        #expect(first.status == 201 && first.json["version"] == 1, "\(first.json.text)")
        #expect(try await world.publish(adding, as: alice).status == 200)
        let run = try await world.send(
            "POST",
            "/v1/workflows/add/runs",
            ["inputs": ["a": 41]],
            as: alice,
            headers: ["prefer": "wait=60"]
        )
        #expect(run.status == 200 && run.json["outputs"]?["sum"] == 42, "\(run.json.text)")
        let id = try #require(run.json["id"]?.stringValue)
        for view in [
            "", "/details", "/tasks", "/outputs", "/explain", "/graph", "/rollback", "/state?at=3", "/events",
            "/patches", "/usage",
        ] {
            let reply = try await world.send("GET", "/v1/runs/\(id)\(view)", as: alice)
            #expect(reply.status == 200, "\(view): \(reply.json.text)")
        }
        let events = try await world.send("GET", "/v1/runs/\(id)/events?limit=500", as: alice)
        let numbers = events.json["items"]?.arrayValue?.compactMap { $0["run_seq"]?.intValue } ?? []
        #expect(numbers == Array(1...Int64(numbers.count)) && numbers.count > 3)
        await world.stop()
    }

    @Test func aDocumentRunsWithoutBeingPublished() async throws {
        let world = try World()
        let root = try await world.login("root")
        let run = try await world.send(
            "POST",
            "/v1/runs",
            ["document": .string(adding)],
            as: root,
            headers: ["prefer": "wait=60"]
        )
        #expect(run.json["outputs"]?["sum"] == 2, "\(run.json.text)")
        let broken = try await world.send("POST", "/v1/runs", ["document": "workflow: x\nnodes: 3"], as: root)
        #expect(broken.status == 422 && broken.json["code"] == "definition.invalid")
        #expect(broken.json["errors"]?.arrayValue?.isEmpty == false)
        await world.stop()
    }

    @Test func wrongInputsAreAllNamed() async throws {
        let world = try World()
        let root = try await world.login("root")
        _ = try await world.publish(adding, as: root)
        let reply = try await world.send("POST", "/v1/workflows/add/runs", ["inputs": ["a": "x", "b": 1]], as: root)
        #expect(reply.status == 422)
        #expect(
            reply.json["errors"]?.arrayValue?.allSatisfy { $0["path"]?.stringValue?.hasPrefix("/inputs") ?? false }
                == true
        )
        await world.stop()
    }

    @Test func aRepeatWithTheSameKeyStartsNothing() async throws {
        let world = try World()
        let root = try await world.login("root")
        _ = try await world.publish(adding, as: root)
        var ids: Set<String> = []
        for _ in 1...3 {
            let reply = try await world.send(
                "POST",
                "/v1/workflows/add/runs",
                ["inputs": ["a": 1]],
                as: root,
                headers: ["idempotency-key": "once"]
            )
            #expect(reply.status == 202)
            ids.insert(reply.json["id"]?.stringValue ?? "")
        }
        #expect(ids.count == 1)
        let other = try await world.send(
            "POST",
            "/v1/workflows/add/runs",
            ["inputs": ["a": 2]],
            as: root,
            headers: ["idempotency-key": "once"]
        )
        #expect(other.status == 422 && other.json["code"] == "idempotency.mismatch")
        #expect(try await world.send("GET", "/v1/runs", as: root).json["items"]?.arrayValue?.count == 1)
        await world.stop()
    }

    @Test func aPersonDecidesOnce() async throws {
        let world = try World()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(asking, as: alice)
        let run = try #require(
            try await world.send("POST", "/v1/workflows/ask/runs", as: alice).json["id"]?.stringValue
        )
        var task = ""
        while task.isEmpty {
            let list = try await world.send("GET", "/v1/human-tasks?run=\(run)", as: alice)
            task = list.json["items"]?.arrayValue?.first?["id"]?.stringValue ?? ""
        }
        #expect(
            try await world.send("POST", "/v1/human-tasks/\(task)/resolve", ["choice": "approve"], as: bob).status
                == 404
        )
        let first = try await world.send("POST", "/v1/human-tasks/\(task)/resolve", ["choice": "approve"], as: alice)
        #expect(first.status == 200, "\(first.json.text)")
        let end = try await world.send("GET", "/v1/runs/\(run)", as: alice, headers: ["prefer": "wait=60"])
        #expect(end.json["status"] == "completed")
        let again = try await world.send("POST", "/v1/human-tasks/\(task)/resolve", ["choice": "approve"], as: alice)
        #expect(again.status == 200)
        let after = try await world.send("GET", "/v1/runs/\(run)", as: alice)
        #expect(after.json["last_event"] == end.json["last_event"])
        let other = try await world.send(
            "POST",
            "/v1/human-tasks/\(task)/resolve",
            ["choice": "reject", "comment": "no"],
            as: alice
        )
        #expect(other.status == 409 && other.json["code"] == "human_task.closed")
        await world.stop()
    }

    @Test func theStreamGoesOnWhereItWasCut() async throws {
        let world = try World()
        let root = try await world.login("root")
        _ = try await world.publish(adding, as: root)
        _ = try await world.send("POST", "/v1/workflows/add/runs", as: root, headers: ["prefer": "wait=60"])
        let all = try await world.send("GET", "/v1/events?limit=500", as: root).json["items"]?.arrayValue ?? []
        let numbers = all.compactMap { $0["seq"]?.intValue }
        #expect(numbers == Array(1...Int64(numbers.count)))
        let page = try await world.send("GET", "/v1/events?after=2&limit=2", as: root)
        #expect(page.json["items"]?.arrayValue?.compactMap { $0["seq"]?.intValue } == [3, 4])
        #expect(page.json["next_cursor"] == "4")
        let types = try await world.send("GET", "/v1/events?types=run.*", as: root).json["items"]?.arrayValue ?? []
        #expect(types.allSatisfy { $0["type"]?.stringValue?.hasPrefix("run.") ?? false } && !types.isEmpty)
        await world.stop()
    }

    @Test func waitingForARunThatDoesNotEndIsOverInTime() async throws {
        let world = try World()
        let root = try await world.login("root")
        _ = try await world.publish(asking, as: root)
        let started = try await world.send("POST", "/v1/workflows/ask/runs", as: root, headers: ["prefer": "wait=1"])
        #expect(started.status == 202)
        let run = try #require(started.json["id"]?.stringValue)
        let shown = try await world.send("GET", "/v1/runs/\(run)", as: root, headers: ["prefer": "wait=1"])
        #expect(shown.json["status"] == "waiting")
        await world.stop()
    }
}
