// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import MCP

/// The server's side of the protocol, in both eras.
@Suite struct ServerProtocolTests {
    private static let server = ServerProtocol(version: "1.0", instructions: "Do so.")
    private static let modern = "2026-07-28"
    private static let meta: JSONValue = [
        "io.modelcontextprotocol/protocolVersion": .string(modern), "io.modelcontextprotocol/clientCapabilities": [:],
    ]

    private func take(_ message: JSONValue, _ headers: [String: String] = [:]) -> ServerStep {
        take(message.bytes(), headers)
    }

    private func take(_ bytes: [UInt8], _ headers: [String: String] = [:]) -> ServerStep {
        let envelope = ServerProtocol.Envelope(
            header: { headers[$0] },
            session: { $0 == "known" ? "2025-06-18" : nil }
        )
        return Self.server.take(bytes, envelope)
    }

    private func request(_ method: String, _ params: JSONObject = [:], id: JSONValue = 7) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": .object(params)]
    }

    private func modernRequest(_ method: String, _ params: JSONObject = [:]) -> JSONValue {
        var params = params
        params["_meta"] = Self.meta
        return request(method, params)
    }

    private func headers(_ method: String, _ name: String? = nil) -> [String: String] {
        var headers = ["mcp-protocol-version": Self.modern, "mcp-method": method]
        headers["mcp-name"] = name
        return headers
    }

    /// Status and code of a refusal.
    private func refusal(_ step: ServerStep) -> [Int64]? {
        guard case .answer(.answer(_, .error(let error)), let status, _) = step else { return nil }
        return [Int64(status), error.code]
    }

    private func result(_ step: ServerStep) -> JSONObject? {
        guard case .answer(.answer(_, .result(let result)), 200, _) = step else { return nil }
        return result
    }

    @Test func `requests without a session say their version, and headers that say the same`() {
        let discover = result(take(modernRequest("server/discover"), headers("server/discover")))
        #expect(discover?["supportedVersions"] == ["2026-07-28", "2025-06-18", "2025-11-25"])
        #expect(discover?["resultType"] == "complete" && discover?["cacheScope"] == "private")
        #expect(discover?["capabilities"]?["tools"] != nil && discover?["instructions"] == "Do so.")
        let list = take(modernRequest("tools/list"), headers("tools/list"))
        #expect(list == .listTools(ServerReply(id: 7, isModern: true)))
        let call = modernRequest("tools/call", ["name": "é", "arguments": ["a": 1]])
        let wanted = ServerStep.callTool(ServerReply(id: 7, isModern: true), name: "é", arguments: ["a": 1])
        #expect(take(call, headers("tools/call", "=?base64?w6k=?=")) == wanted)
        let wrong: [(JSONValue, [String: String], [Int64])] = [
            (call, headers("tools/call", "e"), [400, -32020]), (call, headers("tools/call"), [400, -32020]),
            (call, headers("tools/call", "=?base64?*?="), [400, -32020]),
            (call, headers("tools/list", "é"), [400, -32020]), (call, [:], [400, -32020]),
            (modernRequest("tools/list"), ["mcp-protocol-version": "2025-11-25"], [400, -32020]),
            (modernRequest("ping"), headers("ping"), [404, -32601]),
            (modernRequest("tools/list", ["cursor": "x"]), headers("tools/list"), [400, -32602]),
            (request("server/discover"), headers("server/discover"), [400, -32602]),
            (
                request("tools/list", ["_meta": ["io.modelcontextprotocol/protocolVersion": .string(Self.modern)]]),
                headers("tools/list"), [400, -32602]
            ),
            (
                request("tools/list", ["_meta": ["io.modelcontextprotocol/protocolVersion": "2031-01-01"]]),
                headers("tools/list"), [400, -32022]
            ),
        ]
        for (message, headers, codes) in wrong {
            #expect(refusal(take(message, headers)) == codes, "\(message.text) \(headers)")
        }
        #expect(
            take(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["_meta": Self.meta]]) == .accept
        )
    }

    @Test func `a session begins with initialize and is named by all that follows`() {
        for (wanted, given) in [
            ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("2024-11-05", "2025-11-25"),
            ("x", "2025-11-25"),
        ] {
            let step = take(request("initialize", ["protocolVersion": .string(wanted), "capabilities": [:]]))
            guard case .answer(.answer(7, .result(let result)), 200, let session) = step else {
                Issue.record("\(wanted): \(step)")
                continue
            }
            #expect(session == given && result["protocolVersion"]?.stringValue == given, "\(wanted)")
            #expect(result["serverInfo"]?["name"] == "baton" && result["resultType"] == nil)
        }
        let known = ["mcp-session-id": "known", "mcp-protocol-version": "2025-06-18"]
        #expect(take(request("tools/list"), known) == .listTools(ServerReply(id: 7, isModern: false)))
        #expect(result(take(request("ping"), known)) == [:])
        let reply = ServerReply(id: "x", isModern: false)
        let call = request("tools/call", ["name": "a"], id: "x")
        #expect(take(call, known) == .callTool(reply, name: "a", arguments: [:]))
        let initialized: JSONValue = ["jsonrpc": "2.0", "method": "notifications/initialized"]
        #expect(take(initialized, known) == .accept)
        #expect(take(["jsonrpc": "2.0", "id": 1, "result": [:]], known) == .accept)
        #expect(take(initialized, ["mcp-session-id": "other"]) == .unknownSession)
        #expect(take(request("tools/list"), ["mcp-session-id": "other"]) == .unknownSession)
        let old = ["mcp-session-id": "known", "mcp-protocol-version": "2024-11-05"]
        let wrong: [(JSONValue, [String: String], [Int64])] = [
            (request("tools/list"), [:], [400, -32600]), (request("tools/list"), old, [400, -32600]),
            (request("resources/list"), known, [200, -32601]), (request("initialize"), [:], [400, -32602]),
            (request("tools/call"), known, [400, -32602]),
            (request("tools/call", ["name": "a", "arguments": []]), known, [400, -32602]),
        ]
        for (message, headers, codes) in wrong {
            #expect(refusal(take(message, headers)) == codes, "\(message.text) \(headers)")
        }
    }

    @Test func `what is no message is refused`() {
        let bodies: [(String, Int64)] = [
            ("", -32700), ("{", -32700), ("[]", -32600),
            ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600),
            ("1", -32600), ("{}", -32600), ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600),
            ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", -32600),
            ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", -32600),
        ]
        for (body, code) in bodies { #expect(refusal(take(Array(body.utf8))) == [400, code], "\(body)") }
        #expect(refusal(take([0xff, 0xfe])) == [400, -32700])
    }

    @Test func `sessions prove that they were made here, for that client, and outlive the process`() {
        let keys = [1: [UInt8](repeating: 1, count: 32), 2: [UInt8](repeating: 2, count: 32)]
        let session = SessionTokens(keys, current: 1).make("2025-06-18", for: "t/a")
        let later = SessionTokens(keys, current: 2)
        #expect(later.version(of: session, for: "t/a") == "2025-06-18")
        #expect(later.version(of: session, for: "t/b") == nil)
        #expect(SessionTokens().version(of: session, for: "t/a") == nil)
        for wrong in [
            "", "_", "__", "a_b", session + "x", session.replacing("06", with: "11"), String(session.dropLast()),
        ] { #expect(later.version(of: wrong, for: "t/a") == nil, "\(wrong)") }
        #expect(later.make("2025-06-18", for: "t/a") != later.make("2025-06-18", for: "t/a"))
    }

    @Test func `lines get the headers of their era, and answers of HTTP become messages`() {
        var bridge = LineBridge()
        #expect(bridge.headers(for: request("tools/list")).isEmpty)
        bridge.take(session: "s", ["jsonrpc": "2.0", "id": 1, "result": ["protocolVersion": "2025-06-18"]])
        func names(_ message: JSONValue) -> [String] { bridge.headers(for: message).map { "\($0.name)=\($0.value)" } }
        #expect(names(request("tools/list")) == ["mcp-session-id=s", "mcp-protocol-version=2025-06-18"])
        #expect(names(request("initialize")).isEmpty)
        #expect(
            names(modernRequest("tools/call", ["name": "é"])) == [
                "mcp-protocol-version=2026-07-28", "mcp-method=tools/call", "mcp-name==?base64?w6k=?=",
            ]
        )
        let message: JSONValue = ["jsonrpc": "2.0", "id": 3, "result": [:]]
        #expect(LineBridge.answer(status: 200, message, to: 3) == message)
        #expect(LineBridge.answer(status: 202, .null, to: nil) == nil)
        let refused = LineBridge.answer(status: 401, ["detail": "who?"], to: 3)
        #expect(refused?["error"]?["message"] == "who?" && refused?["id"] == 3)
    }
}
