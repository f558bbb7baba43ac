// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Testing

/// Who watches a server that is killed again and again misses nothing and sees nothing twice.
@Suite(.offPool, .timeLimit(.minutes(5)), .serialized) struct StreamCrashTests {
    private static let kills = 10
    private static let workflow = """
        workflow: count
        nodes:
          - {id: a, type: transform, config: {expr: "1"}}
          - {id: b, type: transform, depends_on: [a], config: {expr: "nodes.a.output + 1"}}
        """

    /// One watcher: what it saw, over all its connections.
    private struct Watcher {
        var seen: [Int64] = []
        var client: WireClient?
        var last: Int64 { seen.last ?? 0 }
    }

    private let folder: CrashFolder

    init() throws { folder = try CrashFolder(Self.workflow) }

    @Test func `streams go on after kills without a gap and without a repeat`() throws {
        var (stream, socket) = (Watcher(), Watcher())
        var total: Int64 = 0
        for kill in 0...Self.kills {
            let server = try ServerProcess(folder: folder.path, program: BatonProcess.path)
            let authorization = "Authorization: Bearer \(try token())"
            if kill == 0 {
                let published = try WireClient(port: server.port).request(
                    "POST",
                    "/v1/workflows",
                    [authorization, "Content-Type: application/yaml"],
                    Self.workflow
                )
                #expect(published?.status == 201)
            }
            stream.client = try follow(server, authorization, after: stream.last)
            socket.client = try subscribe(server, authorization, after: socket.last)
            let isLast = kill == Self.kills
            for _ in 1...5 {
                let wait = isLast ? ["Prefer: wait=60"] : []
                let reply = try WireClient(port: server.port)
                    .request("POST", "/v1/workflows/count/runs", [authorization] + wait)
                #expect(reply?.status == (isLast ? 200 : 202))
            }
            if isLast { total = try lastEvent(server, authorization) }
            // Each run leaves six events at least; where the cut comes among them is chance.
            let count = Int.random(in: 1...25)
            try read(&stream, isLast ? total : stream.last + Int64(count)) { $0.eventID() }
            try read(&socket, isLast ? total : socket.last + Int64(count)) { $0.message()?["event"]?["seq"]?.intValue }
            if isLast {
                #expect(server.stop() == 0)
            } else {
                server.kill()
            }
        }
        let expected = Array(1...total)
        #expect(stream.seen == expected, "the stream: \(stream.seen.count) of \(expected.count)")
        #expect(socket.seen == expected, "the socket: \(socket.seen.count) of \(expected.count)")
    }

    /// Reads events up to a number.
    private func read(_ watcher: inout Watcher, _ end: Int64, _ next: (WireClient) -> Int64?) throws {
        let client = try #require(watcher.client)
        while watcher.last < end {
            let id = next(client)
            watcher.seen.append(try #require(id, "the connection ended after \(watcher.last)"))
        }
    }

    /// The number of the last event, from pages.
    private func lastEvent(_ server: ServerProcess, _ authorization: String) throws -> Int64 {
        var last: Int64 = 0
        while true {
            let reply = try WireClient(port: server.port)
                .request("GET", "/v1/events?limit=500&after=\(last)", [authorization])
            let items = try JSONValue(parsing: Array((reply?.body ?? "").utf8))["items"]?.arrayValue ?? []
            guard let next = items.last?["seq"]?.intValue else { return last }
            last = next
        }
    }

    private func token() throws -> String {
        let descriptor = open("\(folder.path)/data/token", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = max(0, Glibc.read(descriptor, &bytes, bytes.count))
        return String(decoding: bytes.prefix(count), as: UTF8.self).filter { !$0.isWhitespace }
    }

    private func follow(_ server: ServerProcess, _ authorization: String, after last: Int64) throws -> WireClient {
        let client = try WireClient(port: server.port)
        let head = [
            "GET /v1/events HTTP/1.0", authorization, "Accept: text/event-stream", "Last-Event-ID: \(last)",
        ]
        client.send(head.joined(separator: "\r\n") + "\r\n\r\n")
        #expect(client.line()?.contains(" 200 ") == true)
        while let line = client.line(), !line.isEmpty {}
        return client
    }

    private func subscribe(_ server: ServerProcess, _ authorization: String, after last: Int64) throws -> WireClient {
        let client = try WireClient(port: server.port)
        #expect(client.upgrade("/v1/ws", [authorization]))
        client.sendMessage("{\"subscribe\": {}, \"after\": \(last)}")
        #expect(client.message()?["subscribed"]?["after"]?.intValue == last)
        return client
    }
}
