// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import MCP

@Suite struct MessageTests {
    private static func feed(_ lines: inout MessageLines, _ bytes: [UInt8]) throws -> [RPCMessage] {
        try bytes.withUnsafeBytes { try lines.feed($0) }
    }

    @Test func `messages are found however the output is cut, and what is none is counted`() throws {
        let output = """
            starting up…
            {"jsonrpc":"2.0","id":1,"result":{"a":"ä"}}\r
            {"jsonrpc":"2.0","id":"x","error":{"code":-1,"message":"no"}}

            {"half":
            [1]
            {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}
            {"jsonrpc":"2.0","id":7,"method":"ping"}
            {"jsonrpc":"2.0","id":8,"method":"roots/list","params":{}}

            """
        let expected: [RPCMessage] = [
            .answer(id: 1, .result(["a": "ä"])), .answer(id: "x", .error(RPCError(code: -1, message: "no"))),
            .notification(method: "notifications/tools/list_changed", params: [:]),
            .request(id: 7, method: "ping", params: [:]), .request(id: 8, method: "roots/list", params: [:]),
        ]
        let bytes = Array(output.utf8)
        for size in [1, 2, 3, 7, 64, bytes.count] {
            var (lines, messages) = (MessageLines(), [RPCMessage]())
            for start in stride(from: 0, to: bytes.count, by: size) {
                messages += try Self.feed(&lines, Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(messages == expected, "in pieces of \(size)")
            #expect(lines.strayLines == 3)
        }
    }

    @Test func `a line without an end is refused`() throws {
        var lines = MessageLines()
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        for _ in 1...8 { _ = try Self.feed(&lines, piece) }
        #expect(throws: MCPFailure.self) { try Self.feed(&lines, piece) }
    }

    @Test func `what servers ask on their own is answered or refused`() {
        #expect(
            ServerWish(.request(id: 7, method: "ping", params: [:])) == .reply(.answer(id: 7, .result([:])))
        )
        guard
            case .reply(.answer(let id, .error(let error))) = ServerWish(
                .request(id: "a", method: "sampling/createMessage", params: [:])
            )
        else { return #expect(Bool(false)) }
        #expect(id == "a" && error.code == -32601)
        #expect(
            ServerWish(.notification(method: "notifications/tools/list_changed", params: [:])) == .toolsChanged
        )
        #expect(ServerWish(.notification(method: "notifications/message", params: [:])) == .none)
    }

    @Test func `requests say what their era wants`() throws {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "region": ["type": "string", "x-mcp-header": "Region"],
                "count": ["type": "integer", "x-mcp-header": "Count"],
                "bad": ["type": "string", "x-mcp-header": "no good"], "plain": ["type": "string"],
                "where": ["type": "object", "properties": ["city": ["type": "string", "x-mcp-header": "City"]]],
            ],
        ]
        let arguments: JSONValue = [
            "region": "eu", "count": 3, "bad": "x", "plain": "y", "where": ["city": "Ösló"],
        ]
        let call = ClientRequest.callTool("add ü", arguments, schema: schema)
        let modern = Era.modern("2026-07-28")
        #expect(
            call.headers(modern).map { "\($0.name): \($0.value)" } == [
                "mcp-protocol-version: 2026-07-28", "mcp-method: tools/call", "mcp-name: =?base64?YWRkIMO8?=",
                "mcp-param-Region: eu", "mcp-param-Count: 3", "mcp-param-City: =?base64?w5ZzbMOz?=",
            ]
        )
        let session = Era.session("2025-06-18")
        #expect(call.headers(session).map { "\($0.name): \($0.value)" } == ["mcp-protocol-version: 2025-06-18"])
        #expect(ClientRequest("initialize").headers(session).isEmpty)
        let message = call.message(id: 9, modern, version: "1.2").json
        let meta = message["params"]?["_meta"]
        #expect(message["id"] == 9 && message["params"]?["arguments"] == arguments)
        #expect(meta?["io.modelcontextprotocol/clientInfo"] == ["name": "baton", "version": "1.2"])
        #expect(meta?["io.modelcontextprotocol/protocolVersion"] == "2026-07-28")
        #expect(meta?["io.modelcontextprotocol/clientCapabilities"] == [:])
        #expect(call.message(id: 9, session, version: "1").json["params"]?["_meta"] == nil)
        for (value, sent) in [
            (" a", "=?base64?IGE=?="), ("a b", "a b"), ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="), ("", ""),
            ("a\nb", "=?base64?YQpi?="),
        ] {
            #expect(ClientRequest.headerValue(value) == sent)
        }
    }
}
