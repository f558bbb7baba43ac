// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Reactor
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ServerLifeTests {
    @Test func `a stop lets answers end and takes no more connections`() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let (gate, open) = AsyncStream<Void>.makeStream()
        var configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
        configuration.loops = 1
        let server = try await WebServer.start(configuration) { _ in
            start.yield()
            for await _ in gate { break }
            return .text("late")
        }
        let address = server.addresses[0]
        let idle = await blocking { RawClient(address) }
        async let answer = exchange(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in started { break }
        async let stop: Void = server.stop(within: .seconds(30))
        // What is idle is closed at once, when the stop has begun.
        #expect(await blocking { idle.readAll() } == "")
        open.yield()
        #expect(await answer.hasSuffix("connection: close\r\n\r\nlate"))
        await stop
        #expect(server.connectionCount == 0)
        #expect(throws: SocketError.self) {
            _ = try ListeningSocket.tcp(host: "127.0.0.1", port: address.port ?? 0).close()
            throw SocketError("the port is free again")
        }
    }

    @Test func `what goes on after the time to stop is cancelled`() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let isCancelled = Atomic(false)
        let server = try await WebServer.start(ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) {
            _ in
            start.yield()
            do { try await Task.sleep(for: .seconds(60)) } catch { isCancelled.store(true, ordering: .relaxed) }
            return .text("never")
        }
        let address = server.addresses[0]
        async let answer = exchange(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in started { break }
        await server.stop(within: .milliseconds(50))
        #expect(await answer == "")
        while !isCancelled.load(ordering: .relaxed) { await Task.yield() }
    }

    @Test func `a handler is cancelled when its client goes away`() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Bool>.makeStream()
        try await withServer({ $0.timeouts.halfClosed = .milliseconds(100) }) { _ in
            start.yield()
            do { try await Task.sleep(for: .seconds(60)) } catch { end.yield(error is CancellationError) }
            return .text("never")
        } body: { _, address in
            for isAbrupt in [true, false] {
                await blocking {
                    let client = RawClient(address)
                    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    var wait = linger(l_onoff: isAbrupt ? 1 : 0, l_linger: 0)
                    setsockopt(client.descriptor, SOL_SOCKET, SO_LINGER, &wait, socklen_t(MemoryLayout<linger>.size))
                    usleep(20_000)
                }
                for await _ in started { break }
                for await isCancelled in ended {
                    #expect(isCancelled)
                    break
                }
            }
        }
    }

    @Test func `clients that take too long are let go`() async throws {
        try await withServer {
            $0.timeouts.idle = .milliseconds(200)
            $0.timeouts.head = .milliseconds(200)
            $0.timeouts.body = .milliseconds(200)
        } body: { _, address in
            #expect(await exchange(address, "") == "")
            let slow = await exchange(address, "GET / HTTP/1.1\r\nHost")
            #expect(slow.hasPrefix("HTTP/1.1 408 "))
            let body = await exchange(address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
            #expect(body.hasPrefix("HTTP/1.1 408 "))
            let kept = await exchange(address, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(kept.hasSuffix("GET /kept "))
            let dripping = await blocking {
                let client = RawClient(address)
                client.send("GET / HTTP/1.1\r\nHost: a\r\n")
                for _ in 0..<40 where client.send("A: b\r\n") { usleep(20_000) }
                return client.readAll()
            }
            #expect(
                dripping.hasPrefix("HTTP/1.1 408 ") || dripping == "",
                "the time of a head runs from its first byte"
            )
        }
    }

    @Test func `a client that does not read is let go`() async throws {
        let (ended, end) = AsyncStream<HTTPStreamError.Code>.makeStream()
        try await withServer({ $0.timeouts.write = .milliseconds(200) }) { _ in
            .stream { writer in
                do throws(HTTPStreamError) {
                    while true { try await writer.write([UInt8](repeating: 1, count: 65536)) }
                } catch { end.yield(error.code) }
            }
        } body: { _, address in
            let client = await blocking {
                let client = RawClient(address, receiveBuffer: 4096)
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return client
            }
            for await code in ended {
                #expect(code == .timeout)
                break
            }
            withExtendedLifetime(client) {}
        }
    }

    @Test func `more connections than allowed are refused in words`() async throws {
        try await withServer {
            $0.limits.connections = 2
        } body: { server, address in
            let first = await blocking { [RawClient(address), RawClient(address)] }
            while server.connectionCount < 2 { await Task.yield() }
            #expect(await exchange(address, "").hasPrefix("HTTP/1.1 503 "))
            await blocking {
                first[0].send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(first[0].readAll().hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test func `a Unix socket serves, and its path goes with the server`() async throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/socket"
        try await withServer({ $0.endpoints = [.unix(path: path)] }) { request in
            .text("\(request.remoteAddress)")
        } body: { server, address in
            #expect(address == .unix(path: path))
            #expect(await exchange(address, "GET / HTTP/1.0\r\n\r\n").hasSuffix("unix:"))
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test func `a file is sent in part, and one that is shorter than said breaks off`() async throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/file"
        let bytes = (0..<300_000).map { UInt8($0 % 251) }
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        close(file)
        let handler: HTTPHandler = { request in
            let descriptor = open(path, O_RDONLY)
            let count = request.path == ["short"] ? 400_000 : 299_000
            return HTTPResponse(
                status: 200,
                body: .file(FileRange(descriptor: descriptor, offset: 1_000, count: count))
            )
        }
        try await withServer(handler: handler) { _, address in
            let whole = await blocking {
                let client = RawClient(address)
                client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                _ = client.readAll()
                return client.received
            }
            #expect(whole.suffix(299_000) == bytes[1_000...])
            let short = await blocking {
                let client = RawClient(address)
                client.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = client.readAll()
                return client.received.count
            }
            #expect(short < 300_000)
        }
    }

    @Test func `headers that all answers have are sent beside their own`() async throws {
        let common = CommonHeaders(["X-Common": "yes", "X-Other": "1"])
        let handler: HTTPHandler = { _ in
            var response = HTTPResponse.text("hello")
            response.commonHeaders = common
            return response
        }
        let own = "content-type: text/plain; charset=utf-8\r\nx-common: yes\r\nx-other: 1\r\n"
        try await withServer(handler: handler) { _, address in
            let text = await exchange(address, "GET / HTTP/1.0\r\n\r\n")
            #expect(text.contains(own) && text.hasSuffix("content-length: 5\r\nconnection: close\r\n\r\nhello"))
            let url = "http://127.0.0.1:\(address.port ?? 0)/"
            #expect(await shell("curl -si --http2-prior-knowledge --max-time 20 \(url)").output.contains(own))
        }
        let response = await InProcessServer(handler: handler).send("GET", "/")
        #expect(response.header("x-common") == "yes" && response.headers.fields.count == 3)
    }

    @Test func `a stream that keeps quiet says so`() async throws {
        let handler: HTTPHandler = { _ in
            .events(keepAlive: .milliseconds(100)) { events in
                try await events.send("a\nb", event: "x", id: "7")
                try await Task.sleep(for: .seconds(60))
            }
        }
        try await withServer(handler: handler) { _, address in
            let text = await blocking {
                let client = RawClient(address)
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return client.read(until: "3\r\n:\n\n\r\n3\r\n:\n\n\r\n")
            }
            #expect(text.contains("content-type: text/event-stream\r\n"))
            #expect(text.contains("event: x\nid: 7\ndata: a\ndata: b\n\n"))
            #expect(text.hasSuffix("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"))
        }
    }

    @Test func `connections are spread over the loops`() async throws {
        let names = Mutex<[String: Int]>([:])
        try await withServer({ $0.loops = 2 }) { _ in
            var name = [CChar](repeating: 0, count: 16)
            let file = open("/proc/thread-self/comm", O_RDONLY)
            read(file, &name, 15)
            close(file)
            let text = String(decoding: name.prefix { $0 > 32 }.map { UInt8($0) }, as: UTF8.self)
            names.withLock { $0[text, default: 0] += 1 }
            return .text(text)
        } body: { _, address in
            await blocking {
                let clients = (0..<40).map { _ in RawClient(address) }
                for client in clients {
                    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    client.read(until: "http-")
                }
            }
        }
        let counts = names.withLock { $0 }
        #expect(counts.keys.sorted() == ["http-1", "http-2"] && counts.values.allSatisfy { $0 >= 15 }, "\(counts)")
    }
}
