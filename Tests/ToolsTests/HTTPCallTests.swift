// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model
import Testing
import Threads

@testable import Tools

@Suite(.timeLimit(.minutes(5))) struct HTTPCallTests {
    private func withServer<Value>(_ body: (EchoServer, String, ToolContext) async throws -> Value) async throws
        -> Value
    {
        let server = EchoServer()
        let port = try server.start()
        defer { server.stop() }
        return try await body(
            server,
            "http://127.0.0.1:\(port)",
            context("/tmp", allowing: ["127.0.0.1:\(port)"], key: "key-1")
        )
    }

    @Test func `a configuration becomes a request and an answer a result`() async throws {
        try await withServer { server, base, context in
            let output = try await call(
                "http.request",
                [
                    "method": "POST", "url": .string("\(base)/p?a=1#f"),
                    "query": ["b": "x y&", "c": [1, true], "d": .null],
                    "headers": ["X-One": "1", "X-Two": 2], "body": ["n": [1, 2]],
                ],
                context
            )
            #expect(output["status"] == 200 && output["url"] == .string("\(base)/p?a=1&b=x%20y%26&c=1&c=true"))
            #expect(output["headers"]?["content-type"] == "application/json" && output["duration_ms"]?.intValue != nil)
            let echo = output["body"]
            #expect(echo?["query"] == ["a": "1", "b": "x y&", "c": "true"] && echo?["body"] == ["n": [1, 2]])
            #expect(echo?["headers"]?["content-type"] == "application/json" && echo?["headers"]?["x-two"] == "2")
            #expect(echo?["headers"]?["idempotency-key"] == "key-1")
            #expect(server.ledger.count(ofKey: "key-1") == 1)
            let get = try await call("http.request", ["url": .string(base)], context)
            #expect(
                get["body"]?["headers"]?["idempotency-key"] == nil && get["body"]?["headers"]?["content-type"] == nil
            )
            for (body, type, expected) in [
                ("text", "text/plain; charset=utf-8", "text"),
                (["form": ["a b": "c&d", "n": 1]], "application/x-www-form-urlencoded", "a%20b=c%26d&n=1"),
                ([1], "application/json", [1]),
            ] as [(JSONValue, String, JSONValue)] {
                let sent = try await call(
                    "http.request",
                    ["method": "PUT", "url": .string(base), "body": body],
                    context
                )
                #expect(
                    sent["body"]?["headers"]?["content-type"] == .string(type) && sent["body"]?["body"] == expected,
                    "\(body)"
                )
            }
            let own: JSONValue = [
                "method": "POST", "url": .string(base), "body": "{}",
                "headers": ["Content-Type": "application/x-own", "Idempotency-Key": "mine"],
            ]
            let headers = try await call("http.request", own, context)["body"]?["headers"]
            #expect(headers?["content-type"] == "application/x-own" && headers?["idempotency-key"] == "mine")
        }
    }

    @Test func `statuses are classed by the table`() async throws {
        try await withServer { _, base, context in
            for (status, errorClass) in [
                (400, .permanent), (401, .permanent), (404, .permanent), (409, .permanent), (408, .transient),
                (425, .transient), (429, .upstream),
                (500, .transient), (502, .transient), (503, .transient), (529, .upstream), (302, .permanent),
                (501, .transient),
            ] as [(Int, ErrorClass)] {
                let error = try await failure("http.request", ["url": .string("\(base)/status/\(status)")], context)
                #expect(error.code == "http.status" && error.errorClass == errorClass, "\(status): \(error)")
                #expect(error.details?["status"] == .int(Int64(status)) && error.details?["sent"] == true)
            }
            let expected: JSONValue = ["url": .string("\(base)/status/404"), "expect": ["status": ["2xx", 404]]]
            #expect(try await call("http.request", expected, context)["status"] == 404)
            let strict: JSONValue = ["url": .string(base), "expect": ["status": 201]]
            #expect(try await failure("http.request", strict, context).code == "http.status")
            let later = try await failure(
                "http.request",
                ["url": .string("\(base)/fail?key=a&times=1&after=7")],
                context
            )
            #expect(later.errorClass == .upstream && later.retryAfter == .seconds(7))
        }
    }

    @Test func `Retry-After is seconds or a date, and bounded`() {
        let now = Timestamp(rfc3339: "2026-11-06T08:49:37Z") ?? Timestamp(milliseconds: 0)
        for (text, expected) in [
            ("0", .zero), ("120", .seconds(120)), ("9999999", .seconds(86_400)),
            ("Fri, 06 Nov 2026 08:50:37 GMT", .seconds(60)),
            ("Fri, 06 Nov 2020 08:50:37 GMT", .zero), ("-1", nil), ("soon", nil),
            ("Fri, 31 Feb 2026 08:50:37 GMT", nil), ("", nil),
        ] as [(String, Duration?)] {
            #expect(HTTPCall.retryAfter(text, now: now) == expected, "\(text)")
        }
    }

    @Test func `a write without a key is never worth a repeat once it left`() async throws {
        try await withServer { _, base, context in
            var keyless = context
            keyless.idempotencyKey = nil
            for (method, path, context, errorClass) in [
                ("POST", "/status/503", keyless, .permanent), ("POST", "/status/503", context, .transient),
                ("GET", "/status/503", keyless, .transient),
                ("DELETE", "/status/429", keyless, .permanent), ("PUT", "/slow?ms=60000", keyless, .permanent),
                ("PUT", "/slow?ms=60000", context, .transient),
            ] as [(String, String, ToolContext, ErrorClass)] {
                let arguments: JSONValue = ["method": .string(method), "url": .string(base + path), "timeout": "2s"]
                let error = try await failure("http.request", arguments, context)
                #expect(error.errorClass == errorClass && error.details?["sent"] == true, "\(method) \(path): \(error)")
            }
            // Nobody listens there, so nothing left and the write may be tried again.
            let server = EchoServer()
            let port = try server.start()
            server.stop()
            var closed = keyless
            closed.http = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            let error = try await failure(
                "http.request",
                ["method": "POST", "url": .string("http://127.0.0.1:\(port)/")],
                closed
            )
            #expect(error.code == "tool.failed" && error.errorClass == .transient && error.details?["sent"] == false)
        }
    }

    @Test func `bodies are read as asked`() async throws {
        try await withServer { _, base, context in
            for (path, parse, expected) in [
                ("/bytes?count=3", "auto", "xxx"), ("/bytes?count=0", "auto", .null),
                ("/bytes?count=3", "bytes", ["base64": "eHh4"]),
                ("/bytes?count=2", "text", "xx"),
            ] as [(String, String, JSONValue)] {
                let output = try await call(
                    "http.request",
                    ["url": .string(base + path), "parse": .string(parse)],
                    context
                )
                #expect(output["body"] == expected, "\(path) \(parse)")
            }
            for (more, code) in [
                (["parse": "json"], "output.invalid"), (["expect": ["schema": ["type": "object"]]], "output.invalid"),
                (["max_bytes": 2], "too_large"),
                (["expect": ["status": "nope"]], "validation.failed"),
                (["expect": ["schema": ["type": "nope"]]], "validation.failed"),
                (["timeout": "soon"], "validation.failed"), (["body": ["blob": "x"]], "validation.failed"),
                (["query": ["a": [:]]], "validation.failed"),
                (["headers": ["A": "b\r\nc"]], "validation.failed"), (["headers": ["Host": "x"]], "validation.failed"),
            ] as [(JSONObject, String)] {
                var arguments: JSONObject = ["url": .string("\(base)/bytes?count=3")]
                for member in more { arguments[member.key] = member.value }
                let error = try await failure("http.request", .object(arguments), context)
                #expect(error.code == code && error.errorClass == .permanent, "\(more): \(error)")
            }
        }
    }

    @Test func `forbidden targets are blocked and a cancelled call ends`() async throws {
        try await withServer { server, base, context in
            for url in [
                "http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data/", "ftp://example.com/",
                "http://localhost/",
            ] {
                let error = try await failure("http.request", ["url": .string(url)], context)
                #expect(
                    error.code == "http.blocked" && error.errorClass == .permanent && error.details?["sent"] == false,
                    "\(url)"
                )
            }
            #expect(server.ledger.requestCount == 0)
            let arguments: JSONValue = ["url": .string("\(base)/slow?ms=30000")]
            let task = Task { try await failure("http.request", arguments, context) }
            await wait { server.ledger.count(ofPath: "/slow") == 1 }
            context.cancellation.cancel()
            let error = try await task.value
            #expect(error.code == "cancelled")
        }
    }
}
