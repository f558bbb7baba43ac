// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Synchronization
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(5))) struct HTTPStreamTests {
    private static func withServer<Value>(
        _ handler: @escaping HTTPHandler,
        _ body: (_ url: String) async throws -> Value
    ) async throws -> Value {
        let configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
        let server = try await WebServer.start(configuration, handler: handler)
        do {
            let value = try await body("http://\(server.addresses[0])/")
            await server.stop(within: .zero)
            return value
        } catch {
            await server.stop(within: .zero)
            throw error
        }
    }

    private static func failure(_ stream: HTTPStream) async -> HTTPClientError? {
        do throws(HTTPClientError) {
            while try await stream.next() != nil {}
            return nil
        } catch { return error }
    }

    @Test func `the head comes before the body, and pieces as they are sent`() async throws {
        // The server sends the second piece only after the first one was read.
        let (asked, ask) = AsyncStream<Void>.makeStream()
        try await Self.withServer { _ in
            .stream(status: 201, headers: ["x-kind": "live"]) { writer in
                try await writer.write("one")
                for await _ in asked { break }
                try await writer.write("two")
            }
        } _: { url in
            let client = HTTPClient(policy: .unrestricted)
            let stream = try await client.stream(.init(url: url), silence: .seconds(30))
            #expect(stream.status == 201 && stream.header("x-kind") == "live")
            var text = ""
            while let bytes = try await stream.next() {
                text += String(decoding: bytes, as: UTF8.self)
                if text == "one" { ask.yield() }
            }
            #expect(text == "onetwo")
        }
    }

    @Test func `a reader that is behind holds the sender back, and loses nothing`() async throws {
        let written = Mutex(0)
        let total = 16 << 20
        try await Self.withServer { _ in
            .stream(length: total) { writer in
                let piece = [UInt8](repeating: 7, count: 1 << 16)
                for _ in 0..<(total / piece.count) {
                    try await writer.write(piece)
                    written.withLock { $0 += piece.count }
                }
            }
        } _: { url in
            let stream = try await HTTPClient(policy: .unrestricted).stream(.init(url: url), silence: .seconds(30))
            var read = try await stream.next()?.count ?? 0
            // What is in flight fits into the buffers of both sides and of the system.
            #expect(written.withLock { $0 } < total)
            while let bytes = try await stream.next() { read += bytes.count }
            #expect(read == total)
        }
    }

    @Test func `silence ends a stream, and so does cancelling it`() async throws {
        try await Self.withServer { _ in
            .stream { writer in
                try await writer.write("x")
                try await Task.sleep(for: .seconds(3600))
            }
        } _: { url in
            let client = HTTPClient(policy: .unrestricted)
            let silent = try await client.stream(.init(url: url), silence: .seconds(1))
            #expect(await Self.failure(silent)?.code == .timeout)
            let cancelled = try await client.stream(.init(url: url), silence: .seconds(60))
            cancelled.cancel()
            #expect(await Self.failure(cancelled)?.code == .cancelled)
            let task = Task {
                let stream = try await client.stream(.init(url: url), silence: .seconds(60))
                return await Self.failure(stream)?.code
            }
            task.cancel()
            let code = try? await task.value
            #expect(code == nil || code == .cancelled)
        }
    }

    @Test func `a policy holds for streams too`() async throws {
        let error = await { () async -> HTTPClientError? in
            do throws(HTTPClientError) {
                _ = try await HTTPClient().stream(.init(url: "http://127.0.0.1:1/"), silence: .seconds(1))
                return nil
            } catch { return error }
        }()
        #expect(error?.code == .blocked)
    }
}
