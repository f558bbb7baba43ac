// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import HTTPServer
import JSON
import Testing

@testable import Server

/// What holds for every request: proxies, pages of other origins, numbers, health and the end (spec 10.7, 12).
@Suite(.timeLimit(.minutes(5)))
struct ServingTests {
    @Test func onlyTrustedProxiesSayWhereARequestCameFrom() throws {
        let proxies = try ["10.0.0.0/8", "::1"].map { try #require(IPNetwork($0)) }
        let cases: [(peer: String, forwarded: [Substring], client: String)] = [
            ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"), ("10.0.0.1", [], "10.0.0.1"),
            ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"), ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", ["203.0.113.9", "10.2.0.1"], "203.0.113.9"), ("10.0.0.1", ["nonsense"], "10.0.0.1"),
            ("10.0.0.1", ["203.0.113.9", "nonsense"], "10.0.0.1"), ("::1", ["203.0.113.9:4711"], "203.0.113.9"),
            ("::1", ["[2001:db8::1]:4711"], "2001:db8:0:0:0:0:0:1"),
            ("::1", ["2001:db8::1"], "2001:db8:0:0:0:0:0:1"),
        ]
        for (peer, forwarded, client) in cases {
            #expect(ClientAddress.of(peer, forwarded: forwarded, trusting: proxies) == client, "\(peer) \(forwarded)")
        }
    }

    @Test func pagesOfOtherOriginsAreLetInOnlyWhenTheyAreNamed() async throws {
        var settings = APISettings()
        settings.origins = ["https://a.example"]
        let (open, closed) = (try World(settings), try World())
        func send(_ world: World, _ origin: String) async throws -> (World.Reply, World.Reply) {
            let asks: HTTPHeaders = ["origin": origin, "access-control-request-method": "POST"]
            return (
                try await world.send("OPTIONS", "/v1/runs", headers: asks),
                try await world.send("GET", "/livez", headers: ["origin": origin])
            )
        }
        var (preflight, reply) = try await send(open, "https://a.example")
        #expect(preflight.status == 204 && preflight.headers["access-control-allow-methods"] != nil)
        #expect(preflight.headers["access-control-allow-origin"] == "https://a.example")
        #expect(
            reply.headers["access-control-allow-origin"] == "https://a.example" && reply.headers["vary"] == "Origin"
        )
        (preflight, reply) = try await send(open, "https://b.example")
        #expect(preflight.headers["access-control-allow-methods"] == nil)
        #expect(reply.headers["access-control-allow-origin"] == nil && reply.status == 200)
        (preflight, reply) = try await send(closed, "https://a.example")
        #expect(preflight.status == 405 && reply.headers["access-control-allow-origin"] == nil)
        await open.stop()
        await closed.stop()
    }

    @Test func requestsGetNumbersThatDoNotRepeat() {
        let numbers = RequestNumbers()
        let made = (0..<1000).map { _ in numbers.next() }
        #expect(Set(made).count == 1000)
        #expect(
            made.allSatisfy { $0.utf8.count == 20 && $0.hasPrefix("req_") && UInt64($0.dropFirst(4), radix: 16) != nil }
        )
    }

    @Test func requestsAreCountedByPatternAndShownToAdministrators() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        _ = try await world.send("GET", "/v1/runs/run_00000000000000000000000000", as: alice)
        _ = try await world.send("GET", "/nowhere/at/all", as: alice)
        #expect(try await world.send("GET", "/metrics").status == 401)
        #expect(try await world.send("GET", "/metrics", as: alice).status == 403)
        let reply = try await world.send("GET", "/metrics", as: root)
        let text = String(decoding: reply.bytes, as: UTF8.self)
        #expect(reply.headers["content-type"]?.hasPrefix("text/plain") == true)
        for line in [
            #"baton_http_requests_total{route="/v1/runs/{run}",code="404"} 1"#,
            #"baton_http_requests_total{route="none",code="404"} 1"#, "baton_http_request_seconds_count ",
            #"baton_live_clients{transport="sse"} 0"#, "baton_live_dropped_total 0",
        ] {
            #expect(text.contains(line), "\(line)")
        }
        #expect(!text.contains("nowhere") && !text.contains("run_0"), "no path as it came")
        await world.stop()
    }

    @Test func whatDoesNotWorkIsSaidAndNothingIsTakenAtTheEnd() async throws {
        var settings = APISettings()
        settings.checks = [HealthCheck("disk") { nil }]
        settings.bodyLimit = 2000
        settings.shown = { [["key": "a", "value": 1, "default": 2, "from": "file"]] }
        let world = try World(settings)
        let (root, alice, _) = try await world.people()
        #expect(try await world.send("GET", "/readyz").status == 200)
        #expect(
            try await world.send("GET", "/health").json["checks"]?.arrayValue?.map { $0["name"] } == ["store", "disk"]
        )
        #expect(try await world.send("GET", "/v1/version").json["limits"]?["body_bytes"] == 2000)
        let long = JSONValue.string(String(repeating: "x", count: 2000))
        #expect(try await world.send("POST", "/v1/runs", ["document": long], as: alice).status == 413)
        #expect(try await world.send("GET", "/v1/settings", as: alice).status == 403)
        let shown = try await world.send("GET", "/v1/settings", as: root)
        #expect(shown.json["items"]?.arrayValue?.count == 1)
        let tag = try #require(shown.headers["etag"])
        let again = try await world.send("GET", "/v1/settings", as: root, headers: ["if-none-match": tag])
        #expect(again.status == 304)
        settings.checks = [HealthCheck("disk") { "it is full" }]
        let broken = try World(settings)
        var reply = try await broken.send("GET", "/readyz")
        #expect(reply.status == 503 && reply.json["errors"]?.arrayValue?.first?["path"] == "disk", "\(reply.json.text)")
        reply = try await broken.send("GET", "/health")
        #expect(reply.status == 503 && reply.json["status"] == "failed", "\(reply.json.text)")
        await broken.stop()
        world.api.drain()
        reply = try await world.send("GET", "/v1/runs", as: alice)
        #expect(reply.status == 503 && reply.json["code"] == "draining" && reply.headers["retry-after"] != nil)
        #expect(try await world.send("GET", "/livez").status == 200)
        #expect(try await world.send("GET", "/readyz").json["code"] == "draining")
        await world.stop()
    }
}
