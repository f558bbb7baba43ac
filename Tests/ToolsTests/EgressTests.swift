// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model
import Testing

@testable import Tools

/// What is permitted, and how requests to a proxy are read.
@Suite struct EgressRulesTests {
    @Test func `an entry permits a host, its ports and methods, and nothing else`() throws {
        let rules = try EgressRules([
            ["host": "Example.org"], ["host": "*.pypi.org", "port": 443], ["host": "api.test", "methods": ["get"]],
            ["host": "10.0.0.1", "port": 8080], ["host": "::1", "port": 8080],
        ])
        for (host, port, method, rule) in [
            ("example.org", 443, "CONNECT", nil), ("example.org", 80, "POST", nil),
            ("example.org", 22, "CONNECT", "port"),
            ("sub.example.org", 443, "CONNECT", "host"), ("example.org.evil", 443, "CONNECT", "host"),
            ("a.pypi.org", 443, "CONNECT", nil), ("a.b.pypi.org", 443, "CONNECT", nil),
            ("pypi.org", 443, "CONNECT", "host"), ("evilpypi.org", 443, "CONNECT", "host"),
            ("a.pypi.org", 80, "GET", "port"), ("api.test", 80, "GET", nil), ("api.test", 80, "POST", "method"),
            ("api.test", 443, "CONNECT", "method"), ("10.0.0.1", 8080, "GET", nil), ("10.0.0.2", 8080, "GET", "host"),
            ("0:0:0:0:0:0:0:1", 8080, "GET", nil),
        ] as [(String, Int, String, String?)] {
            let refusal = rules.refusal(host: host, port: port, method: method)
            #expect((refusal == nil) == (rule == nil), "\(host):\(port) \(method): \(refusal ?? "-")")
            if let rule {
                #expect(refusal?.contains("the \(rule) ") == true, "\(host):\(port) \(method): \(refusal ?? "-")")
            }
        }
    }

    @Test func `a list that cannot be meant is refused with the entry`() {
        for list in [
            "x", ["x"], [[:]], [["host": ""]], [["host": "*"]], [["host": "a*.org"]], [["host": "*.10.0.0.1"]],
            [["host": "a/b"]], [["host": "a:80"]], [["host": "u@a"]], [["host": "a", "port": 0]],
            [["host": "a", "port": "80"]], [["host": "a", "methods": []]], [["host": "a", "methods": [1]]],
            [["host": "a", "path": "/"]],
        ] as [JSONValue] {
            #expect(throws: EgressRules.Invalid.self, "\(list.text)") { try EgressRules(list) }
        }
    }

