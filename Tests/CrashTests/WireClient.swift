// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON

/// A connection to a server on this machine that says exactly what the test wants. Calls block for a minute at most.
final class WireClient {
    private let socket: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw BatonProcess.Failure(description: "no connection: errno \(errno)") }
    }

    deinit { close(socket) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// So many bytes; `nil` when the connection ended before.
    func read(_ count: Int) -> [UInt8]? {
        while buffer.count - start < count {
            if start > 0 {
                buffer.removeFirst(start)
                start = 0
            }
            var piece = [UInt8](repeating: 0, count: 65_536)
            let received = recv(socket, &piece, piece.count, 0)
            guard received > 0 else { return nil }
            buffer += piece.prefix(received)
        }
        defer { start += count }
        return Array(buffer[start..<(start + count)])
    }

    /// A line without its end; `nil` when the connection ended before.
    func line() -> String? {
        var line: [UInt8] = []
        while let byte = read(1) {
            if byte[0] == 0x0a {
                return String(decoding: line.last == 0x0d ? line.dropLast() : line[...], as: UTF8.self)
            }
            line.append(byte[0])
        }
        return nil
    }

    /// One request of HTTP/1.0 and the whole answer.
    func request(_ method: String, _ path: String, _ headers: [String], _ body: String = "") -> (
        status: Int, body: String
    )? {
        let head = ["\(method) \(path) HTTP/1.0", "Content-Length: \(body.utf8.count)"] + headers
        send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
        guard let first = line() else { return nil }
        while let line = line(), !line.isEmpty {}
        var rest: [UInt8] = []
        while let byte = read(1) { rest += byte }
        return (Int(first.split(separator: " ").dropFirst().first ?? "") ?? 0, String(decoding: rest, as: UTF8.self))
    }

    // MARK: Server-sent events

    /// The id of the next event; `nil` when the stream ended. A comment is passed over.
    func eventID() -> Int64? {
        var id: Int64?
        while let line = line() {
            if line.hasPrefix("id:") { id = Int64(line.dropFirst(3).drop { $0 == " " }) }
            if line.isEmpty, let id { return id }
        }
        return nil
    }

    // MARK: WebSocket

    /// Opens a WebSocket; false when the server does not agree.
    func upgrade(_ path: String, _ headers: [String]) -> Bool {
        let head = [
            "GET \(path) HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        send((head + headers).joined(separator: "\r\n") + "\r\n\r\n")
        let isOpen = line()?.contains(" 101 ") ?? false
        while let line = line(), !line.isEmpty {}
        return isOpen
    }

    /// Sends a text of fewer than 126 bytes.
    func sendMessage(_ text: String) {
        send([0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8))
    }

    /// The next text; `nil` when the connection ended. Pings are passed over.
    func message() -> JSONValue? {
        while let head = read(2) {
            var count = Int(head[1] & 0x7f)
            if count >= 126 {
                guard let more = read(count == 126 ? 2 : 8) else { return nil }
                count = more.reduce(0) { $0 << 8 | Int($1) }
            }
            guard let bytes = read(count) else { return nil }
            if head[0] == 0x81 { return try? JSONValue(parsing: bytes) }
            if head[0] == 0x88 { return nil }
        }
        return nil
    }
}
