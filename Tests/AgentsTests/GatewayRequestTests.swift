// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Providers
import Testing

@testable import Agents

/// What clients of the gateway ask, before any model is asked.
@Suite struct GatewayRequestTests {
    @Test func `routes are those of the providers, with and without a version`() {
        for (method, path, route) in [
            ("POST", ["gateway", "anthropic", "v1", "messages"], .call(.messages)),
            ("POST", ["gateway", "anthropic", "v1", "messages", "count_tokens"], .count),
            ("POST", ["gateway", "openai", "v1", "responses"], .call(.responses)),
            ("POST", ["gateway", "openai", "chat", "completions"], .call(.chatCompletions)),
            ("GET", ["gateway", "openai", "v1", "models"], .models(.chatCompletions)), ("POST", ["result"], .result),
            ("GET", ["gateway", "anthropic", "v1", "messages"], nil),
            ("POST", ["gateway", "other", "v1", "messages"], nil),
            ("POST", ["v1", "messages"], nil), ("POST", [], nil),
        ] as [(String, [String], GatewayRoute?)] {
            #expect(GatewayRoute(method, path) == route, "\(path)")
        }
    }

    private static func read(_ json: JSONValue, _ format: WireFormat = .messages) -> Result<
        GatewayRequest, GatewayRefusal
    > {
        do throws(GatewayRefusal) {
            return .success(try GatewayRequest(json.bytes(), format))
        } catch {
            return .failure(error)
        }
    }

    private static let message: JSONObject = [
        "model": "m", "max_tokens": 100, "messages": [["role": "user", "content": "hi"]],
    ]

    private static func with(_ key: String, _ value: JSONValue) -> JSONValue {
        var object = message
        object[key] = value
        return .object(object)
    }

    @Test func `what could cost without bound is refused or taken out`() throws {
        let url: JSONValue = ["type": "image", "source": ["type": "url", "url": "http://x/y.png"]]
        let pdf: JSONValue = [
            "type": "document", "source": ["type": "base64", "media_type": "application/pdf", "data": "x"],
        ]
        for json in [
            Self.with("messages", [["role": "user", "content": [url]]]),
            Self.with("messages", [["role": "user", "content": [pdf]]]), Self.with("container", "c"),
            Self.with("max_tokens", 0), Self.with("messages", []), "text",
        ] {
            guard case .failure(let refusal) = Self.read(json) else {
                Issue.record("\(json.text) was taken")
                continue
            }
            #expect(refusal.status == 400, "\(json.text)")
        }
        #expect(throws: GatewayRefusal.self) {
            try Self.read(["model": "m", "input": "x", "previous_response_id": "r"], .responses).get()
        }
        var taken = Self.message
        taken["service_tier"] = "priority"
        taken["speed"] = "fast"
        taken["tools"] = [
            ["type": "web_search_20250305", "name": "web_search"],
            ["name": "read", "input_schema": ["type": "object"]],
        ]
        let body = try Self.read(.object(taken)).get().body(for: "other", outputLimit: 50)
        #expect(body["service_tier"] == nil && body["speed"] == nil && body["tools"]?.arrayValue?.count == 1)
        #expect(body["model"] == "other" && body["max_tokens"] == 50 && body["stream"] == true)
        // What a tool is given is no content of ours.
        let call: JSONValue = ["type": "tool_use", "id": "t", "name": "get", "input": ["source": ["type": "url"]]]
        #expect(throws: Never.self) {
            try Self.read(Self.with("messages", [["role": "assistant", "content": [call]]])).get()
        }
    }

    @Test func `limits and bounds are those of the form`() throws {
        let chat = try Self.read(
            ["model": "m", "max_tokens": 7, "stream": true, "messages": [["role": "user", "content": "hi"]]],
            .chatCompletions
        ).get()
        #expect(chat.outputLimit == 7 && chat.isStream)
        let body = chat.body(for: "n", outputLimit: 5)
        #expect(body["max_tokens"] == 5 && body["stream_options"]?["include_usage"] == true)
        let responses = try Self.read(["model": "m", "input": "hi", "n": 3], .responses).get()
        #expect(responses.outputLimit == nil && !responses.isStream)
        #expect(responses.body(for: "n", outputLimit: 9)["max_output_tokens"] == 9)
        let long = try Self.read(
            Self.with("system", [["type": "text", "text": "s", "cache_control": ["type": "ephemeral", "ttl": "1h"]]])
        ).get()
        #expect(long.marksLong && !chat.marksLong)
        #expect(long.inputBound > Self.with("system", "s").bytes().count)
    }
}
