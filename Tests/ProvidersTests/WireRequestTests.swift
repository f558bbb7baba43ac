// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Providers
import Testing

@Suite struct WireRequestTests {
    private static let formats: [WireFormat] = [.messages, .chatCompletions, .responses, .ollama]

    /// A conversation with parallel calls, one of them malformed, and thinking of this model and of another.
    private static func request(_ format: WireFormat) -> ModelRequest {
        let own = ReplayBlock(
            format: format,
            model: "m",
            json: #"{"type":"thinking","thinking":"hm","signature":"s+/="}"#
        )
        let other = ReplayBlock(format: format, model: "other", json: #"{"type":"thinking"}"#)
        var request = ModelRequest(
            model: "m",
            messages: [
                .user("go"),
                ModelMessage(
                    .assistant,
                    [
                        .thinking(ThinkingPart("hm", replay: own)), .thinking(ThinkingPart("x", replay: other)),
                        .text("I look."),
                        .toolCall(ToolCall(id: "c.1", name: "b", arguments: ["q": "é"])),
                        .toolCall(ToolCall(id: "c2", name: "a", argumentText: "{oh")),
                    ]
                ),
                ModelMessage(
                    .user,
                    [
                        .text("and?"), .toolResult(ToolResult(callID: "c.1", name: "b", content: "r1")),
                        .toolResult(ToolResult(callID: "c2", name: "a", content: "no JSON", isError: true)),
                    ],
                    cache: .short
                ),
            ],
            maxOutputTokens: 2000
        )
        request.instructions = [InstructionBlock("Be brief.", cache: .long), InstructionBlock("Project.")]
        request.tools = [
            ModelTool(name: "b", description: "B", inputSchema: ["type": "object"]),
            ModelTool(name: "a", description: "A", inputSchema: ["type": "object"]),
        ]
        request.stopSequences = ["END"]
        request.cacheKey = "run/agent"
        return request
    }

    @Test func `each provider gets the conversation in its own form`() throws {
        for format in Self.formats {
            let body = WireRequest(Self.request(format), as: format).body
            #expect(try body.prettyText + "\n" == Golden.text("request-\(format.rawValue).json"), "\(format)")
        }
    }

    @Test func `what a server reads is what a client wrote`() throws {
        for format in Self.formats {
            let request = Self.request(format)
            let served = try ServedRequest(WireRequest(request, as: format).body, as: format).request
            #expect(served.model == "m" && served.maxOutputTokens == 2000, "\(format)")
            #expect(served.tools.map(\.name) == ["a", "b"], "\(format)")
            let results = served.messages.flatMap(\.parts).compactMap { part in
                if case .toolResult(let result) = part { "\(result.name): \(result.content)" } else { nil }
            }
            #expect(results == ["b: r1", "a: no JSON"], "\(format)")
            #expect(served.messages.map(\.role) == [.user, .assistant, .user], "\(format)")
        }
    }

    @Test func `what a model refuses is left out, and said`() {
        var request = ModelRequest(model: "m", messages: [.user("x")], maxOutputTokens: 100_000)
        request.tools = [ModelTool(name: "a", description: "", inputSchema: ["type": "object"])]
        request.temperature = 0.5
        request.toolChoice = .tool("a")
        request.thinking = .off
        request.outputSchema = ["type": "object"]
        let facts = ModelFacts(
            outputLimit: 64_000,
            takesSampling: false,
            takesForcedTools: false,
            thinking: .always,
            hasSchemaMode: false
        )
        for format in Self.formats {
            let wire = WireRequest(request, as: format, facts: facts)
            #expect(wire.body["temperature"] == nil && wire.body["options"]?["temperature"] == nil, "\(format)")
            #expect(wire.body.text.contains("satisfies this JSON Schema"), "\(format)")
            #expect(wire.notes.count >= 4, "\(format) \(wire.notes)")
            #expect(wire.notes.contains("max_output_tokens was lowered to 64000"), "\(format)")
        }
    }

    @Test func `thinking is asked for in the provider's words`() {
        typealias Case = (WireFormat, ModelFacts.Thinking, ThinkingMode, String)
        let cases: [Case] = [
            (.messages, .budget, .budget(5000), #"{"type":"enabled","budget_tokens":5000} - -"#),
            (.messages, .budget, .effort(.high), #"{"type":"enabled","budget_tokens":7999} - -"#),
            (.messages, .budget, .off, "- - -"),
            (.messages, .effort, .off, #"{"type":"disabled"} - -"#),
            (.messages, .effort, .effort(.max), #"{"type":"adaptive"} xhigh -"#),
            (.messages, .always, .budget(5000), #"{"type":"adaptive"} medium -"#),
            (.messages, .none, .effort(.low), "- - -"),
            (.chatCompletions, .effort, .effort(.low), "- - low"),
            (.chatCompletions, .effort, .off, "- - none"),
            (.chatCompletions, .none, .effort(.low), "- - -"),
            (.responses, .effort, .budget(20_000), "- - high"),
            (.ollama, .effort, .effort(.low), "true - -"),
            (.ollama, .effort, .off, "false - -"),
        ]
        for (format, form, mode, says) in cases {
            var request = ModelRequest(model: "m", messages: [.user("x")], maxOutputTokens: 8000)
            request.thinking = mode
            let body = WireRequest(request, as: format, facts: ModelFacts(thinking: form, mostEffort: "xhigh")).body
            let thinking = (body["thinking"] ?? body["think"])?.text ?? "-"
            let effort = body["output_config"]?["effort"]?.stringValue ?? "-"
            let reasoning = (body["reasoning_effort"] ?? body["reasoning"]?["effort"])?.stringValue ?? "-"
            #expect("\(thinking) \(effort) \(reasoning)" == says, "\(format) \(form) \(mode)")
        }
    }

    @Test func `schemas, choices and pictures take each provider's form`() {
        var request = ModelRequest(model: "m", messages: [], maxOutputTokens: 10)
        let image = ImagePart(mediaType: "image/png", blob: "ab", bytes: [1, 2, 3, 4])
        request.messages = [ModelMessage(.user, [.text("see"), .image(image)])]
        request.tools = [ModelTool(name: "a", description: "", inputSchema: ["type": "object"])]
        request.toolChoice = .tool("a")
        request.allowsParallelTools = false
        request.outputSchema = [
            "type": "object", "properties": ["x": ["type": "string"]], "required": ["x"], "additionalProperties": false,
        ]
        func body(_ format: WireFormat) -> JSONValue { WireRequest(request, as: format).body }
        #expect(body(.messages)["tool_choice"] == ["type": "tool", "name": "a", "disable_parallel_tool_use": true])
        #expect(body(.messages)["output_config"]?["format"]?["type"] == "json_schema")
        #expect(body(.messages)["messages"]?[0]?["content"]?[1]?["source"]?["data"] == "AQIDBA==")
        #expect(body(.chatCompletions)["tool_choice"] == ["type": "function", "function": ["name": "a"]])
        #expect(body(.chatCompletions)["response_format"]?["json_schema"]?["strict"] == true)
        let picture = body(.chatCompletions)["messages"]?[0]?["content"]?[1]?["image_url"]?["url"]
        #expect(picture == "data:image/png;base64,AQIDBA==")
        #expect(body(.responses)["tool_choice"] == ["type": "function", "name": "a"])
        #expect(body(.responses)["text"]?["format"]?["strict"] == true)
        #expect(body(.responses)["parallel_tool_calls"] == false)
        #expect(body(.ollama)["format"] == request.outputSchema)
        #expect(body(.ollama)["messages"]?[0]?["images"] == ["AQIDBA=="])
        request.outputSchema = ["type": "object", "properties": ["x": ["type": "string"]]]
        #expect(body(.responses)["text"]?["format"]?["strict"] == false)
    }

    @Test func `at most four marks for the cache are sent, long-lived ones first`() {
        var request = ModelRequest(model: "m", messages: [])
        request.instructions = (1...3).map { InstructionBlock("\($0)", cache: $0 == 1 ? .short : .long) }
        for number in 1...5 {
            request.messages.append(ModelMessage(.user, [.text("\(number)")], cache: .long))
            request.messages.append(.assistant("a"))
        }
        let text = WireRequest(request, as: .messages).body.text
        #expect(text.split(separator: "cache_control").count == 5)
        #expect(text.contains(#"{"type":"text","text":"3","cache_control":{"type":"ephemeral","ttl":"1h"}}"#))
    }
}
