// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Model
import Reactor
import Synchronization
import Testing

@testable import BatonClient

/// What a server was asked, in order.
private final class Ledger: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    /// How many there are with this one.
    func add(_ line: String) -> Int {
        lines.withLock { lines in
            lines.append(line)
            return lines.count
        }
    }
}

/// Serves for the time of `body`, on a port that the system chooses.
private func withServer<Value>(
    _ handler: @escaping HTTPHandler,
    _ body: (_ url: String) async throws -> Value
) async throws -> Value {
    let configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
    let server = try await WebServer.start(configuration, handler: handler)
    do {
        let value = try await body("http://\(server.addresses[0])")
        await server.stop(within: .zero)
        return value
    } catch {
        await server.stop(within: .zero)
        throw error
    }
}

private func failure(_ body: () async throws(ClientError) -> some Any) async -> ClientError? {
    do throws(ClientError) {
        _ = try await body()
        return nil
    } catch { return error }
}

@Suite(.timeLimit(.minutes(5))) struct APIClientTests {
    @Test func `a refusal is an error with everything that the server said`() async throws {
        let body =
            #"{"status": 409, "code": "state.conflict", "detail": "it has ended", "request_id": "req_1", "#
            + #""errors": [{"path": "/to", "code": "validation.failed", "message": "is missing"}]}"#
        try await withServer { _ in
            .bytes(Array(body.utf8), type: "application/problem+json", status: 409, headers: ["retry-after": "3"])
        } _: { url in
            let client = try APIClient(server: url)
            let error = await failure { () throws(ClientError) in try await client.post("/v1/runs/run_1/cancel") }
            let problem = try #require(error?.problem)
            #expect(problem.status == 409 && problem.code == "state.conflict" && problem.detail == "it has ended")
            #expect(problem.items.map(\.path) == ["/to"] && problem.requestID == "req_1")
            #expect(problem.retryAfter == .seconds(3) && error?.isTransient == false)
        }
    }

    @Test func `requests carry the query, the token, and a key when they change something`() async throws {
        let ledger = Ledger()
        try await withServer { request in
            let key = request.header("idempotency-key") == nil ? "no key" : "key"
            _ = ledger.add("\(request.method) \(request.target.raw) \(request.header("authorization") ?? "-") \(key)")
            return .json(Array(#"{"items": [], "next_cursor": null}"#.utf8))
        } _: { url in
            let client = try APIClient(server: url, tokens: FixedToken("bat_1"))
            _ = try await client.list("/v1/runs", [("status", "waiting"), ("workflow", "a b&c")], limit: 7)
            _ = try await client.post(APIRequest.path("v1", "runs", "a/b", "pause"), ["reason": "x"])
        }
        #expect(
            ledger.all == [
                "GET /v1/runs?status=waiting&workflow=a%20b%26c&limit=7 Bearer bat_1 no key",
                "POST /v1/runs/a%2Fb/pause Bearer bat_1 key",
            ]
        )
    }

    @Test func `a list is read page by page, and no further than wanted`() async throws {
        let ledger = Ledger()
        try await withServer { request in
            let start = Int(request.query("cursor") ?? "0") ?? 0
            let count = min(2, Int(request.query("limit") ?? "") ?? 0)
            _ = ledger.add(request.query("limit") ?? "")
            let items = (start..<(start + count)).map { JSONValue.int(Int64($0)) }
            let next: JSONValue = start + count < 9 ? .string(String(start + count)) : .null
            return .json(JSONValue.object(["items": .array(items), "next_cursor": next]).bytes())
        } _: { url in
            let items = try await APIClient(server: url).list("/v1/things", limit: 5)
            #expect(items == [0, 1, 2, 3, 4])
        }
        #expect(ledger.all == ["5", "3", "1"])
    }

    /// Gives one token after the other.
    private final class Tokens: AccessTokens {
        private let number = Mutex(1)

        func current() -> String? { number.withLock { "token\($0)" } }

        func next(after refused: String) -> String? {
            number.withLock { number in
                if refused == "token\(number)" { number += 1 }
                return "token\(number)"
            }
        }
    }

    @Test func `a token that is refused is replaced once`() async throws {
        let ledger = Ledger()
        try await withServer { request in
            let token = request.header("authorization") ?? ""
            _ = ledger.add(token)
            return token == "Bearer token2" ? .json(Array("{}".utf8)) : HTTPResponse(status: 401)
        } _: { url in
            let client = try APIClient(server: url, tokens: Tokens())
            _ = try await client.get("/v1/auth/me")
            _ = try await client.get("/v1/auth/me")
        }
        #expect(ledger.all == ["Bearer token1", "Bearer token2", "Bearer token2"])
    }

    @Test func `events go on after a connection that ended, without a gap`() async throws {
        let ledger = Ledger()
        try await withServer { request in
            let after = Int(request.header("last-event-id") ?? "") ?? 0
            _ = ledger.add("\(request.query("run") ?? "-") after \(after)")
            return .events { stream in
                for number in (after + 1)...(after + 2) {
                    try await stream.send(#"{"seq": \#(number)}"#, event: "task.ready", id: String(number))
                }
            }
        } _: { url in
            let events = try APIClient(server: url).events(.init(run: "run_1"), after: 4)
            events.longestPause = .zero
            var seen: [Int64] = []
            while seen.count < 6 { seen.append(try await events.next()["seq"]?.intValue ?? 0) }
            #expect(seen == [5, 6, 7, 8, 9, 10])
        }
        #expect(ledger.all == ["run_1 after 4", "run_1 after 6", "run_1 after 8"])
    }

    @Test func `events end when the server refuses, and not when it is busy`() async throws {
        let ledger = Ledger()
        try await withServer { request in
            let count = ledger.add("")
            return HTTPResponse(status: count < 3 ? 503 : 410)
        } _: { url in
            let events = try APIClient(server: url).events(after: 1)
            events.longestPause = .zero
            let error = await failure { () throws(ClientError) in try await events.next() }
            #expect(error?.problem?.status == 410)
        }
        #expect(ledger.all.count == 3)
    }

    @Test func `a server that is not there is unreachable`() async throws {
        let url = try await withServer({ _ in HTTPResponse(status: 200) }, { $0 })
        let client = try APIClient(server: url)
        let error = await failure { () throws(ClientError) in try await client.get("/v1/runs") }
        #expect(error?.code == .unreachable && error?.isTransient == true)
    }

    @Test func `addresses have one form`() throws {
        for (text, form, isPrivate) in [
            ("localhost:7420", "http://localhost:7420", true), ("127.0.0.1:7420/", "http://127.0.0.1:7420", true),
            ("[::1]:81", "http://[0:0:0:0:0:0:0:1]:81", true), ("Baton.Example.org", "https://baton.example.org", true),
            ("http://baton.example.org:80/", "http://baton.example.org", false),
            ("https://example.org/baton//", "https://example.org/baton", true),
        ] {
            let address = try ServerAddress(text)
            #expect(address.text == form && address.isPrivate == isPrivate, "\(text): \(address)")
        }
        for text in ["", "ftp://example.org", "http://a b", "http://u:p@example.org", "http://example.org?x=1"] {
            #expect(throws: ClientError.self, "\(text)") { try ServerAddress(text) }
        }
    }

    @Test func `the answer to a login gives tokens with their end`() async throws {
        try await withServer { request in
            #expect(request.header("authorization") == nil)
            return .json(
                Array(#"{"access_token": "a", "expires_in": 1800, "refresh_token": "r", "user": {"name": "Ann"}}"#.utf8)
            )
        } _: { url in
            let client = try APIClient(server: url, tokens: FixedToken("old"))
            let now = Timestamp(milliseconds: 1_000_000)
            let login = try await client.logIn(email: "ann@example.org", password: "secret", now: now)
            #expect(login.tokens == LoginTokens(access: "a", expiresAt: now + .seconds(1800), refresh: "r"))
            #expect(login.user["name"] == "Ann")
        }
    }

    @Test func `pauses between attempts grow`() {
        let waits = (1...8).map { EventSubscription.wait($0, asked: nil, longest: .seconds(15)) }
        #expect(waits.map(\.components.seconds) == [0, 0, 0, 1, 2, 4, 8, 15])
        #expect(EventSubscription.wait(1, asked: .seconds(3), longest: .seconds(15)) == .seconds(3))
    }
}
