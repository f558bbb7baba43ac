// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Glibc
import JSON
import MCP
import Synchronization
import Threads

/// `baton mcp serve`: lines of the Model Context Protocol between a program that starts this one and a server of Baton.
enum MCPServe {
    /// The longest message.
    private static let byteLimit = 8 << 20
    /// Messages under way.
    private static let limit = 32

    static let command: CommandDescription = .init(
        name: "serve",
        summary: "Serve a client of the Model Context Protocol over standard input and output",
        discussion: """
            For programs that start MCP servers themselves: they get the tools of the server that runs on this machine, or that
            --server names, with the rights of the login. A program that speaks HTTP needs no command: the server answers at
            `/mcp`. Ends with standard input.
            """,
        examples: [
            .init(line: "baton mcp serve", comment: "as the command in the settings of such a program"),
            .init(line: "baton mcp serve --server https://baton.example.org", comment: "for a server elsewhere"),
        ],
        exits: [.unavailable],
        reach: .server
    ) { context throws(CommandFailure) in
        let session = MCPLineSession(try context.neededServer().client)
        var lines = InputLineBuffer(limit: byteLimit)
        let slots = ThreadSemaphore()
        for _ in 0..<limit { slots.signal() }
        while let chunk = readChunk() {
            for line in lines.feed(chunk) {
                slots.wait()
                let work = AsyncWork {
                    await session.carry(line)
                    slots.signal()
                }
                // What comes after it needs the session that it begins.
                if case .message(let json) = line, json["method"] == "initialize" { work.wait() }
            }
        }
        // All that were taken are answered.
        for _ in 0..<limit { slots.wait() }
        return .ok
    }

    /// What there is to read; `nil` at the end.
    private static func readChunk() -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { return Array(chunk[..<count]) }
            if count == 0 || errno != EINTR { return nil }
        }
    }
}

/// Takes lines out of what is read, however it is cut into pieces.
struct InputLineBuffer {
    enum Line: Sendable, Equatable {
        /// JSON.
        case message(JSONValue)
        /// Something else, or too long.
        case other
    }

    private let limit: Int
    private var line: [UInt8] = []
    private var isTooLong = false

    init(limit: Int) { self.limit = limit }

    /// The lines that are complete now; empty ones are passed over.
    mutating func feed(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            guard byte == 0x0a else {
                if line.count < limit { line.append(byte) } else { isTooLong = true }
                continue
            }
            if isTooLong {
                lines.append(.other)
            } else if line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) {
                lines.append((try? JSONValue(parsing: line)).map(Line.message) ?? .other)
            }
            line.removeAll(keepingCapacity: line.count < 1 << 16)
            isTooLong = false
        }
        return lines
    }
}

/// The way to the server and back.
private final class MCPLineSession: Sendable {
    private let client: APIClient
    private let bridge = Mutex(LineBridge())
    /// Held while a line is written: lines of several messages must not mix.
    private let output = Mutex(())

    init(_ client: APIClient) { self.client = client }

    func carry(_ line: InputLineBuffer.Line) async {
        guard case .message(let message) = line else { return write(LineBridge.noMessage) }
        var request = APIRequest("POST", "/mcp", json: message)
        request.headers = bridge.withLock { $0.headers(for: message) }
        request.headers.append(("accept", "application/json, text/event-stream"))
        // A call may wait for a minute, and the server has to get to it.
        request.timeout = .seconds(180)
        let id = message["method"] == nil ? nil : message["id"]
        do throws(ClientError) {
            let response = try await client.transport.send(request)
            let body = (try? JSONValue(parsing: response.body)) ?? .null
            if message["method"] == "initialize" {
                bridge.withLock { $0.take(session: response.header("mcp-session-id"), body) }
            }
            if let answer = LineBridge.answer(status: response.status, body, to: id) { write(answer) }
        } catch {
            if let id, !id.isNull { write(LineBridge.failure(error.message, to: id)) }
        }
    }

    private func write(_ message: JSONValue) {
        let bytes = message.bytes() + [0x0a]
        output.withLock { _ in _ = Console.writeAll(bytes, to: STDOUT_FILENO) }
    }
}
