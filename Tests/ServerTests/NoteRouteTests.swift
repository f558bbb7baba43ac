// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import HTTPServer
import JSON
import Model
import Store
import Testing

@testable import Server

/// What agents keep, over the API.
@Suite(.timeLimit(.minutes(5)))
struct NoteRouteTests {
    private func world() throws -> World {
        var settings = APISettings()
        settings.agents = APISettings.Agents(show: { $0 == "analyst" ? ["id": "analyst"] : nil })
        return try World(settings)
    }

    @Test func memoriesOfAProjectAreForWhoSeesIt() async throws {
        let world = try world()
        let (root, alice, bob) = try await world.people()
        let path = "/v1/projects/shop/memory"
        let written = try await world.send(
            "PUT",
            "\(path)/user%2Flanguage",
            ["value": ["de"], "tags": ["x"]],
            as: root
        )
        #expect(written.status == 200 && written.json["created"] == true, "\(written.json.text)")
        let again = try await world.send("PUT", "\(path)/user%2Flanguage", ["value": 1, "overwrite": false], as: root)
        #expect(again.status == 409)
        let found = try await world.send("GET", "\(path)/user%2Flanguage", as: root)
        #expect(found.json["value"] == ["de"] && found.json["key"] == "user/language", "\(found.json.text)")
        #expect(try await world.send("GET", "\(path)/none", as: root).status == 404)
        #expect(try await world.send("GET", path, as: bob).status == 404)
        let me = try await world.send("GET", "/v1/auth/me", as: alice).json
        let user = try #require(me["user"]?["id"]?.stringValue)
        _ = try await world.send("PUT", "/v1/projects/shop/members/\(user)", ["role": "viewer"], as: root)
        #expect(try await world.send("GET", path, as: alice).json["items"]?.arrayValue?.count == 1)
        #expect(try await world.send("PUT", "\(path)/k", ["value": 1], as: alice).status == 403)
        _ = try await world.send("PUT", "/v1/projects/shop/members/\(user)", ["role": "operator"], as: root)
        #expect(try await world.send("PUT", "\(path)/k", ["value": 1], as: alice).status == 200)
        #expect(try await world.send("DELETE", "\(path)/k", as: alice).status == 204)
        #expect(try await world.send("DELETE", "\(path)/k", as: alice).status == 404)
        await world.stop()
    }

    @Test func entriesAreListedSearchedAndChangedTogether() async throws {
        let world = try world()
        let (root, alice, bob) = try await world.people()
        let path = "/v1/agents/analyst/memory"
        let bulk: JSONValue = [
            "operations": [
                ["op": "remember", "key": "build/timeout", "value": "ten minutes"],
                ["op": "remember", "key": "build/tool", "value": "make"], ["op": "remember", "key": "notes"],
            ]
        ]
        let done = try await world.send("POST", path, bulk, as: alice)
        #expect(done.status == 207 && done.json["failed"] == 1, "\(done.json.text)")
        let page = try await world.send("GET", "\(path)?glob=build/*&limit=1", as: alice)
        #expect(page.json["next_cursor"] == "build/timeout" || page.json["next_cursor"] == "build/tool")
        let cursor = page.json["next_cursor"]?.stringValue ?? ""
        let next = try await world.send("GET", "\(path)?cursor=\(cursor.replacing("/", with: "%2F"))", as: alice)
        #expect(next.json["items"]?.arrayValue?.count == 1, "\(next.json.text)")
        let hits = try await world.send("GET", "\(path)?q=timeout&min_score=0.5", as: alice)
        let best = hits.json["items"]?.arrayValue?.first
        #expect(best?["key"] == "build/timeout" && best?["score"] == 1 && best?["value"] == "ten minutes")
        for (query, status) in [("q=…", 422), ("q=a&min_score=x", 422), ("q=a&min_score=2", 422), ("limit=0", 422)] {
            let query = query.replacing("…", with: "%E2%80%A6")
            #expect(try await world.send("GET", "\(path)?\(query)", as: alice).status == status, "\(query)")
        }
        // What an agent remembers for one is nothing for another.
        for other in [root, bob] {
            #expect(try await world.send("GET", path, as: other).json["items"] == [], "another owner")
        }
        #expect(try await world.send("GET", "/v1/agents/none/memory", as: alice).status == 404)
        let large = JSONValue.string(String(repeating: "x", count: 1 << 17))
        #expect(try await world.send("PUT", "\(path)/k", ["value": large], as: alice).status == 413)
        #expect(try await world.send("PUT", "\(path)/k", ["value": 1, "ttl": "soon"], as: alice).status == 422)
        await world.stop()
    }

