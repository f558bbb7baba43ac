// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import MCP

@Suite struct ToolTests {
    private static func tool(_ name: String, _ more: JSONObject = [:]) -> JSONValue {
        var object: JSONObject = ["name": .string(name), "inputSchema": ["type": "object"], "description": "d"]
        for member in more.members { object[member.key] = member.value }
        return .object(object)
    }

    private static func page(_ tools: [JSONValue], next: String? = nil) -> JSONObject {
        var object: JSONObject = ["tools": .array(tools)]
        object["nextCursor"] = next.map(JSONValue.string)
        return object
    }

    @Test func `a list is put together from its pages`() throws {
        var listing = ToolListing()
        #expect(try listing.take(Self.page([Self.tool("b")], next: "2")) == "2")
        var last = Self.page([Self.tool("a"), Self.tool("b"), ["name": "broken"], 3, Self.tool("")])
        last["ttlMs"] = 1500
        #expect(try listing.take(last) == nil)
        #expect(listing.tools.map(\.name) == ["a", "b"] && listing.lifetime == .milliseconds(1500))
        #expect(listing.problems.count == 4 && listing.problems[0].contains("twice"))
    }

    @Test func `a list that does not end, or is none, is refused`() {
        for pages in [["1", "1"], (0...100).map(String.init)] {
            var listing = ToolListing()
            #expect(throws: MCPFailure.self) { for next in pages { _ = try listing.take(Self.page([], next: next)) } }
        }
        var listing = ToolListing()
        #expect(throws: MCPFailure.self) { _ = try listing.take(["tools": "none"]) }
        #expect(throws: MCPFailure.self) {
            _ = try listing.take(Self.page((0...1000).map { Self.tool("t\($0)") }))
        }
    }

    @Test func `the hash covers what models and callers see, however it is written`() throws {
        let annotations: JSONObject = ["readOnlyHint": true, "other": 1]
        let first = try ToolDescription(Self.tool("a", ["annotations": .object(annotations), "_meta": ["x": 1]]))
        let same = try ToolDescription(
            try JSONValue(
                parsing: #"""
                    {"annotations":{"readOnlyHint":true},"description":"d","inputSchema":{"type":"object"},"name":"a","icons":[]}
                    """#
            )
        )
        #expect(first.hash == same.hash && first == same)
        #expect(try ToolDescription(first.json) == first)
        let changes: [JSONObject] = [
            ["description": "D"], ["title": "T"], ["inputSchema": ["type": "object", "required": ["x"]]],
            ["outputSchema": ["type": "object"]], ["annotations": ["readOnlyHint": false]],
            ["annotations": ["readOnlyHint": true, "idempotentHint": true]],
        ]
        for change in changes {
            #expect(try ToolDescription(Self.tool("a", change)).hash != first.hash, "\(change)")
        }
    }

    @Test func `what a tool says of its effects`() throws {
        for (hints, isRead, isDestructive, isIdempotent) in [
            ([:] as JSONObject, false, false, false), (["readOnlyHint": true], true, false, true),
            (["destructiveHint": true], false, true, false), (["idempotentHint": true], false, false, true),
            (["readOnlyHint": true, "destructiveHint": true], true, false, true),
            (["readOnlyHint": "yes"], false, false, false),
        ] {
            let tool = try ToolDescription(Self.tool("a", ["annotations": .object(hints)]))
            #expect(
                [tool.isRead, tool.isDestructive, tool.isIdempotent] == [isRead, isDestructive, isIdempotent],
                "\(hints)"
            )
        }
        let large = String(repeating: "x", count: 300_000)
        #expect(throws: MCPFailure.self) { try ToolDescription(Self.tool("a", ["description": .string(large)])) }
        #expect(throws: MCPFailure.self) { try ToolDescription(Self.tool(String(repeating: "x", count: 129))) }
    }

    @Test func `results are read as outputs, failures and questions`() throws {
        let text: JSONValue = ["type": "text", "text": "five"]
        let image: JSONValue = ["type": "image", "data": "AA==", "mimeType": "image/png"]
        for (result, expected) in [
            (["content": [text], "structuredContent": ["result": 5], "isError": false], .output(["result": 5])),
            (["content": [text, text]], .output(["text": "five\nfive"])),
            (["content": [text, image], "resultType": "complete"], .output(["text": "five", "content": [image]])),
            (["content": []], .output(["text": ""])), (["content": [text], "isError": true], .failed("five")),
            (["content": [], "isError": true], .failed("it said no reason")),
            (["resultType": "input_required", "inputRequests": [:]], .asks),
        ] as [(JSONObject, ToolOutcome)] {
            #expect(try ToolOutcome(result) == expected, "\(result)")
        }
        #expect(throws: MCPFailure.self) { try ToolOutcome([:]) }
        #expect(throws: MCPFailure.self) { try ToolOutcome(["resultType": "task", "content": []]) }
    }
}
