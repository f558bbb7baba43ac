// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Testing

@testable import HTTP

/// Answers names from a table.
struct TableResolver: HostResolver {
    var table: [String: [String]] = [:]

    func addresses(of host: String) async throws(CancellationError) -> [IPAddress] {
        (table[host] ?? []).compactMap { IPAddress($0) }
    }
}

/// Never answers.
struct StuckResolver: HostResolver {
    func addresses(of host: String) async throws(CancellationError) -> [IPAddress] {
        do {
            try await Task.sleep(for: .seconds(3600))
        } catch {
            throw CancellationError()
        }
        return []
    }
}

/// Runs an echo service for the time of `body`.
func withEchoServer<Value>(
    extra: [String: [UInt8]] = [:],
    _ body: (EchoServer, Int) async throws -> Value
) async throws -> Value {
    let server = EchoServer(extra: extra)
    let port = try server.start()
    defer { server.stop() }
    return try await body(server, port)
}

func failure(_ client: HTTPClient, _ request: HTTPRequest) async -> HTTPClientError? {
    do throws(HTTPClientError) {
        _ = try await client.send(request)
        return nil
    } catch {
        return error
    }
}

@Suite(.timeLimit(.minutes(5))) struct HTTPClientTests {
    @Test func `a request arrives as it was written`() async throws {
        try await withEchoServer { _, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            let body = Array(#"{"n": 1}"#.utf8)
            let response = try await client.send(
                HTTPRequest(
                    method: "PUT",
                    url: "http://127.0.0.1:\(port)/a/../b?x=1%202&y",
                    headers: [("X-Empty", ""), ("X-Two", "2")],
                    body: body
                )
            )
            #expect(response.status == 200)
            #expect(response.header("content-type") == "application/json")
            let echo = try JSONValue(parsing: response.body)
            #expect(echo["method"] == "PUT")
            #expect(echo["path"] == "/a/../b")
            #expect(echo["query"] == ["x": "1 2", "y": ""])
            #expect(echo["body"] == ["n": 1])
            #expect(echo["headers"]?["x-two"] == "2")
            #expect(echo["headers"]?["x-empty"] == "")
            #expect(echo["headers"]?["user-agent"] == "baton")
            #expect(echo["headers"]?["expect"] == nil)
            let head = try await client.send(HTTPRequest(method: "HEAD", url: "http://127.0.0.1:\(port)/"))
            #expect(head.status == 200 && head.body.isEmpty)
            let none = try await client.send(HTTPRequest(method: "POST", url: "http://127.0.0.1:\(port)/status/404"))
            #expect(none.status == 404)
        }
    }

    @Test func `many requests run at once on one thread`() async throws {
        try await withEchoServer { server, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/\(number)")).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [Int](repeating: 200, count: 64))
            #expect(server.ledger.requestCount == 64)
        }
    }

    @Test func `a name that resolves inside is refused before any connection`() async throws {
        try await withEchoServer { server, port in
            let resolver = TableResolver(table: [
                "private.example": ["10.0.0.1"], "mixed.example": ["93.184.216.34", "127.0.0.1"],
                "mapped.example": ["::ffff:192.168.0.1"], "self.example": ["127.0.0.1"],
            ])
            let client = HTTPClient(resolver: resolver)
            for (host, code) in [
                ("private.example", HTTPClientError.Code.blocked), ("mixed.example", .blocked),
                ("mapped.example", .blocked),
                ("self.example", .blocked), ("nowhere.example", .unresolved), ("127.0.0.1", .blocked),
            ] {
                let error = await failure(client, HTTPRequest(url: "http://\(host):\(port)/"))
                #expect(error?.code == code, "\(host): \(error?.description ?? "sent")")
                #expect(error?.mayHaveLeft == false)
            }
            #expect(server.ledger.requestCount == 0)
        }
    }

    @Test func `the connection goes to the address that was checked`() async throws {
        try await withEchoServer { server, port in
            let resolver = TableResolver(table: ["api.example": ["127.0.0.1"]])
            let client = HTTPClient(policy: AddressPolicy(allowed: ["api.example:\(port)"]), resolver: resolver)
            let response = try await client.send(HTTPRequest(url: "http://api.example:\(port)/pinned"))
            let echo = try JSONValue(parsing: response.body)
            // No resolver of the system knows this name, so only the pinned address can have been used.
            #expect(echo["headers"]?["host"] == .string("api.example:\(port)"))
            #expect(server.ledger.count(ofPath: "/pinned") == 1)
        }
    }

    @Test func `a redirect inside is refused and never sent`() async throws {
        try await withEchoServer { inner, innerPort in
            try await withEchoServer { outer, port in
                let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
                for target in [
                    "http://127.0.0.1:\(innerPort)/x", "http://localhost:\(innerPort)/",
                    "http://u:p@127.0.0.1:\(port)/", "file:///etc/passwd",
                ] {
                    let url = "http://127.0.0.1:\(port)/redirect?to=\(target)"
                    let error = await failure(client, HTTPRequest(url: url, redirectLimit: 5))
                    #expect(error?.code == .blocked, "\(target)")
                    #expect(error?.mayHaveLeft == true)
                }
                #expect(inner.ledger.requestCount == 0)
                #expect(outer.ledger.requestCount == 4)
            }
        }
    }

    @Test func `a redirect to another origin loses credentials, one on the same origin keeps them`() async throws {
        try await withEchoServer { _, first in
            try await withEchoServer { _, second in
                let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(first)", "127.0.0.1:\(second)"]))
                let headers = [
                    ("Authorization", "Bearer x"), ("X-API-Key", "k"), ("Cookie", "a=b"), ("X-Other", "o"),
                    ("Idempotency-Key", "i"),
                ]
                for (port, isKept) in [(first, true), (second, false)] {
                    let url = "http://127.0.0.1:\(first)/redirect?to=http://127.0.0.1:\(port)/end"
                    let response = try await client.send(HTTPRequest(url: url, headers: headers, redirectLimit: 1))
                    let seen = try JSONValue(parsing: response.body)["headers"]
                    #expect(response.url == "http://127.0.0.1:\(port)/end")
                    for name in ["authorization", "x-api-key", "cookie"] {
                        #expect((seen?[name] != nil) == isKept, "\(name)")
                    }
                    #expect(seen?["x-other"] == "o" && seen?["idempotency-key"] == "i")
                }
            }
        }
    }

    @Test func `redirects change the method as RFC 9110 says and stop at the limit`() async throws {
        try await withEchoServer { server, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            for (status, method, expected) in [
                (301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"),
                (308, "PUT", "PUT"),
                (301, "PUT", "PUT"), (303, "HEAD", "HEAD"),
            ] {
                let url = "http://127.0.0.1:\(port)/redirect?status=\(status)&to=/end"
                let body = method == "HEAD" ? nil : Array("{}".utf8)
                let response = try await client.send(
                    HTTPRequest(method: method, url: url, body: body, redirectLimit: 1)
                )
                #expect(response.status == 200)
                guard method != "HEAD" else { continue }
                let echo = try JSONValue(parsing: response.body)
                #expect(echo["method"] == .string(expected), "\(status) \(method)")
                #expect((echo["body"] == .null) == (expected == "GET"), "\(status) \(method)")
            }
            let url = "http://127.0.0.1:\(port)/redirect?to=/redirect"
            let last = try await client.send(HTTPRequest(url: url, redirectLimit: 1))
            #expect(last.status == 302)
            #expect(server.ledger.count(ofPath: "/redirect") == 7 + 2)
            let unfollowed = try await client.send(HTTPRequest(url: url))
            #expect(unfollowed.status == 302 && unfollowed.header("location") == "/redirect")
        }
    }

    @Test func `a body past its bound ends the transfer`() async throws {
        // Without a length, so that only counting can tell.
        let endless = Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8) + [UInt8](repeating: 120, count: 5000)
        try await withEchoServer(extra: ["/endless": endless]) { _, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            for path in ["/bytes?count=1001", "/endless"] {
                let error = await failure(client, HTTPRequest(url: "http://127.0.0.1:\(port)\(path)", byteLimit: 1000))
                #expect(error?.code == .tooLarge, "\(path)")
                #expect(error?.message.contains("1000 bytes") == true)
            }
            let fits = try await client.send(
                HTTPRequest(url: "http://127.0.0.1:\(port)/bytes?count=1000", byteLimit: 1000)
            )
            #expect(fits.body.count == 1000)
        }
    }

    @Test func `a compression bomb is stopped at 100 to 1`() async throws {
        let bomb =
            Array("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nConnection: close\r\n\r\n".utf8)
            + zeros(repeats: 80_000)
        try await withEchoServer(extra: ["/bomb": bomb]) { _, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            let error = await failure(client, HTTPRequest(url: "http://127.0.0.1:\(port)/bomb", byteLimit: 1 << 30))
            #expect(error?.code == .tooLarge)
            #expect(error?.message.contains("100 times") == true, "\(error?.message ?? "")")
        }
    }

    @Test func `waiting ends at the deadline, and says whether the request left`() async throws {
        try await withEchoServer { _, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            let slow = HTTPRequest(url: "http://127.0.0.1:\(port)/slow?ms=30000", timeout: .seconds(3))
            let error = await failure(client, slow)
            #expect(error?.code == .timeout)
            #expect(error?.mayHaveLeft == true)
            let stuck = HTTPClient(resolver: StuckResolver())
            let unresolved = await failure(stuck, HTTPRequest(url: "http://a.example/", timeout: .milliseconds(50)))
            #expect(unresolved?.code == .timeout)
            #expect(unresolved?.mayHaveLeft == false)
        }
    }

    @Test func `a cancelled task lets go of its request`() async throws {
        try await withEchoServer { server, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            let request = HTTPRequest(url: "http://127.0.0.1:\(port)/slow?ms=30000", timeout: .seconds(50))
            let task = Task { await failure(client, request) }
            while server.ledger.count(ofPath: "/slow") == 0 { await Task.yield() }
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(error?.mayHaveLeft == true)
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure(client, request)
            }
            #expect(await early.value?.code == .cancelled)
        }
    }

    @Test func `nobody listening is unreachable and nothing left`() async throws {
        let server = EchoServer()
        let port = try server.start()
        server.stop()
        let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
        let error = await failure(client, HTTPRequest(method: "POST", url: "http://127.0.0.1:\(port)/"))
        #expect(error?.code == .unreachable)
        #expect(error?.mayHaveLeft == false)
    }

    @Test func `a request that could smuggle another one is not sent`() async {
        let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:1"]))
        for (method, name, value) in [
            ("GET", "X", "a\r\nY: b"), ("GET", "X\r\nY", "b"), ("GET", "X Y", "b"), ("G ET", "X", "b"), ("", "X", "b"),
            ("GET", "Transfer-Encoding", "chunked"), ("GET", "content-length", "3"), ("GET", "Host", "other"),
            ("GET", "X", "a\0b"),
        ] {
            let request = HTTPRequest(method: method, url: "http://127.0.0.1:1/", headers: [(name, value)])
            #expect(await failure(client, request)?.code == .invalid, "\(method) \(name): \(value)")
        }
    }

    @Test func `a proxy from the environment is not used`() async throws {
        // In a process of its own: the programs that other tests run would use it.
        await #expect(processExitsWith: .success) {
            setenv("http_proxy", "http://127.0.0.1:9", 1)
            try await withEchoServer { server, port in
                let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
                _ = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/direct"))
                #expect(server.ledger.count(ofPath: "/direct") == 1)
            }
        }
    }
}