    @Test func `heads are read strictly, and what frames or names a connection is ours`() throws {
        let text =
            "POST http://Example.org:8080/a?b=c HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\nX-A: 1\r\n"
            + "Content-Length: 3\r\nConnection: keep-alive\r\n\r\n"
        let head = try EgressHead(Array(text.utf8))
        #expect(
            head.method == "POST" && head.url.host == "example.org" && head.url.port == 8080 && head.bodyLength == 3
        )
        #expect(
            String(decoding: head.forwarded, as: UTF8.self)
                == "POST /a?b=c HTTP/1.1\r\nHost: example.org:8080\r\nConnection: close\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n"
        )
        let tunnel = try EgressHead(Array("CONNECT [::1]:443 HTTP/1.1\r\n\r\n".utf8))
        #expect(tunnel.isTunnel && tunnel.url.port == 443 && tunnel.forwarded.isEmpty)
        for (text, status) in [
            ("GET / HTTP/1.1\r\n\r\n", 400), ("GET https://a/ HTTP/1.1\r\n\r\n", 400),
            ("CONNECT a HTTP/1.1\r\n\r\n", 400),
            ("CONNECT a:443/x HTTP/1.1\r\n\r\n", 400), ("GET http://u@a/ HTTP/1.1\r\n\r\n", 400),
            ("get http://a/ HTTP/1.1\r\n\r\n", 400), ("GET http://a/ HTTP/2\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\nX: 1\r\n\r\n", 400), ("GET http://a/ HTTP/1.1\r\nX 1\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\n Host: b\r\n\r\n", 400), ("GET  http://a/ HTTP/1.1\r\n\r\n", 400),
            ("POST http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            ("POST http://a/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
            ("POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ] {
            do throws(EgressHead.Defect) {
                _ = try EgressHead(Array(text.utf8))
                #expect(Bool(false), "\(text)")
            } catch {
                #expect(error.status == status, "\(text)")
            }
        }
        let bytes = Array(text.utf8)
        for count in bytes.indices { #expect(EgressHead.end(in: Array(bytes[..<count])) == nil) }
        #expect(EgressHead.end(in: bytes + [1, 2]) == bytes.count)
    }
}

/// Confined programs with a way out.
@Suite(.timeLimit(.minutes(2)), .enabled("bubblewrap cannot start here") { await sandboxWorks() })
struct EgressTests {
    /// Speaks with the proxy: `say LINES…`.
    private static let say = """
        say() { exec 3<>/dev/tcp/127.0.0.1/7424; printf '%b' "$1" >&3; cat <&3; exec 3>&-; }
        """

    private func run(
        _ command: String,
        _ network: JSONValue,
        allowing: [String],
        expect: JSONValue = [0]
    ) async throws -> ToolResult {
        try await withFolder { folder in
            try await ToolRegistry.builtIn().call(
                "shell.exec",
                [
                    "argv": ["bash", "-c", .string("\(Self.say)\n\(command)")], "network": network,
                    "expect_exit": expect,
                ],
                context: context(folder, allowing: allowing)
            )
        }
    }

    @Test func `what is listed is reached, by plain requests and by tunnels`() async throws {
        let server = EchoServer()
        let port = try server.start()
        defer { server.stop() }
        let result = try await run(
            """
            echo $http_proxy
            say 'POST http://127.0.0.1:\(port)/status/207 HTTP/1.1\\r\\nContent-Length: 2\\r\\n\\r\\nhiGET / HTTP/1.1\\r\\n\\r\\n' | head -1
            say 'CONNECT 127.0.0.1:\(port) HTTP/1.1\\r\\n\\r\\nGET /status/206 HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' | grep HTTP
            """,
            [["host": "127.0.0.1", "port": .int(Int64(port))]],
            allowing: ["127.0.0.1:\(port)"]
        )
        let lines = (result.output["stdout"]?.stringValue ?? "").split(whereSeparator: \.isNewline)
        #expect(lines.count == 4 && lines[0] == "http://127.0.0.1:7424", "\(lines)")
        #expect(lines.dropFirst().map { $0.split(separator: " ")[1] } == ["207", "200", "206"], "\(lines)")
        #expect(result.log == nil && server.ledger.requestCount == 2)
    }

    @Test func `nothing else is reached, and the log has the rule`() async throws {
        let server = EchoServer()
        let port = try server.start()
        defer { server.stop() }
        let target = "127.0.0.1:\(port)"
        for (network, allowing, request, words) in [
            ([["host": "example.org"]], [target], "GET http://\(target)/ HTTP/1.1", "has the host"),
            ([["host": "127.0.0.1"]], [target], "GET http://\(target)/ HTTP/1.1", "has the port"),
            (
                [["host": "127.0.0.1", "port": .int(Int64(port)), "methods": ["GET"]]], [target],
                "DELETE http://\(target)/ HTTP/1.1", "has the method"
            ),
            // The list of a document does not open private addresses.
            ([["host": "127.0.0.1", "port": .int(Int64(port))]], [], "CONNECT \(target) HTTP/1.1", "loopback"),
            (
                [["host": "localhost", "port": .int(Int64(port))]], [], "CONNECT localhost:\(port) HTTP/1.1",
                "local name"
            ),
            ([["host": "metadata.google.internal"]], [], "GET http://metadata.google.internal/ HTTP/1.1", "metadata"),
            ([["host": "2130706433", "port": .int(Int64(port))]], [], "CONNECT 0x7f.1:\(port) HTTP/1.1", "loopback"),
        ] as [(JSONValue, [String], String, String)] {
            let result = try await run("say '\(request)\\r\\n\\r\\n' | head -1", network, allowing: allowing)
            #expect(result.output["stdout"]?.stringValue?.hasPrefix("HTTP/1.1 403") == true, "\(request)")
            #expect(result.log?.contains(words) == true, "\(request): \(result.log ?? "-")")
        }
        #expect(server.ledger.requestCount == 0)
    }

    @Test func `a name whose address is private is not reached, whatever the list says`() async throws {
        struct Lying: HostResolver {
            func addresses(of host: String) async throws(CancellationError) -> [IPAddress] { [.v4(0x7f00_0001)] }
        }
        let rules = try EgressRules([["host": "example.org"]])
        let proxy = EgressProxy(rules, policy: AddressPolicy(), resolver: Lying())
        let head = try EgressHead(Array("CONNECT example.org:443 HTTP/1.1\r\n\r\n".utf8))
        guard case .failure(let forbidden) = await proxy.check(head) else {
            Issue.record("it was permitted")
            return
        }
        #expect(forbidden.rule.contains("loopback") && forbidden.status == 403)
    }

    @Test func `a failure names what was not let through, and a list that is wrong is an argument that is`()
        async throws
    {
        try await withFolder { folder in
            let arguments: JSONValue = [
                "argv": [
                    "bash", "-c", .string("\(Self.say)\nsay 'GET http://other.test/ HTTP/1.1\\r\\n\\r\\n'; exit 3"),
                ],
                "network": [["host": "example.org"]],
            ]
            let error = try await failure("shell.exec", arguments, context(folder))
            #expect(error.code == "tool.failed" && error.message.contains("has the host other.test"), "\(error)")
            let wrong = try await failure(
                "shell.exec",
                ["command": "true", "network": [["host": "*"]]],
                context(folder)
            )
            #expect(wrong.code == "validation.failed" && wrong.message.contains("entry 1"), "\(wrong)")
        }
    }
}
