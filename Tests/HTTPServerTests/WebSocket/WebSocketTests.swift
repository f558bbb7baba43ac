// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Reactor
import Synchronization
import TestSupport
import Testing

private let sockets: HTTPHandler = { request in
    var options = WebSocketOptions()
    options.maxMessageBytes = 200_000
    if request.path == ["ping"] { options.pingInterval = .milliseconds(150) }
    return .webSocket(for: request, subprotocols: ["b", "a"], options: options) { socket in
        if request.path == ["flood"] {
            while true { try await socket.send(.binary([UInt8](repeating: 1, count: 65536))) }
        }
        if request.path == ["fail"] { throw CancellationError() }
        for try await message in socket {
            if message == .text("close") { return }
            try await socket.send(message)
        }
    }
}

private func upgrade(_ path: String = "/", _ extra: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(extra)\r\n"
}

/// All that comes after the head of the answer.
private func frames(_ address: SocketAddress, path: String = "/", _ bytes: [UInt8]) async -> [UInt8] {
    await blocking {
        let client = RawClient(address)
        // At once: frames may follow the request without waiting.
        client.send(Array(upgrade(path).utf8) + bytes)
        _ = client.readAll()
        let end = client.received.indices.first { client.received[$0...].starts(with: [13, 10, 13, 10]) } ?? -4
        return Array(client.received[(end + 4)...])
    }
}

@Suite(.timeLimit(.minutes(5))) struct WebSocketTests {
    @Test func `the answer to an upgrade is that of the standard`() async throws {
        try await withServer(handler: sockets) { _, address in
            let text = await blocking {
                let client = RawClient(address)
                client.send(upgrade("/", "Sec-WebSocket-Protocol: x, a, b\r\n"))
                return client.read(until: "\r\n\r\n")
            }
            #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(text.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(text.contains("sec-websocket-protocol: b\r\n"))
            let cases = [
                ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 426),
                (upgrade().replacing("Version: 13", with: "Version: 8"), 426),
                (upgrade().replacing("GET", with: "POST"), 405), (upgrade().replacing("ZQ==", with: ""), 400),
                (upgrade().replacing("dGhl", with: "dGh"), 400),
                (upgrade("/", "Content-Length: 1\r\n"), 400),
            ]
            for (request, status) in cases {
                let text = await exchange(address, request, endsOutput: true)
                #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(request)")
            }
        }
    }

    @Test func `messages are echoed, pings answered, and closings too`() async throws {
        try await withServer(handler: sockets) { _, address in
            let echoed = await frames(
                address,
                maskedFrame(0x81, Array("hi".utf8)) + maskedFrame(0x89, [1, 2]) + maskedFrame(0x81, Array("close".utf8))
                    + maskedFrame(0x88, [3, 0xe8])
            )
            #expect(echoed.contains(0x8a), "a pong")
            #expect(echoed.suffix(4) == [0x88, 2, 3, 0xe8])
            let closed = await frames(address, maskedFrame(0x88, [0x0f, 0xa0, 65]))
            #expect(closed == [0x88, 2, 0x0f, 0xa0])
            #expect(await frames(address, maskedFrame(0x88, [])) == [0x88, 0])
            let bare = await frames(address, [0x81, 1, 65])
            #expect(bare.prefix(4) == [0x88, UInt8(bare.count - 2), 3, 0xea], "1002")
            let huge = await frames(address, [0x82, 0xff, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0])
            #expect(huge.dropFirst(2).prefix(2) == [3, 0xf1], "1009")
            let failed = await blocking {
                let client = RawClient(address)
                client.send(upgrade("/fail"))
                while client.received.suffix(4) != [0x88, 2, 3, 0xf3], client.read() {}
                return client.received.suffix(4)
            }
            #expect(failed == [0x88, 2, 3, 0xf3], "1011")
        }
    }

    @Test func `a client that says nothing is asked, and let go`() async throws {
        try await withServer(handler: sockets) { _, address in
            #expect(await frames(address, path: "/ping", []) == [0x89, 0])
        }
    }

    @Test func `a stop closes with 1001`() async throws {
        var configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
        configuration.loops = 1
        let server = try await WebServer.start(configuration, handler: sockets)
        let address = server.addresses[0]
        let client = await blocking {
            let client = RawClient(address)
            client.send(upgrade())
            client.read(until: "\r\n\r\n")
            client.forget()
            return client
        }
        async let stop: Void = server.stop(within: .seconds(20))
        let bytes = await blocking {
            client.read()
            client.send(maskedFrame(0x88, [3, 0xe9]))
            return client.received
        }
        #expect(bytes == [0x88, 2, 3, 0xe9])
        await stop
    }

    @Test func `a client that does not read holds its sender back`() async throws {
        let sent = Atomic(0)
        let (ended, end) = AsyncStream<HTTPStreamError.Code>.makeStream()
        try await withServer({ $0.timeouts.write = .milliseconds(300) }) { request in
            .webSocket(for: request) { socket in
                do throws(HTTPStreamError) {
                    while true {
                        try await socket.send(.binary([UInt8](repeating: 1, count: 65536)))
                        sent.add(1, ordering: .relaxed)
                    }
                } catch { end.yield(error.code) }
            }
        } body: { _, address in
            let client = await blocking {
                let client = RawClient(address, receiveBuffer: 4096)
                client.send(upgrade())
                return client
            }
            for await code in ended {
                #expect(code == .timeout)
                break
            }
            // What the kernel keeps for a socket, and our own bounds.
            #expect(sent.load(ordering: .relaxed) < 200)
            withExtendedLifetime(client) {}
        }
    }

    @Test func `a handler is called in process`() async throws {
        let server = InProcessServer(handler: sockets)
        let headers: HTTPHeaders = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "a",
        ]
        let response = await server.send("GET", "/", headers: headers)
        #expect(response.status == 101)
        let socket = try #require(response.webSocket)
        #expect(socket.subprotocol == "a")
        socket.send(.text("hello"))
        #expect(try await socket.receive() == .text("hello"))
        socket.send(.text("close"))
        #expect(try await socket.receive() == nil)
        #expect(socket.closeCode == .normal)
        await response.finished()
        #expect(await server.send("GET", "/").status == 426)
    }

    @Test(.enabled(if: hasPython("websockets"), "Python has no websockets"))
    func `websockets from PyPI works`() async throws {
        let folder = TemporaryFolder()
        let script = """
            import asyncio, sys, websockets
            async def main():
                async with websockets.connect(sys.argv[1], subprotocols=["a", "x"], compression=None) as socket:
                    assert socket.subprotocol == "a"
                    for size in (0, 1, 125, 126, 65535, 65536, 200000):
                        await socket.send("x" * size)
                        assert await socket.recv() == "x" * size
                        await socket.send(b"y" * size)
                        assert await socket.recv() == b"y" * size
                    await socket.send(["a", "b", "c"])
                    assert await socket.recv() == "abc"
                    await (await socket.ping())
                    await socket.send(b"z" * 200001)
                    try:
                        await socket.recv()
                    except websockets.ConnectionClosed as error:
                        print(error.rcvd.code)
            asyncio.run(main())
            """
        let file = "\(folder.path)/client.py"
        let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
        write(descriptor, script, script.utf8.count)
        close(descriptor)
        try await withServer(handler: sockets) { _, address in
            #expect(await shell("\(python) \(file) ws://\(address)/").output == "1009\n")
        }
    }
}
