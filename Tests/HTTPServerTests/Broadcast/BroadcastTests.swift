// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Reactor
import Synchronization
import Testing

private struct Piece: BroadcastItem {
    let number: Int64
    let bytes: [UInt8]

    init(_ number: Int64, size: Int = 1) {
        self.number = number
        bytes = EncodedEvent(String(repeating: "x", count: size), id: String(number)).bytes
    }
}

/// Every so many pieces.
private struct Every: BroadcastFilter {
    var count: Int64 = 1

    func wants(_ item: Piece) -> Bool { item.number % count == 0 }
}

/// A broadcast whose past is in another place, and what was heard of its followers.
private final class Station: Sendable {
    let broadcast: Broadcast<Every>
    let began = Atomic(0)
    let ended = Atomic(0)
    let cut = Atomic(0)
    let pages = Atomic(0)
    let woken = Atomic(0)

    init(keeping kept: Int = 4096) { broadcast = Broadcast(last: 0, keeping: kept) }

    /// Pieces that follow one another, each in a step of its own.
    func publish(_ numbers: ClosedRange<Int64>, size: Int = 1) {
        for number in numbers { broadcast.publish([Piece(number, size: size)]) }
    }

    /// Follows from `?after=`, with a filter `?every=`.
    func handler(keepAlive: Duration = .seconds(15)) -> HTTPHandler {
        { request in
            let filter = Every(count: request.query("every").flatMap { Int64($0) } ?? 1)
            return .events(
                following: self.broadcast,
                from: request.query("after").flatMap { Int64($0) } ?? 0,
                filter: filter,
                keepAlive: keepAlive,
                onChange: self.note
            ) { events, number in
                self.pages.add(1, ordering: .relaxed)
                let end = min(number + 100, self.broadcast.last)
                guard end > number else { return number }
                for next in (number + 1)...end where filter.wants(Piece(next)) {
                    try await events.send("x", id: String(next))
                }
                return end
            }
        }
    }

    @Sendable private func note(_ change: FollowerChange) {
        switch change {
        case .began: began.add(1, ordering: .relaxed)
        case .ended(let failure):
            ended.add(1, ordering: .relaxed)
            if failure?.code == .timeout { cut.add(1, ordering: .relaxed) }
        }
    }

