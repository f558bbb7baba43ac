// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SocketTests {
    private func receive(_ socket: InProcessWebSocket) async throws -> JSONValue {
        guard case .text(let text) = try await socket.receive() else { return .null }
        return try JSONValue(parsing: Array(text.utf8))
    }

    @Test func aSocketShowsEventsFromWhereItWasAndCarriesOutCommands() async throws {
        let world = try World()
        let (root, _, bob) = try await world.people()
        _ = try await world.publish(adding, as: root)
        let own = try await world.send("POST", "/v1/workflows/add/runs", as: root, headers: ["prefer": "wait=60"])
        let socket = try await world.socket(as: root)
        socket.send(.text(#"{"subscribe": {"types": ["run.*"]}, "after": 0}"#))
        #expect(try await receive(socket)["subscribed"]?["after"] == 0)
        #expect(try await receive(socket)["event"]?["type"] == "run.queued")
        #expect(try await receive(socket)["event"]?["type"] == "run.started")
        #expect(try await receive(socket)["event"]?["type"] == "run.completed")
        socket.send(.text(#"{"command": {"id": 7, "method": "GET", "path": "/v1/auth/me"}}"#))
        let result = try await receive(socket)["result"]
        #expect(result?["id"] == 7 && result?["status"] == 200 && result?["body"]?["role"] == "admin")
        socket.send(.text("[]"))
        #expect(try await receive(socket)["error"]?["status"] == 422)
        socket.close()
        // Somebody else sees nothing of it, and his commands have his rights.
        let other = try await world.socket(as: bob)
        other.send(.text(#"{"command": {"method": "GET", "path": "/v1/admin/users"}}"#))
        #expect(try await receive(other)["result"]?["status"] == 403)
        other.send(.text(#"{"subscribe": {}, "after": 0}"#))
        #expect(try await receive(other)["subscribed"] != nil)
        _ = try await world.publish(adding, as: bob)
        _ = try await world.send("POST", "/v1/workflows/add/runs", as: bob, headers: ["prefer": "wait=60"])
        let first = try await receive(other)["event"]
        #expect(first?["type"] == "run.queued" && first?["run"] != own.json["id"])
        other.close()
        await world.stop()
    }

    @Test func aPageOfAnotherOriginMayNotOpenIt() async throws {
        let world = try World()
        let root = try await world.login("root")
        let reply = try await world.send("GET", "/v1/ws", as: root, headers: ["origin": "https://evil.example"])
        #expect(reply.status == 403)
        await world.stop()
    }
}
