// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import RateLimits
import Rates
import Server
import Testing

@Suite(.timeLimit(.minutes(5)))
struct AccountRouteTests {
    @Test func theFirstAccountIsTheAdministrators() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        #expect(try await world.send("GET", "/v1/auth/me", as: root).json["role"] == "admin")
        let me = try await world.send("GET", "/v1/auth/me", as: alice).json
        #expect(me["role"] == "user" && me["user"]?["email"] == "alice@example.org")
        await world.stop()
    }

    @Test func whatIsNoCredentialIsRefused() async throws {
        let world = try World()
        let none = try await world.send("GET", "/v1/runs")
        #expect(none.status == 401 && none.headers["www-authenticate"] == "Bearer")
        #expect(none.json["code"] == "auth.required")
        #expect(try await world.send("GET", "/v1/runs", as: "bat_key_no").status == 401)
        await world.stop()
    }

    @Test func aSpentRefreshTokenEndsTheLogin() async throws {
        let world = try World()
        _ = try await world.people()
        let login = try await world.send(
            "POST",
            "/v1/auth/login",
            ["email": "bob@example.org", "password": .string(World.password)]
        ).json
        let first = try #require(login["refresh_token"])
        let next = try await world.send("POST", "/v1/auth/refresh", ["refresh_token": first])
        #expect(next.status == 200)
        #expect(try await world.send("POST", "/v1/auth/refresh", ["refresh_token": first]).status == 401)
        let second = try #require(next.json["refresh_token"])
        #expect(try await world.send("POST", "/v1/auth/refresh", ["refresh_token": second]).status == 401)
        await world.stop()
    }

    @Test func fiveWrongPasswordsLock() async throws {
        let world = try World()
        _ = try await world.people()
        var statuses: [Int] = []
        for _ in 1...6 {
            let reply = try await world.send(
                "POST",
                "/v1/auth/login",
                ["email": "bob@example.org", "password": "not the password"]
            )
            statuses.append(reply.status)
        }
        #expect(statuses.last == 423)
        #expect(statuses.prefix(4).allSatisfy { $0 == 401 })
        await world.stop()
    }

    @Test func aKeyIsShownOnceAndEndsAtOnce() async throws {
        let world = try World()
        let (_, alice, bob) = try await world.people()
        let made = try await world.send(
            "POST",
            "/v1/auth/keys",
            ["name": "ci", "scopes": ["runs.*", "workflows.read"]],
            as: alice
        )
        #expect(made.status == 201)
        let (key, id) = (try #require(made.json["key"]?.stringValue), try #require(made.json["id"]?.stringValue))
        #expect(try await world.send("GET", "/v1/runs", as: key).status == 200)
        #expect(try await world.send("GET", "/v1/auth/keys", as: key).status == 403)
        #expect(try await world.send("GET", "/v1/auth/keys", as: alice).json["items"]?.arrayValue?.first?["key"] == nil)
        #expect(try await world.send("DELETE", "/v1/auth/keys/\(id)", as: bob).status == 404)
        #expect(try await world.send("DELETE", "/v1/auth/keys/\(id)", as: alice).status == 204)
        #expect(try await world.send("GET", "/v1/runs", as: key).status == 401)
        await world.stop()
    }

    @Test func requestsAreLimitedAndProbesAreNot() async throws {
        var settings = APISettings()
        // None comes back while the test goes on, however long it takes.
        settings.rates.requests = Rate(units: 10, period: .seconds(86_400))
        let world = try World(settings)
        _ = try await world.login("root")
        let alice = try await world.login("alice")
        var statuses: [Int] = []
        for _ in 1...11 {
            #expect(try await world.send("GET", "/livez").status == 200)
            statuses.append(try await world.send("GET", "/v1/auth/me", as: alice).status)
        }
        #expect(statuses == Array(repeating: 200, count: 10) + [429])
        await world.stop()
    }

    @Test func unknownMembersAndItemsAreNamed() async throws {
        let world = try World()
        let root = try await world.login("root")
        let body = try await world.send("POST", "/v1/auth/keys", ["name": "a", "colour": 1], as: root)
        #expect(body.status == 422)
        #expect(body.json["errors"]?.arrayValue?.first?["path"] == "/colour")
        let query = try await world.send("GET", "/v1/runs?limit=0&page=2", as: root)
        #expect(query.status == 422)
        #expect(query.json["errors"]?.arrayValue?.compactMap { $0["path"]?.stringValue } == ["limit", "page"])
        await world.stop()
    }

    @Test func aRepeatWithAKeyDoesNothingAndNeverShowsASecretAgain() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        let key: HTTPHeaders = ["idempotency-key": "one"]
        let made = try await world.send("POST", "/v1/auth/keys", ["name": "ci"], as: alice, headers: key)
        #expect(made.status == 201)
        let again = try await world.send("POST", "/v1/auth/keys", ["name": "ci"], as: alice, headers: key)
        #expect(again.status == 409 && again.json["detail"]?.stringValue?.contains("not kept") == true)
        let other = try await world.send("POST", "/v1/auth/keys", ["name": "cd"], as: alice, headers: key)
        #expect(other.status == 422 && other.json["code"] == "idempotency.mismatch", "\(other.json.text)")
        #expect(try await world.send("GET", "/v1/auth/keys", as: alice).json["items"]?.arrayValue?.count == 1)
        // The keys of two people have nothing to do with each other.
        #expect(try await world.send("POST", "/v1/auth/keys", ["name": "ci"], as: root, headers: key).status == 201)
        // What failed may be corrected and come again, and what shows no secret is answered as the first.
        let user: JSONValue = ["email": "eve@example.org", "name": "eve", "password": "short"]
        let two: HTTPHeaders = ["idempotency-key": "two"]
        #expect(try await world.send("POST", "/v1/admin/users", user, as: root, headers: two).status == 422)
        let right: JSONValue = ["email": "eve@example.org", "name": "eve", "password": .string(World.password)]
        let first = try await world.send("POST", "/v1/admin/users", right, as: root, headers: two)
        #expect(first.status == 201, "\(first.json.text)")
        let second = try await world.send("POST", "/v1/admin/users", right, as: root, headers: two)
        #expect(second.status == 201 && second.bytes == first.bytes)
        #expect(second.headers["content-type"] == "application/json")
        await world.stop()
    }
}
