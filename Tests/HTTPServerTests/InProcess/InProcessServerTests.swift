// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct InProcessServerTests {
    @Test func `a handler is called without a socket`() async throws {
        let server = InProcessServer(handler: echo)
        let response = await server.send("POST", "/a?b=c", body: Array("hello".utf8))
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(try await response.body.collect(limit: 100) == Array("POST /a?b=c hello".utf8))
        #expect(await server.send("GET", "/%zz").status == 400)
    }

    @Test func `a streamed body comes as it is made, and no faster than it is read`() async throws {
        let written = Atomic(0)
        let server = InProcessServer { _ in
            .stream { writer in
                for _ in 0..<100 {
                    try await writer.write([UInt8](repeating: 1, count: 10_000))
                    written.add(1, ordering: .relaxed)
                }
                writer.setTrailers(["x-sum": "1"])
            }
        }
        let response = await server.send("GET", "/")
        var count = 0
        var lead = 0
        for try await chunk in response.body {
            count += chunk.count
            lead = max(lead, written.load(ordering: .relaxed) - count / 10_000)
        }
        #expect(count == 1_000_000)
        #expect(lead <= 8)
        #expect(response.trailers["X-Sum"] == "1")
    }

    @Test func `a handler is cancelled when the client goes away`() async throws {
        let reason = Mutex("")
        let server = InProcessServer { _ in
            .events { events in
                try await events.send("first")
                do {
                    try await Task.sleep(for: .seconds(60))
                } catch {
                    reason.withLock { $0 = "\(error is CancellationError)" }
                }
            }
        }
        let response = await server.send("GET", "/")
        var body = response.body.makeAsyncIterator()
        #expect(try await body.next() == Array("data: first\n\n".utf8))
        response.disconnect()
        await response.finished()
        #expect(reason.withLock { $0 } == "true")
    }

    @Test func `a body that breaks off is an error for the reader`() async throws {
        struct Failure: Error {}
        let server = InProcessServer { _ in
            .stream { writer in
                try await writer.write("x")
                throw Failure()
            }
        }
        let response = await server.send("GET", "/")
        let error = await #expect(throws: HTTPStreamError.self) { try await response.body.collect(limit: 100) }
        #expect(error?.code == .connectionClosed)
    }

    @Test func `an answer that cannot be sent becomes a 500`() async throws {
        let bad: [HTTPResponse] = [
            HTTPResponse(status: 200, headers: ["X-A": "b\r\nSet-Cookie: c"]),
            HTTPResponse(status: 200, headers: ["X-A": "b\nc"]), HTTPResponse(status: 200, headers: ["X A": "b"]),
            HTTPResponse(status: 200, headers: ["": "b"]), HTTPResponse(status: 99), HTTPResponse(status: 600),
        ]
        for response in bad {
            let server = InProcessServer { _ in response }
            let answer = await server.send("GET", "/")
            #expect(answer.status == 500 && answer.headers["x-a"] == nil, "\(response)")
        }
        let framed = InProcessServer { _ in
            HTTPResponse(status: 200, headers: ["Content-Length": "5", "Connection": "x", "X-B": "c"])
        }
        let answer = await framed.send("GET", "/")
        #expect(answer.headers.fields.map(\.name) == ["x-b"])
    }

    @Test func `text is compressed for clients that take it`() async throws {
        let text = String(repeating: "hello ", count: 1000)
        let server = InProcessServer { request in
            var response = request.path == ["small"] ? HTTPResponse.text("small") : .text(text)
            if request.path == ["image"] { response.headers["content-type"] = "image/png" }
            response.headers["etag"] = "\"1\""
            return response
        }
        let cases: [(String, String?, Bool)] = [
            ("/", "gzip", true), ("/", "br;q=1, gzip;q=0.5", true), ("/", "*", true), ("/", "gzip;q=0", false),
            ("/", "*, gzip;q=0.0", false), ("/", "identity", false), ("/", nil, false), ("/small", "gzip", false),
            ("/image", "gzip", false),
        ]
        for (path, accepted, isPacked) in cases {
            let response = await server.send("GET", path, headers: accepted.map { ["Accept-Encoding": $0] } ?? [:])
            #expect((response.header("content-encoding") == "gzip") == isPacked, "\(path) \(accepted ?? "")")
            #expect(response.header("etag") == (isPacked ? "W/\"1\"" : "\"1\""))
            let body = try await response.body.collect(limit: 100_000)
            #expect((body.prefix(2) == [0x1f, 0x8b]) == isPacked)
        }
        #expect(await server.send("GET", "/").header("vary") == "Accept-Encoding")
    }
}
