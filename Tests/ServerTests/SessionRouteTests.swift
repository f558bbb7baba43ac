// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import HTTPServer
import JSON
import Model
import Store
import Testing

@testable import Server

/// Sessions over the API.
@Suite(.timeLimit(.minutes(5)))
struct SessionRouteTests {
    private func world(_ starts: [JSONValue] = []) throws -> World {
        var settings = APISettings()
        settings.agents = APISettings.Agents(
            show: { $0 == "analyst" ? ["id": "analyst"] : nil },
            start: { _ in starts }
        )
        return try World(settings)
    }

    @Test func aSessionIsStartedShownEndedAndDeleted() async throws {
        let world = try world([
            ["agent": "analyst", "started": true], ["agent": "b", "started": false, "problem": "no"],
        ])
        let (_, alice, bob) = try await world.people()
        for (body, status) in [
            (["agents": ["nobody"]], 422), (["ttl": "soon"], 422), (["ttl": "9999d"], 422), (["project": "shop"], 404),
            (["agents": "analyst"], 400),
        ] as [(JSONValue, Int)] {
            let reply = try await world.send("POST", "/v1/sessions", body, as: alice)
            #expect(reply.status == status || reply.status == 422, "\(body.text): \(reply.status) \(reply.json.text)")
        }
        let made = try await world.send("POST", "/v1/sessions", ["agents": ["analyst"], "ttl": "1h"], as: alice)
        #expect(made.status == 201 && made.json["status"] == "open", "\(made.json.text)")
        #expect(made.json["started"]?.arrayValue?.count == 2 && made.json["agents"] == ["analyst"])
        let path = "/v1/sessions/\(made.json["id"]?.stringValue ?? "")"
        let second = try await world.send("POST", "/v1/sessions", as: alice)
        #expect(second.status == 201)
        let page = try await world.send("GET", "/v1/sessions?limit=1", as: alice).json
        #expect(page["items"]?[0]?["id"] == second.json["id"])
        let next = try await world.send(
            "GET",
            "/v1/sessions?cursor=\(page["next_cursor"]?.stringValue ?? "")",
            as: alice
        )
        #expect(next.json["items"]?[0]?["id"] == made.json["id"] && next.json["next_cursor"] == .null)
        #expect(try await world.send("GET", path, as: alice).json["threads"] == [])
        #expect(try await world.send("GET", path, as: bob).status == 404)
        #expect(try await world.send("PUT", "\(path)/memory/k", ["value": 1], as: alice).status == 200)
        #expect(try await world.send("POST", "\(path)/end", as: alice).json["status"] == "ended")
        #expect(try await world.send("POST", "\(path)/end", as: alice).json["status"] == "ended")
        let late = try await world.send("PUT", "\(path)/memory/k", ["value": 2], as: alice)
        #expect(late.status == 409 && late.json["code"] == "session.ended", "\(late.json.text)")
        #expect(try await world.send("GET", "\(path)/memory/k", as: alice).json["value"] == 1)
        let call: JSONValue = ["name": "agent_analyst", "session": made.json["id"] ?? "", "arguments": ["prompt": "x"]]
        let refused = try await world.send("POST", "/v1/execute", call, as: alice)
        #expect(refused.status == 409 && refused.json["code"] == "session.ended", "\(refused.json.text)")
        #expect(try await world.send("POST", "/v1/execute", call, as: bob).status == 404)
        #expect(try await world.send("DELETE", path, as: alice).status == 204)
        #expect(try await world.send("GET", path, as: alice).status == 404)
        await world.stop()
    }

    @Test func aThreadIsReadByNumber() async throws {
        let world = try world()
        let (_, alice, _) = try await world.people()
        let made = try await world.send("POST", "/v1/sessions", as: alice)
        let id = try #require(made.json["id"]?.stringValue.flatMap(SessionID.init))
        let key = ThreadKey(id, "analyst")
        for number in 1...3 {
            let turn = ThreadTurnRow(
                thread: key,
                task: "task_\(number)",
                fence: 1,
                run: RunID(high: 1, low: 1),
                node: "n",
                question: "q\(number)",
                answer: "a\(number)",
                at: Timestamp(milliseconds: 1)
            )
            let summary = ThreadSummaryRow(thread: key, last: 1, text: "short", at: Timestamp(milliseconds: 1))
            try world.service.sessions.write([turn], [summary])
            var commit = Commit()
            commit.keptTurns = ["task_\(number)"]
            _ = try world.service.store.commit(commit)
        }
        let path = "/v1/sessions/\(id)/threads/analyst"
        let first = try await world.send("GET", "\(path)?limit=2", as: alice).json
        #expect(first["items"]?.arrayValue?.compactMap { $0["answer"]?.stringValue } == ["a1", "a2"], "\(first.text)")
        #expect(first["next_cursor"] == "2" && first["summary"]?["text"] == "short")
        let rest = try await world.send("GET", "\(path)?limit=2&cursor=2", as: alice).json
        #expect(rest["items"]?.arrayValue?.count == 1 && rest["next_cursor"] == .null)
        #expect(try await world.send("GET", "/v1/sessions/\(id)/threads/none", as: alice).json["items"] == [])
        let shown = try await world.send("GET", "/v1/sessions/\(id)", as: alice).json
        #expect(shown["threads"]?[0]?["turns"] == 3, "\(shown.text)")
        await world.stop()
    }

    @Test func aSessionStartsWhenOneOfItsAgentsDoes() async throws {
        let world = try world([["agent": "a", "started": false, "problem": "the program a is not there"]])
        let (_, alice, _) = try await world.people()
        let reply = try await world.send("POST", "/v1/sessions", as: alice)
        #expect(reply.status == 503 && reply.json["code"] == "agent.unavailable", "\(reply.json.text)")
        #expect(try await world.send("GET", "/v1/sessions", as: alice).json["items"] == [])
        await world.stop()
    }
}
