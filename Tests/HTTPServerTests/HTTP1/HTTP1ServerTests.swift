// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Reactor
import Testing

@Suite(.timeLimit(.minutes(5))) struct HTTP1ServerTests {
    @Test func `requests on one connection are answered one after the other, also when sent at once`() async throws {
        try await withServer { _, address in
            let text = await exchange(
                address,
                "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                    + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                    + "HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            let bodies = text.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "H" } }
            #expect(text.components("HTTP/1.1 200 OK").count == 6)
            #expect(bodies.contains("GET /1 ") && bodies.contains("POST /2 hello") && bodies.contains("POST /3 abc"))
            #expect(text.contains("content-length: 8\r\n\r\nHTTP/1.1 200 OK"), "a HEAD has a length and no body")
            #expect(text.hasSuffix("connection: close\r\n\r\nGET /5 "))
            #expect(text.contains("\r\ndate: "))
        }
    }

    @Test func `a thousand requests at once do not grow the stack`() async throws {
        try await withServer { _, address in
            let request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
            let text = await blocking {
                let client = RawClient(address)
                client.send(String(repeating: request, count: 1000))
                client.endOutput()
                return client.readAll()
            }
            #expect(text.components("HTTP/1.1 200 OK").count == 1001)
        }
    }

    @Test func `a request is answered the same wherever it is cut`() async throws {
        try await withServer { _, address in
            let request = Array(
                "POST /cut HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                    .utf8
            )
            let wrong = await blocking {
                let client = RawClient(address)
                var wrong: [Int] = []
                for cut in 1..<request.count {
                    client.send(Array(request[..<cut]))
                    // So that it arrives in two pieces.
                    usleep(300)
                    client.send(Array(request[cut...]))
                    if !client.read(until: "POST /cut abcde").hasSuffix("POST /cut abcde") { wrong.append(cut) }
                    client.forget()
                }
                return wrong
            }
            #expect(wrong == [])
        }
    }

    @Test func `defects get their status, as a problem, and end the connection`() async throws {
        try await withServer { _, address in
            let cases = [
                ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/9.1\r\n\r\n", 505),
                ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
                ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
                ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                ("GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 70000))\r\n\r\n", 431),
            ]
            for (request, status) in cases {
                let text = await exchange(address, request + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(80))")
                #expect(
                    text.contains("content-type: application/problem+json") && text.contains("\"status\":\(status)")
                )
                #expect(!text.contains("/next"))
            }
        }
    }

    @Test func `a body above the limit of the handler gets 413, before it is sent when announced`() async throws {
        let handler: HTTPHandler = { request in
            do throws(HTTPStreamError) {
                return .text("\(try await request.body.collect(limit: 10).count)")
            } catch {
                return .text("\(error.code)", status: 413)
            }
        }
        try await withServer(handler: handler) { _, address in
            let announced = await exchange(
                address,
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(announced.hasPrefix("HTTP/1.1 413 ") && announced.hasSuffix("tooLarge"), "\(announced)")
            let chunked = await exchange(
                address,
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                    + "b\r\nhello world\r\n0\r\n\r\n"
            )
            #expect(chunked.hasPrefix("HTTP/1.1 413 "))
            let huge = await exchange(
                address,
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n"
                    + String(repeating: "x", count: 3_000_000)
            )
            #expect(huge.hasPrefix("HTTP/1.1 413 "), "the answer arrives although the body is not read")
            let small = await exchange(
                address,
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n" + String(repeating: "x", count: 20)
                    + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            #expect(small.contains("413") && small.contains("HTTP/1.1 200"), "a small rest is thrown away")
        }
    }

    @Test func `a client that waits for leave gets it when the handler reads`() async throws {
        try await withServer { _, address in
            let text = await blocking {
                let client = RawClient(address)
                client.send(
                    "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n"
                        + "Expect: 100-continue\r\n\r\n"
                )
                client.read(until: "\r\n\r\n")
                client.send("ok")
                return client.readAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") && text.hasSuffix("POST /e ok"))
        }
    }

    @Test func `an old client gets a body that ends with the connection`() async throws {
        let handler: HTTPHandler = { _ in
            .stream { writer in
                try await writer.write("one ")
                try await writer.write("two")
            }
        }
        try await withServer(handler: handler) { _, address in
            let old = await exchange(address, "GET / HTTP/1.0\r\n\r\n")
            #expect(old.hasSuffix("\r\n\r\none two") && !old.contains("chunked"))
            let new = await exchange(address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(new.hasSuffix("\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"))
            let head = await exchange(address, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(head.hasSuffix("transfer-encoding: chunked\r\nconnection: close\r\n\r\n"))
        }
    }

    @Test func `a client that has ended its side still gets the answer`() async throws {
        let handler: HTTPHandler = { _ in
            try? await Task.sleep(for: .milliseconds(50))
            return .text("late")
        }
        try await withServer(handler: handler) { _, address in
            let text = await exchange(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", endsOutput: true)
            #expect(text.hasSuffix("late"))
        }
    }

    @Test func `trailers are sent to clients that ask for them`() async throws {
        let handler: HTTPHandler = { _ in
            .stream { writer in
                try await writer.write("x")
                writer.setTrailers(["X-Sum": "1"])
            }
        }
        try await withServer(handler: handler) { _, address in
            let with = await exchange(address, "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n")
            #expect(with.hasSuffix("1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n"))
            let without = await exchange(address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(without.hasSuffix("1\r\nx\r\n0\r\n\r\n"))
        }
    }
}

extension String {
    func components(_ separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