    @Test func contextsGoFromOneProjectToAnother() async throws {
        let world = try world()
        let (root, _, bob) = try await world.people()
        let path = "/v1/projects/shop/context"
        for (name, value) in [("one", ["a": 1, "b": 1]), ("two", ["b": 2])] as [(String, JSONValue)] {
            let saved = try await world.send("PUT", "\(path)/\(name)", ["value": value, "ttl": "1h"], as: root)
            #expect(saved.status == 200, "\(saved.json.text)")
        }
        let merged = try await world.send("POST", "\(path)/merge", ["into": "all", "from": ["one", "two"]], as: root)
        #expect(merged.json["keys"] == 2 && merged.json["created"] == true, "\(merged.json.text)")
        let all = try await world.send("GET", "\(path)/all?key=a&key=none", as: root)
        #expect(all.json["value"] == ["a": 1], "\(all.json.text)")
        #expect(try await world.send("POST", "\(path)/merge", ["into": "x", "from": ["none"]], as: root).status == 404)
        #expect(try await world.send("PUT", "\(path)/export", ["value": [:]], as: root).status == 405)
        let list = try await world.send("GET", "\(path)?limit=2", as: root)
        #expect(list.json["next_cursor"] == "one" && list.json["items"]?.arrayValue?.count == 2)
        let export = try await world.send("GET", "\(path)/export", as: root)
        #expect(export.status == 200 && export.bytes.split(separator: 10).count == 3)
        #expect(try await world.send("GET", "\(path)/export", as: bob).status == 404)
        let receiving = "/v1/projects/other/context/import"
        let taken = try await world.send("POST", receiving, bytes: export.bytes, as: root)
        #expect(taken.json == ["saved": 3, "ended": 0], "\(taken.json.text)")
        #expect(try await world.send("GET", "/v1/projects/other/context/two", as: root).json["value"] == ["b": 2])
        let broken = try await world.send(
            "POST",
            receiving,
            bytes: Array("{\"name\":\"x\",\"value\":{}}\n\nno\n".utf8),
            as: root
        )
        #expect(broken.status == 422 && broken.json["detail"]?.stringValue?.hasPrefix("line 3") == true)
        #expect(try await world.send("GET", "/v1/projects/other/context/x", as: root).status == 200)
        #expect(try await world.send("DELETE", "\(path)/one", as: root).status == 204)
        #expect(try await world.send("GET", "\(path)/one", as: root).status == 404)
        await world.stop()
    }

    @Test func thoughtsOfARunGoWithIt() async throws {
        let world = try world()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(
            "workflow: one\nnodes: [{id: a, type: transform, config: {expr: \"1\"}}]\n",
            as: alice
        )
        let headers: HTTPHeaders = ["prefer": "wait=60"]
        let started = try await world.send("POST", "/v1/workflows/one/runs", [:], as: alice, headers: headers)
        let run = try #require(started.json["id"]?.stringValue, "\(started.json.text)")
        let path = "/v1/runs/\(run)/thinking"
        let first = try await world.send("POST", path, ["text": "it is so", "type": "analysis"], as: alice)
        #expect(first.status == 200 && first.json["number"] == 1, "\(first.json.text)")
        let fork = try await world.send("POST", path, ["text": "or so", "from": 1, "branch": "b"], as: alice)
        #expect(fork.json["parent"] == 1 && fork.json["branch"] == "b")
        #expect(try await world.send("POST", path, ["text": "x", "from": 1, "branch": "b"], as: alice).status == 409)
        #expect(try await world.send("POST", path, ["text": "x"], as: bob).status == 404)
        let all = try await world.send("GET", "\(path)?branch=b", as: alice)
        #expect(all.json["items"]?.arrayValue?.count == 2 && all.json["branches"]?.arrayValue?.count == 2)
        let id = try #require(RunID(run))
        let row = try #require(try world.service.store.run(id))
        let place = NotePlace.run(id, of: row.ownership)
        #expect(try world.service.notebook.perform(.thoughts(branch: nil), in: place, by: .init("me")) != .null)
        while try await world.send("DELETE", "/v1/runs/\(run)", as: alice).status == 409 { await Task.yield() }
        let left = try world.service.notebook.perform(.thoughts(branch: nil), in: place, by: .init("me"))
        #expect(left["items"] == [])
        await world.stop()
    }
}
