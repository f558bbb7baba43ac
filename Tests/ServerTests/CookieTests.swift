// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Logins of browsers (spec 11.1): in cookies that scripts cannot read, for pages of the server alone.
@Suite(.timeLimit(.minutes(5)))
struct CookieTests {
    /// What a browser keeps.
    private struct Browser {
        var cookies: [String: String] = [:]
        var attributes: [String: String] = [:]

        mutating func take(_ reply: World.Reply) {
            for field in reply.headers.values("set-cookie") {
                let parts = field.split(separator: ";", maxSplits: 1)
                let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let rest = parts.count == 2 ? String(parts[1]) : ""
                let isGone = rest.contains("Max-Age=0;") || rest.hasSuffix("Max-Age=0")
                cookies[String(pair[0])] = isGone ? nil : String(pair[1])
                attributes[String(pair[0])] = rest
            }
        }

        func headers(_ more: HTTPHeaders = ["sec-fetch-site": "same-origin"]) -> HTTPHeaders {
            var headers = more
            headers["cookie"] = cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; ")
            return headers
        }
    }

    private func login(_ world: World, headers: HTTPHeaders = ["sec-fetch-site": "same-origin"]) async throws
        -> World.Reply
    {
        try await world.send(
            "POST",
            "/v1/auth/login",
            ["email": "alice@example.org", "password": .string(World.password), "cookie": true],
            headers: headers
        )
    }

    @Test func `a login comes in cookies, is renewed, and ends`() async throws {
        let world = try World()
        _ = try await world.people()
        var browser = Browser()
        let reply = try await login(world)
        #expect(reply.status == 200 && reply.json["token_type"] == "Cookie", "\(reply.json.text)")
        #expect(reply.json["access_token"] == nil && reply.json["refresh_token"] == nil)
        browser.take(reply)
        let access = browser.attributes["baton_access"] ?? "", refresh = browser.attributes["baton_refresh"] ?? ""
        // A second may have begun meanwhile.
        #expect(access.hasPrefix(" Path=/; Max-Age=1") && access.hasSuffix("; HttpOnly; SameSite=Strict"), "\(access)")
        #expect(refresh.hasPrefix(" Path=/v1/auth; Max-Age=60"), "\(refresh)")
        #expect(refresh.hasSuffix("; HttpOnly; SameSite=Strict"), "\(refresh)")
        let me = try await world.send("GET", "/v1/auth/me", headers: browser.headers([:]))
        #expect(me.status == 200 && me.json["user"]?["email"] == "alice@example.org")
        let made = try await world.send("POST", "/v1/auth/keys", ["name": "k"], headers: browser.headers())
        #expect(made.status == 201)
        // Renewed: the old refresh token is spent.
        let old = browser
        let renewed = try await world.send("POST", "/v1/auth/refresh", headers: browser.headers())
        #expect(renewed.status == 200 && renewed.json["access_token"] == nil, "\(renewed.json.text)")
        browser.take(renewed)
        #expect(browser.cookies["baton_refresh"] != old.cookies["baton_refresh"])
        let out = try await world.send("POST", "/v1/auth/logout", headers: browser.headers())
        #expect(out.status == 204)
        let gone = browser
        browser.take(out)
        #expect(browser.cookies.isEmpty)
        #expect(try await world.send("GET", "/v1/auth/me", headers: gone.headers()).status == 401)
        #expect(try await world.send("POST", "/v1/auth/refresh", headers: gone.headers()).status == 401)
        #expect(try await world.send("POST", "/v1/auth/refresh").status == 401)
        #expect(try await world.send("POST", "/v1/auth/logout").status == 204)
        await world.stop()
    }

    @Test func `requests with a cookie that change something come from pages of the server alone`() async throws {
        var settings = APISettings()
        settings.publicURL = "https://baton.example.org"
        settings.origins = ["https://friend.example.org"]
        let world = try World(settings)
        _ = try await world.people()
        var browser = Browser()
        for headers in [[:], ["sec-fetch-site": "cross-site"], ["origin": "https://evil.example.org"]] as [HTTPHeaders]
        {
            let reply = try await login(world, headers: headers)
            #expect(reply.status == 403 && reply.headers.values("set-cookie").isEmpty, "\(headers)")
        }
        browser.take(try await login(world, headers: ["origin": "https://baton.example.org"]))
        #expect(browser.attributes["__Host-baton_access"]?.hasSuffix("SameSite=Strict; Secure") == true)
        #expect(browser.attributes["__Secure-baton_refresh"]?.hasSuffix("; Secure") == true)
        let table: [(String, HTTPHeaders, Int)] = [
            ("nothing", [:], 403), ("another site", ["sec-fetch-site": "cross-site"], 403),
            ("a neighbour", ["sec-fetch-site": "same-site", "origin": "https://baton.example.org"], 403),
            ("typed in", ["sec-fetch-site": "none"], 403), ("no origin", ["origin": "null"], 403),
            ("one that CORS lets in", ["origin": "https://friend.example.org"], 403),
            ("a longer name", ["origin": "https://baton.example.org.evil.org"], 403),
            ("our own", ["sec-fetch-site": "same-origin"], 201),
            ("the public address", ["origin": "https://baton.example.org"], 201),
            ("as it was called", ["origin": "http://localhost"], 201),
        ]
        for (name, headers, status) in table {
            let headers = browser.headers(headers)
            #expect(
                try await world.send("POST", "/v1/auth/keys", ["name": "k"], headers: headers).status == status,
                "\(name)"
            )
            let isOwn = status == 201
            let reply = try await world.send("GET", "/v1/auth/me", headers: headers)
            #expect(reply.status == 200, "\(name): reading is left to the browser")
            if !isOwn {
                #expect(try await world.send("POST", "/v1/auth/refresh", headers: headers).status == 403, "\(name)")
                #expect(try await world.send("POST", "/v1/auth/logout", headers: headers).status == 403, "\(name)")
            }
        }
        // The names of cookies over HTTP are not those over HTTPS, which nobody else can set.
        let plain = Browser(cookies: ["baton_access": browser.cookies["__Host-baton_access"] ?? ""])
        #expect(try await world.send("GET", "/v1/auth/me", headers: plain.headers()).status == 401)
        // A header goes before a cookie, also when it is wrong.
        let both = try await world.send("GET", "/v1/auth/me", as: "nonsense", headers: browser.headers())
        #expect(both.status == 401)
        await world.stop()
    }

    @Test func `the feed and the socket take the cookie, and commands over it too`() async throws {
        let world = try World()
        _ = try await world.people()
        var browser = Browser()
        browser.take(try await login(world))
        let page = try await world.send("GET", "/v1/events", headers: browser.headers([:]))
        #expect(page.status == 200)
        let upgrade: HTTPHeaders = [
            "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13",
            "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        for origin in [nil, "https://evil.example.org"] {
            var headers = browser.headers(upgrade)
            headers["origin"] = origin
            #expect(try await world.send("GET", "/v1/ws", headers: headers).status == 403)
        }
        var headers = browser.headers(upgrade)
        headers["origin"] = "http://localhost"
        let socket = try #require(await world.open("/v1/ws", headers: headers))
        socket.send(
            .text(#"{"command": {"id": 1, "method": "POST", "path": "/v1/auth/keys", "body": {"name": "k"}}}"#)
        )
        guard case .text(let text)? = try await socket.receive() else { throw Nothing() }
        let answer = try JSONValue(parsing: Array(text.utf8))
        #expect(answer["result"]?["status"] == 201, "\(text)")
        socket.close()
        await world.stop()
    }

    private struct Nothing: Error {}
}
