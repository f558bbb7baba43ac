// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Documents over the API.
@Suite(.timeLimit(.minutes(5)))
struct RAGRouteTests {
    @Test func documentsAreTakenInFoundListedAndRemoved() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        let path = "/v1/rag/notes/documents"
        let body: JSONValue = [
            "documents": [
                ["path": "b.md", "text": "# Retries\nA retry waits longer each time."],
                ["path": "a.md", "title": "Locks", "text": "One writer holds the lock."],
            ]
        ]
        let added = try await world.send("POST", path, body, as: alice)
        #expect(added.status == 200, "\(added.json.text)")
        #expect(added.json["items"]?.arrayValue?.compactMap { $0["status"]?.stringValue } == ["added", "added"])
        let again = try await world.send("POST", path, body, as: alice)
        #expect(
            again.json["items"]?.arrayValue?.compactMap { $0["status"]?.stringValue } == ["unchanged", "unchanged"]
        )
        let found = try await world.send("POST", "/v1/rag/search", ["query": "how do retries wait?"], as: alice)
        #expect(found.json["mode"] == "text", "\(found.json.text)")
        let hit = try #require(found.json["hits"]?[0], "\(found.json.text)")
        #expect(hit["source"] == "notes" && hit["path"] == "b.md" && hit["heading"] == "Retries")
        #expect(hit["first_line"] == 1 && hit["last_line"] == 2)
        let indexed = try await world.send("POST", "/v1/rag/notes/index", ["after": 0], as: alice)
        #expect(indexed.status == 200 && indexed.json["model"] == .null && indexed.json["embedded"] == 0)
        let planned = try await world.send("POST", "/v1/rag/notes/index", ["dry_run": true], as: alice)
        #expect(planned.json["texts"] == 0 && planned.json["usd"] == .null, "\(planned.json.text)")
        #expect(try await world.send("POST", "/v1/rag/notes/index", [:], as: bob).status == 404)
        let first = try await world.send("GET", "\(path)?limit=1", as: alice)
        #expect(first.json["items"]?[0]?["title"] == "Locks")
        let cursor = try #require(first.json["next_cursor"]?.stringValue)
        let second = try await world.send("GET", "\(path)?limit=1&cursor=\(cursor)", as: alice)
        #expect(second.json["items"]?[0]?["path"] == "b.md" && second.json["next_cursor"] == .null)
        #expect(try await world.send("GET", "\(path)?cursor=zzz", as: alice).status == 422)
        let id = try #require(second.json["items"]?[0]?["id"]?.stringValue)
        let shown = try await world.send("GET", "\(path)/\(id)", as: alice)
        #expect(shown.json["content"]?[0]?["text"]?.stringValue?.hasSuffix("longer each time.") == true)
        #expect(try await world.send("GET", path, as: bob).status == 404)
        #expect(try await world.send("GET", path, as: root).status == 200)
        #expect(try await world.send("POST", path, body, as: bob).status == 404)
        #expect(try await world.send("DELETE", "\(path)/\(id)", as: alice).status == 204)
        #expect(try await world.send("DELETE", "\(path)/\(id)", as: alice).status == 404)
        let sources = try await world.send("GET", "/v1/rag/sources", as: alice)
        #expect(sources.json["items"]?[0]?["documents"] == 1, "\(sources.json.text)")
        #expect(try await world.send("DELETE", "/v1/rag/notes", as: alice).status == 204)
        #expect(try await world.send("GET", path, as: alice).status == 404)
        await world.stop()
    }

    @Test func whatCannotBeIsRefused() async throws {
        let world = try World()
        let (_, alice, _) = try await world.people()
        func post(_ path: String, _ body: JSONValue) async throws -> Int {
            try await world.send("POST", path, body, as: alice).status
        }
        let one: JSONValue = ["documents": [["path": "a", "text": "b"]]]
        for name in ["sources", "search"] { #expect(try await post("/v1/rag/\(name)/documents", one) == 422) }
        #expect(try await post("/v1/rag/notes/documents", ["documents": []]) == 422)
        #expect(try await post("/v1/rag/notes/documents", ["documents": [["path": "a", "text": "\u{0}"]]]) == 422)
        #expect(try await post("/v1/rag/search", ["query": "*"]) == 422)
        #expect(try await post("/v1/rag/search", ["query": "\" OR NEAR( ^ {"]) == 200)
        #expect(try await post("/v1/rag/search", ["query": "a", "sources": ["none"]]) == 404)
        var elsewhere = one.objectValue ?? [:]
        elsewhere["project"] = "secret_project"
        #expect(try await post("/v1/rag/other/documents", .object(elsewhere)) == 404)
        await world.stop()
    }
}
