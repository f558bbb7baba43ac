// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import HTTPServer
import JSON
import MCP
import Model
import Synchronization
import Testing
import Threads

@testable import Tools

/// MCP servers over HTTP, of both eras.
@Suite(.timeLimit(.minutes(5))) struct MCPOverHTTPTests {
    private static let tools: JSONValue = [
        "tools": [["name": "add", "description": "adds", "inputSchema": ["type": "object"]]]
    ]

    /// What a server was asked: `METHOD rpc-method header…`.
    private final class Ledger: Sendable {
        private let state = Mutex<[String]>([])
        var lines: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
        func count(_ line: String) -> Int { lines.count { $0 == line } }
    }

    /// Serves what `handler` answers to messages of the protocol.
    private static func withServer<Value>(
        headers: [String: String] = [:],
        timeout: Duration = .seconds(20),
        _ handler: @escaping @Sendable (HTTPServer.HTTPRequest, JSONValue) async throws -> HTTPServer.HTTPResponse,
        _ body: (MCPServers, ToolRegistry) async throws -> Value
    ) async throws -> Value {
        let configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
        let server = try await WebServer.start(configuration) { request in
            let bytes = (try? await request.body.collect(limit: 1 << 20)) ?? []
            return (try? await handler(request, (try? JSONValue(parsing: bytes)) ?? .null)) ?? .init(status: 500)
        }
        let place = MCPServerSettings.Place.url("http://\(server.addresses[0])/mcp", headers: headers)
        var settings = MCPServerSettings(name: "web", place: place)
        settings.timeout = timeout
        let surroundings = MCPSurroundings(
            version: "1",
            folder: "/nowhere",
            sandbox: SandboxSettings(),
            policy: AddressPolicy(),
            openHandle: { $0 == "secret://KEY" ? "abcd1234" : "" }
        )
        let servers = MCPServers([settings], surroundings)
        var registry = try ToolRegistry.builtIn()
        registry.changing = servers.tools
        let result: Result<Value, any Error>
        do {
            let look = try await servers.look(at: "web")
            servers.setApproved(look.tools.map { ApprovedTool(server: "web", tool: $0.tool) })
            result = .success(try await body(servers, registry))
        } catch {
            result = .failure(error)
        }
        await servers.stop()
        await server.stop(within: .zero)
        return try result.get()
    }

    private static func answer(_ message: JSONValue, _ result: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": message["id"] ?? .null, "result": result]
    }

    private static func call(_ registry: ToolRegistry) async throws -> JSONValue {
        try await registry.call("mcp.web.add", [:], context: context("/tmp")).output
    }

    private static func error(_ registry: ToolRegistry) async -> TaskError {
        do throws(TaskError) {
            let output = try await registry.call("mcp.web.add", [:], context: context("/tmp")).output
            return TaskError(code: "none", errorClass: .fatal, message: output.text)
        } catch {
            return error
        }
    }

    @Test func `the modern era stands for itself in every request`() async throws {
        let ledger = Ledger()
        try await Self.withServer(headers: ["authorization": "Bearer secret://KEY"]) { request, message in
            let names = ["mcp-method", "mcp-name", "mcp-protocol-version", "authorization"]
            ledger.add(names.map { request.header($0) ?? "-" }.joined(separator: " "))
            switch message["method"]?.stringValue {
            case "server/discover":
                let facts: JSONValue = ["supportedVersions": ["2026-07-28"], "capabilities": ["tools": [:]]]
                return .json(Self.answer(message, facts).bytes())
            case "tools/list": return .json(Self.answer(message, Self.tools).bytes())
            default:
                let text: JSONValue = ["type": "text", "text": .string(request.header("authorization") ?? "")]
                return .json(Self.answer(message, ["content": [text], "resultType": "complete"]).bytes())
            }
        } _: { _, registry in
            let output = try await Self.call(registry)
            #expect(output["text"]?.stringValue?.contains("abcd1234") == false, "\(output)")
            #expect(
                ledger.lines == [
                    "server/discover - 2026-07-28 Bearer abcd1234", "tools/list - 2026-07-28 Bearer abcd1234",
                    "tools/call add 2026-07-28 Bearer abcd1234",
                ]
            )
        }
    }

    @Test func `a session is kept, begun anew when it is forgotten, and ended`() async throws {
        let ledger = Ledger()
        let session = Mutex(0)
        try await Self.withServer { request, message in
            let method = message["method"]?.stringValue ?? "-"
            ledger.add("\(request.method) \(method)")
            if method == "server/discover" { return .init(status: 400) }
            if request.method == "DELETE" { return .init(status: 204) }
            if method == "initialize" {
                let number = session.withLock { session in
                    session += 1
                    return session
                }
                let facts: JSONValue = ["protocolVersion": "2025-11-25", "capabilities": ["tools": [:]]]
                var response = HTTPServer.HTTPResponse.json(Self.answer(message, facts).bytes())
                response.headers["mcp-session-id"] = "s\(number)"
                return response
            }
            guard request.header("mcp-session-id") == session.withLock({ "s\($0)" }) else { return .init(status: 404) }
            guard request.header("mcp-protocol-version") == "2025-11-25" else { return .init(status: 400) }
            if method.hasPrefix("notifications/") { return .init(status: 202) }
            if method == "tools/list" { return .json(Self.answer(message, Self.tools).bytes()) }
            // Answers to pings, and calls as events, with a comment, a question and a notification before the answer.
            guard method == "tools/call" else { return .init(status: 202) }
            let result = Self.answer(message, ["content": [], "structuredContent": ["sum": 5]]).text
            let ping = "{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"ping\"}"
            let progress = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}"
            return .stream(status: 200, headers: ["content-type": "text/event-stream"]) { writer in
                try await writer.write(
                    ": hello\n\ndata: \(progress)\n\nevent: message\ndata: \(ping)\n\ndata: \(result)\n\n"
                )
            }
        } _: { servers, registry in
            let first = try await Self.call(registry)
            session.withLock { $0 += 1 }
            let second = try await Self.call(registry)
            #expect(first == ["sum": 5] && second == first)
            #expect(ledger.count("POST initialize") == 2 && ledger.count("POST notifications/initialized") == 2)
            await servers.stop()
            #expect(ledger.lines.last == "DELETE -", "\(ledger.lines)")
        }
    }

    @Test func `a broken stream of a session goes on after its last event`() async throws {
        let ledger = Ledger()
        try await Self.withServer { request, message in
            let method = message["method"]?.stringValue ?? "-"
            switch method {
            case "server/discover": return .init(status: 404)
            case "initialize":
                return .json(
                    Self.answer(message, ["protocolVersion": "2025-11-25", "capabilities": ["tools": [:]]]).bytes()
                )
            case "tools/list": return .json(Self.answer(message, Self.tools).bytes())
            case "tools/call":
                let id = message["id"]?.text ?? ""
                return .stream(status: 200, headers: ["content-type": "text/event-stream"]) { writer in
                    try await writer.write("retry: 1\nid: \(id)\ndata:\n\n")
                }
            case "-":
                ledger.add("\(request.method) \(request.header("last-event-id") ?? "")")
                let id = request.header("last-event-id").flatMap { Int64($0) } ?? 0
                let result = Self.answer(["id": .int(id)], ["content": [["type": "text", "text": "late"]]]).text
                return .stream(status: 200, headers: ["content-type": "text/event-stream"]) { writer in
                    try await writer.write("data: \(result)\n\n")
                }
            default: return .init(status: 202)
            }
        } _: { _, registry in
            let output = try await Self.call(registry)
            #expect(output == ["text": "late"])
            #expect(ledger.lines.count == 1 && ledger.lines[0].hasPrefix("GET "), "\(ledger.lines)")
        }
    }

    @Test func `what servers do wrong is an error of its own`() async throws {
        for (status, isPermanent, part) in [
            (500, true, "500"), (503, false, "503"), (403, true, "403"), (302, true, "302"), (200, true, "no message"),
        ] {
            try await Self.withServer { _, message in
                switch message["method"]?.stringValue {
                case "server/discover":
                    let facts: JSONValue = ["supportedVersions": ["2026-07-28"], "capabilities": ["tools": [:]]]
                    return .json(Self.answer(message, facts).bytes())
                case "tools/list": return .json(Self.answer(message, Self.tools).bytes())
                default:
                    return HTTPServer.HTTPResponse(status: status, headers: ["location": "http://169.254.169.254/"])
                }
            } _: { _, registry in
                let error = await Self.error(registry)
                #expect((error.errorClass == .permanent) == isPermanent, "\(status): \(error)")
                #expect(error.message.contains(part) && error.message.contains("web"), "\(status): \(error)")
            }
        }
    }

    @Test func `a server that does not answer in time is left`() async throws {
        let (asked, ask) = AsyncStream<Void>.makeStream()
        try await Self.withServer(timeout: .milliseconds(300)) { _, message in
            switch message["method"]?.stringValue {
            case "server/discover":
                let facts: JSONValue = ["supportedVersions": ["2026-07-28"], "capabilities": ["tools": [:]]]
                return .json(Self.answer(message, facts).bytes())
            case "tools/list": return .json(Self.answer(message, Self.tools).bytes())
            default:
                for await _ in asked { break }
                return .init(status: 500)
            }
        } _: { _, registry in
            let error = await Self.error(registry)
            #expect(error.code == "timeout", "\(error)")
            ask.finish()
        }
    }

    @Test func `private addresses are reached only when they are named`() async {
        for (url, isNamed) in [("http://127.0.0.1:1/mcp", true), ("http://localhost.:1/mcp", true)] {
            let surroundings = MCPSurroundings(
                version: "1",
                folder: "/nowhere",
                sandbox: SandboxSettings(),
                policy: AddressPolicy(),
                openHandle: { _ in "" }
            )
            let servers = MCPServers([MCPServerSettings(name: "web", place: .url(url, headers: [:]))], surroundings)
            do throws(TaskError) {
                _ = try await servers.look(at: "web")
            } catch {
                #expect((error.code != "http.blocked") == isNamed, "\(url): \(error)")
            }
            await servers.stop()
        }
    }
}