    func wait(for count: Int, _ value: borrowing Atomic<Int>) async throws {
        while value.load(ordering: .relaxed) < count { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// The numbers of events in what came.
private func numbers(_ text: String) -> [Int64] {
    // By bytes: a carriage return and a line feed are one character.
    text.utf8.split(separator: 10).compactMap { line in
        line.starts(with: "id: ".utf8) ? Int64(String(decoding: line.dropFirst(4), as: UTF8.self)) : nil
    }
}

private let get = "HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite(.timeLimit(.minutes(5))) struct BroadcastTests {
    @Test func `followers go from the past to what is new without a gap and without a repeat`() async throws {
        let station = Station(keeping: 50)
        station.publish(1...1000)
        try await withServer(handler: station.handler()) { _, address in
            let clients = (0..<20).map { _ in RawClient(address) }
            for (index, client) in clients.enumerated() {
                client.send("GET /?after=\(index * 50)&every=\(index % 3 + 1) \(get)")
            }
            // While some read what is past.
            let speaking = Task { await blocking { station.publish(1001...5000) } }
            for (index, client) in clients.enumerated() {
                let filter = Every(count: Int64(index % 3 + 1))
                let expected = (Int64(index * 50 + 1)...5000).filter { filter.wants(Piece($0)) }
                let last = "id: \(expected.last ?? 0)\n"
                let text = await blocking { client.read(until: last) }
                let came = numbers(text)
                // Not the lists, which are long.
                let isSame = came == expected
                #expect(isSame, "client \(index): \(came.count) of \(expected.count), from \(came.first ?? 0)")
            }
            await speaking.value
            #expect(station.pages.load(ordering: .relaxed) > 0)
            #expect(station.began.load(ordering: .relaxed) == 20)
            station.broadcast.end()
            // The last chunk, not a broken connection.
            for client in clients { #expect(await blocking { client.read(until: "0\r\n\r\n") }.hasSuffix("0\r\n\r\n")) }
            try await station.wait(for: 20, station.ended)
            #expect(station.cut.load(ordering: .relaxed) == 0)
        }
    }

    @Test func `all protocols and the server without sockets send the same`() async throws {
        let station = Station(keeping: 5)
        station.publish(1...20)
        let expected = Array(Int64(3)...20)
        try await withServer(handler: station.handler()) { _, address in
            let (old, new) = (RawClient(address), RawClient(address))
            old.send("GET /?after=2 HTTP/1.0\r\n\r\n")
            new.send("GET /?after=2 \(get)")
            let port = address.port ?? 0
            let second = Task {
                await shell("curl -sN --http2-prior-knowledge --max-time 20 'http://127.0.0.1:\(port)/?after=2'").output
            }
            let inProcess = InProcessServer(handler: station.handler())
            let third = Task { try await inProcess.send("GET", "/?after=2").body.collect(limit: 1 << 20) }
            for client in [old, new] {
                #expect(numbers(await blocking { client.read(until: "id: 20\n") }) == expected)
            }
            try await station.wait(for: 4, station.began)
            station.broadcast.end()
            // Without chunks the end of the connection is the end.
            #expect(numbers(await blocking { old.readAll() }) == expected)
            #expect(numbers(await second.value) == expected)
            #expect(numbers(String(decoding: try await third.value, as: UTF8.self)) == expected)
            try await station.wait(for: 4, station.ended)
        }
    }

    @Test func `who takes nothing is cut off and keeps little until then`() async throws {
        let station = Station()
        try await withServer({ $0.timeouts.write = .milliseconds(500) }, handler: station.handler()) { server, to in
            let clients = (0..<10).map { _ in RawClient(to, receiveBuffer: 4096) }
            for client in clients { client.send("GET / \(get)") }
            try await station.wait(for: 10, station.began)
            // 6 MB for each of them, of which the kernel takes some. One reads all of it.
            let total = (1...100).reduce(0) { $0 + Piece(Int64($1), size: 64_000).bytes.count }
            let reading = Task {
                await blocking {
                    let reader = RawClient(to)
                    reader.send("GET / \(get)")
                    var count = 0
                    while count < total, reader.read() {
                        count += reader.received.count
                        reader.forget()
                    }
                    return count
                }
            }
            try await station.wait(for: 11, station.began)
            await blocking { station.publish(1...100, size: 64_000) }
            #expect(await reading.value >= total)
            try await station.wait(for: 10, station.cut)
            #expect(station.cut.load(ordering: .relaxed) == 10)
        }
    }

    @Test func `comments come while nothing does, also when the filter wants nothing`() async throws {
        let station = Station()
        try await withServer(handler: station.handler(keepAlive: .milliseconds(50))) { _, address in
            let client = RawClient(address)
            client.send("GET /?every=1000 \(get)")
            try await station.wait(for: 1, station.began)
            let speaking = Task {
                for number in Int64(1)...50 {
                    station.publish(number...number)
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            let text = await blocking { client.read(until: "\r\n:\n\n\r\n") }
            #expect(text.contains("\r\n:\n\n\r\n") && numbers(text).isEmpty)
            try await speaking.value
        }
    }

    @Test func `who goes away is forgotten, and a server that stops lets everybody go`() async throws {
        let station = Station()
        var configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
        configuration.timeouts.halfClosed = .milliseconds(100)
        let server = try await WebServer.start(configuration, handler: station.handler())
        do {
            let clients = (0..<300).map { _ in RawClient(server.addresses[0]) }
            for client in clients { client.send("GET / \(get)") }
            try await station.wait(for: 300, station.began)
            station.publish(1...1)
            for client in clients.prefix(150) { client.endOutput() }
            try await station.wait(for: 150, station.ended)
        }
        try await station.wait(for: 300, station.ended)
        #expect(station.cut.load(ordering: .relaxed) == 0)
        let client = RawClient(server.addresses[0])
        client.send("GET / \(get)")
        try await station.wait(for: 301, station.began)
        // Nobody ends the broadcast, so the time to stop runs out.
        await server.stop(within: .milliseconds(100))
        #expect(station.ended.load(ordering: .relaxed) == 301)
    }

    @Test func `tasks wait for what they want only`() async throws {
        let station = Station()
        await withTaskGroup { group in
            for after in Int64(0)..<10 {
                group.addTask {
                    await station.broadcast.wait(after: after)
                    station.woken.add(1, ordering: .relaxed)
                }
            }
            group.addTask { await station.broadcast.waitForEnd() }
            // Until it is cancelled, or its time is over.
            let cancelled = Task { await station.broadcast.wait(after: .max - 1) }
            await station.broadcast.wait(after: 100, until: .now + .milliseconds(1))
            cancelled.cancel()
            await cancelled.value
            station.publish(1...5)
            while station.woken.load(ordering: .relaxed) < 5 { await Task.yield() }
            #expect(station.woken.load(ordering: .relaxed) == 5)
            guard case .items(let items) = station.broadcast.items(after: 2) else {
                Issue.record("nothing is there")
                return
            }
            #expect(items.map(\.number) == [3, 4, 5])
            station.broadcast.end()
        }
        #expect(station.woken.load(ordering: .relaxed) == 10)
        guard case .ended = station.broadcast.items(after: 5) else {
            Issue.record("it goes on")
            return
        }
    }
}
