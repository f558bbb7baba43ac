// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Model
import Store
import Synchronization
import Testing

@testable import Server

/// Texts of agents and skills over the API.
@Suite(.timeLimit(.minutes(5)))
struct PromptTextRouteTests {
    private static let hash = "sha256:" + String(repeating: "a", count: 64)

    private static func version(_ number: Int) -> JSONObject {
        [
            "version": .int(Int64(number)), "hash": .string(hash), "at": "2026-01-01T00:00:00.000Z", "by": "user:a",
            "in_force": .bool(number == 3),
        ]
    }

    /// Knows one agent and one skill `known` with three versions, and notes what it is asked for.
    private final class Desk: Sendable {
        let changes = Mutex<[PromptAccess.Change]>([])

        var access: PromptAccess {
            PromptAccess(
                show: { (kind, name) throws(Problem) in try Self.text(kind, name) },
                versions: { (kind, name, page) throws(Problem) in
                    _ = try Self.text(kind, name)
                    let numbers = [3, 2, 1].filter { number in page.before.map { number < $0 } ?? true }
                    return numbers.prefix(page.limit).map { .object(version($0)) }
                },
                version: { (kind, name, number) throws(Problem) in
                    _ = try Self.text(kind, name)
                    guard (1...3).contains(number) else { throw .notFound("version \(number)") }
                    var json = version(number)
                    json["text"] = "t\(number)"
                    return .object(json)
                },
                apply: { [self] (change) throws(Problem) in
                    let text = try Self.text(change.kind, change.name)
                    guard change.expected == nil || change.expected == hash else {
                        throw Problem(412, "etag.mismatch", "changed meanwhile")
                    }
                    guard change.text != "bad" else { throw Problem(422, "validation.failed", "known.md:1: bad") }
                    changes.withLock { $0.append(change) }
                    return text
                }
            )
        }

        private static func text(_ kind: PromptAccess.Kind, _ name: String) throws(Problem) -> JSONValue {
            guard name == "known" else { throw .notFound("\(kind.rawValue) `\(name)`") }
            return ["name": .string(name), "text": "t3", "hash": .string(hash), "source": "edited", "version": 3]
        }
    }

    @Test(arguments: ["agents", "skills"])
    func everybodyReadsTextsAndAdministratorsChangeThem(group: String) async throws {
        let desk = Desk()
        var settings = APISettings()
        settings.prompts = desk.access
        let world = try World(settings)
        let (root, alice, _) = try await world.people()
        let path = "/v1/\(group)/known/prompt"
        let shown = try await world.send("GET", path, as: alice)
        #expect(shown.json["text"] == "t3" && shown.headers["etag"] == "\"\(Self.hash)\"", "\(shown.json.text)")
        let first = try await world.send("GET", "\(path)/versions?limit=2", as: alice)
        #expect(first.json["items"]?.arrayValue?.compactMap { $0["version"] } == [3, 2])
        let cursor = try #require(first.json["next_cursor"]?.stringValue)
        let rest = try await world.send("GET", "\(path)/versions?limit=2&cursor=\(cursor)", as: alice)
        #expect(rest.json["items"]?[0]?["version"] == 1 && rest.json["next_cursor"] == .null, "\(rest.json.text)")
        #expect(try await world.send("GET", "\(path)/versions/2", as: alice).json["text"] == "t2")
        for (method, place, body, token, status) in [
            ("GET", "\(path)/versions/9", nil, alice, 404), ("GET", "\(path)/versions/main", nil, alice, 404),
            ("GET", "/v1/\(group)/other/prompt", nil, alice, 404), ("PUT", path, ["text": "new"], alice, 403),
            ("GET", "/v1/\(group)/other/prompt/versions", nil, alice, 404), ("DELETE", path, nil, alice, 403),
            ("PUT", path, [:], root, 422), ("PUT", path, ["text": "bad"], root, 422),
            ("PUT", path, ["text": "x", "more": 1], root, 422),
            ("PUT", "/v1/\(group)/other/prompt", ["text": "x"], root, 404),
        ] as [(String, String, JSONValue?, String, Int)] {
            let reply = try await world.send(method, place, body, as: token)
            #expect(reply.status == status, "\(method) \(place): \(reply.status) \(reply.json.text)")
        }
        #expect(try await world.send("GET", path).status == 401)
        let other = "\"sha256:\(String(repeating: "b", count: 64))\""
        for method in ["PUT", "DELETE"] {
            let body: JSONValue? = method == "PUT" ? ["text": "x"] : nil
            let late = try await world.send(method, path, body, as: root, headers: ["if-match": other])
            #expect(late.status == 412 && late.json["code"] == "etag.mismatch")
        }
        let none = desk.changes.withLock { $0 }.isEmpty
        #expect(none)
        let tag = "\"\(Self.hash)\""
        let body: JSONValue = ["text": "new", "note": "why"]
        let put = try await world.send("PUT", path, body, as: root, headers: ["if-match": tag])
        #expect(put.status == 200 && put.headers["etag"] == tag)
        #expect(try await world.send("DELETE", "\(path)?note=so", as: root, headers: ["if-match": tag]).status == 204)
        let changes = desk.changes.withLock { $0 }
        #expect(changes.map(\.text) == ["new", nil] && changes.map(\.note) == ["why", "so"])
        #expect(changes.allSatisfy { "\($0.kind.rawValue)s" == group && $0.actor.hasPrefix("user:") })
        await world.stop()
    }

    @Test func administratorsOfOtherTenantsReadThemOnly() async throws {
        let desk = Desk()
        var settings = APISettings()
        settings.prompts = desk.access
        let world = try World(settings)
        let (_, alice, _) = try await world.people()
        let me = try await world.send("GET", "/v1/auth/me", as: alice).json["user"]?["id"]?.stringValue
        let id = try #require(me.flatMap(UserID.init))
        var row = try #require(try world.service.security.user(id))
        (row.tenant, row.role) = ("acme", .admin)
        row.revision += 1
        var change = SecurityChange()
        change.users = [row]
        try world.service.security.apply(change)
        let mail: JSONValue = .string(row.email)
        let login = try await world.send(
            "POST",
            "/v1/auth/login",
            ["email": mail, "password": .string(World.password)]
        )
        let token = try #require(login.json["access_token"]?.stringValue, "\(login.json.text)")
        let path = "/v1/agents/known/prompt"
        #expect(try await world.send("GET", path, as: token).status == 200)
        let put = try await world.send("PUT", path, ["text": "x"], as: token)
        #expect(put.status == 403 && put.json["code"] == "permission.denied", "\(put.json.text)")
        let isUntouched = desk.changes.withLock { $0.isEmpty }
        #expect(isUntouched)
        await world.stop()
    }
}
