// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Reactor
import Synchronization
import Testing

/// One frame in bytes.
func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
    let count = payload.count
    return [UInt8(count >> 16), UInt8(count >> 8 & 0xff), UInt8(count & 0xff), type, flags]
        + [24, 16, 8, 0].map { UInt8(stream >> UInt32($0) & 0xff) } + payload
}

/// Says that HTTP/2 is spoken, with empty settings.
let hello = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0)

/// GET, POST, http, / as the static table of HPACK has them, and an authority.
let getHead: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x01, 0x61]
let postHead: [UInt8] = [0x83, 0x86, 0x84, 0x41, 0x01, 0x61]

/// Types of the frames in it, and what the first GOAWAY says.
private func read(_ bytes: [UInt8]) -> (types: [UInt8], goAway: UInt8?) {
    var (index, types, reason): (Int, [UInt8], UInt8?) = (0, [], nil)
    while index + 9 <= bytes.count {
        let count = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
        types.append(bytes[index + 3])
        if bytes[index + 3] == 7, index + 17 <= bytes.count, reason == nil { reason = bytes[index + 16] }
        index += 9 + count
    }
    return (types, reason)
}

@Suite(.timeLimit(.minutes(5))) struct HTTP2FrameTests {
    @Test func `the first bytes may come one by one`() async throws {
        try await withServer { _, address in
            let types = await blocking {
                let client = RawClient(address)
                for byte in hello + frame(1, 5, 1, getHead) {
                    client.send([byte])
                    usleep(200)
                }
                while !read(client.received).types.contains(0), client.read() {}
                return read(client.received).types
            }
            #expect(types.contains(1) && types.contains(0))
        }
    }

    @Test func `a client that resets streams without end is cut off`() async throws {
        let calls = Atomic(0)
        try await withServer({ _ in }) { _ in
            calls.add(1, ordering: .relaxed)
            try? await Task.sleep(for: .seconds(5))
            return .text("x")
        } body: { _, address in
            let reason = await blocking {
                let client = RawClient(address)
                client.send(hello)
                for number in 0..<3000 {
                    let id = UInt32(number * 2 + 1)
                    guard client.send(frame(1, 5, id, getHead) + frame(3, 0, id, [0, 0, 0, 8])) else { break }
                }
                _ = client.readAll()
                return read(client.received).goAway
            }
            // What nghttp2 says then: INTERNAL_ERROR.
            #expect(reason == 2)
            #expect(calls.load(ordering: .relaxed) < 800)
        }
    }

    @Test func `a request is cancelled when its stream is reset`() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Bool>.makeStream()
        try await withServer({ _ in }) { _ in
            start.yield()
            do { try await Task.sleep(for: .seconds(60)) } catch { end.yield(error is CancellationError) }
            return .text("x")
        } body: { _, address in
            let client = await blocking {
                let client = RawClient(address)
                client.send(hello + frame(1, 5, 1, getHead))
                return client
            }
            for await _ in started { break }
            await blocking { _ = client.send(frame(3, 0, 1, [0, 0, 0, 8])) }
            for await isCancelled in ended {
                #expect(isCancelled)
                break
            }
        }
    }

    @Test func `a body that nobody reads holds its sender back`() async throws {
        try await withServer({ _ in }) { _ in
            try? await Task.sleep(for: .milliseconds(300))
            return .text("x")
        } body: { _, address in
            let windows = await blocking {
                let client = RawClient(address)
                client.send(hello + frame(1, 4, 1, postHead))
                for _ in 0..<4 { client.send(frame(0, 0, 1, [UInt8](repeating: 0, count: 16000))) }
                while !read(client.received).types.contains(1), client.read() {}
                // Of the connection at the start; none for what came.
                return read(client.received).types.filter { $0 == 8 }.count
            }
            #expect(windows <= 2)
        }
    }

    @Test func `a stop says so and lets streams end`() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let server = try await WebServer.start(ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) {
            _ in
            start.yield()
            try? await Task.sleep(for: .milliseconds(400))
            return .text("late")
        }
        let address = server.addresses[0]
        async let bytes = blocking {
            let client = RawClient(address)
            client.send(hello + frame(1, 5, 1, getHead))
            _ = client.readAll()
            return client.received
        }
        for await _ in started { break }
        await server.stop(within: .seconds(20))
        let seen = read(await bytes)
        #expect(seen.goAway == 0)
        #expect(seen.types.contains(1) && seen.types.contains(0))
    }

    @Test func `what is no HTTP2 ends the connection`() async throws {
        try await withServer { _, address in
            for bytes in [
                hello + frame(1, 5, 2, getHead), hello + frame(0, 0, 1, [1]),
                hello + frame(1, 5, 1, [0xff, 0xff, 0xff]),
                hello + frame(6, 0, 0, [1]), hello + frame(1, 5, 1, []) + frame(9, 0, 3, []),
            ] {
                let reason = await blocking {
                    let client = RawClient(address)
                    client.send(bytes)
                    _ = client.readAll()
                    return read(client.received).goAway
                }
                #expect((reason ?? 0) != 0, "\(bytes.dropFirst(33))")
            }
        }
    }
}
