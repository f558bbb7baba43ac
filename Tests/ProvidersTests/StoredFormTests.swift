// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Providers
import Testing

@Suite struct StoredFormTests {
    static let request: ModelRequest = {
        var request = ModelRequest(
            model: "claude-opus-5-5",
            messages: [
                .user("find it"),
                ModelMessage(
                    .assistant,
                    [
                        .thinking(
                            ThinkingPart(
                                "hm",
                                replay: ReplayBlock(
                                    format: .messages,
                                    model: "claude-opus-5-5",
                                    json: #"{"type":"thinking","thinking":"hm","signature":"sig=="}"#
                                )
                            )
                        ),
                        .text("I look."),
                        .toolCall(ToolCall(id: "c1", name: "search", arguments: ["q": "é", "n": 1.5])),
                        .toolCall(ToolCall(id: "c2", name: "search", argumentText: "{broken")),
                    ]
                ),
                ModelMessage(
                    .user,
                    [
                        .toolResult(ToolResult(callID: "c1", name: "search", content: "found")),
                        .toolResult(ToolResult(callID: "c2", name: "search", content: "no JSON", isError: true)),
                        .image(ImagePart(mediaType: "image/png", blob: "ab12")),
                    ],
                    cache: .short
                ),
            ],
            maxOutputTokens: 1000
        )
        request.instructions = [InstructionBlock("be brief", cache: .long), InstructionBlock("project")]
        request.tools = [ModelTool(name: "search", description: "finds", inputSchema: ["type": "object"])]
        request.toolChoice = .tool("search")
        request.allowsParallelTools = false
        request.temperature = 0.5
        request.stopSequences = ["END"]
        request.outputSchema = ["type": "object"]
        request.thinking = .budget(2048)
        request.cacheKey = "run/agent"
        request.origin = ModelCallOrigin(agent: "analyst", node: "look", call: 2)
        return request
    }()

    @Test func `requests and answers survive being stored`() throws {
        let request = Self.request
        let bytes = request.canonicalBytes()
        let read = try ModelRequest(json: JSONValue(parsing: bytes))
        #expect(read == request)
        #expect(read.canonicalBytes() == bytes)

        for choice in [ToolChoice.auto, .none, .required] {
            for thinking in [ThinkingMode.off, .effort(.high), nil] {
                var request = ModelRequest(model: "m", messages: [.user("x")])
                (request.toolChoice, request.thinking) = (choice, thinking)
                #expect(try ModelRequest(json: request.json) == request, "\(choice)")
            }
        }
        var reply = ModelReply(
            parts: request.messages[1].parts,
            stopReason: .tools,
            rawStopReason: "tool_use",
            usage: ModelUsage(input: 1, cached: 2, cacheWrite: 3, cacheWriteLong: 4, output: 5, reasoning: 6),
            model: "claude-opus-5-5",
            responseID: "msg_1",
            requestID: "req_1",
            isSimulated: true,
            notes: ["temperature was dropped"]
        )
        #expect(try ModelReply(json: JSONValue(parsing: reply.canonicalBytes())) == reply)
        reply.usage.certainty = .unknown
        #expect(try ModelReply(json: reply.json) == reply)
        #expect(reply.usage.totalInput == 10)
    }

    @Test func `what cannot be read says where and what`() {
        let cases: [(JSONValue, String)] = [
            ([], "the value must be an object"),
            (["model": "m", "messages": []], "/max_output_tokens must be a whole number"),
            (
                ["model": "m", "max_output_tokens": 1, "messages": [["role": "user", "parts": [["type": "tune"]]]]],
                "/messages/0/parts/0/type must be text, tool_call, tool_result, thinking or image"
            ),
            (
                ["model": "m", "max_output_tokens": 1, "messages": [["role": "robot", "parts": []]]],
                "/messages/0/role must be one of user, assistant"
            ),
            (
                ["model": "m", "max_output_tokens": 1, "messages": [], "tool_choice": 3],
                "/tool_choice must be auto, none, required or {tool}"
            ),
        ]
        for (json, message) in cases {
            #expect("\(json)") { _ = try ModelRequest(json: json) } throws: { "\($0)" == message }
        }
    }

    @Test func `arguments are an object or marked as malformed`() {
        #expect(ToolCall(id: "1", name: "t", argumentText: " \n") == ToolCall(id: "1", name: "t", arguments: [:]))
        #expect(ToolCall(id: "1", name: "t", argumentText: #"{"a":1}"#).arguments == ["a": 1])
        for text in ["[1]", "3", "{\"a\":", "nul"] {
            let call = ToolCall(id: "1", name: "t", argumentText: text)
            #expect(call.malformed == text)
            #expect(call.arguments == [:])
        }
    }
}
