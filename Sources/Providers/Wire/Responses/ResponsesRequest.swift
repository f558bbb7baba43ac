// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension FittedRequest {
    /// The body of OpenAI Responses; nothing is kept at the provider.
    mutating func responsesBody() -> JSONObject {
        var body: JSONObject = [
            "model": .string(request.model), "input": .array(items()), "stream": true, "store": false,
            // Less is refused.
            "max_output_tokens": .int(Int64(max(16, request.maxOutputTokens))),
        ]
        body.set("instructions", instructionText)
        body.set("tools", list: request.tools.map(Self.flatTool))
        if !request.tools.isEmpty {
            if request.toolChoice != .auto { body["tool_choice"] = flatChoice }
            if !request.allowsParallelTools { body["parallel_tool_calls"] = false }
        }
        if let temperature = request.temperature { body["temperature"] = .double(temperature) }
        if !request.stopSequences.isEmpty { note("stop sequences were dropped: there are none in Responses") }
        if let word = effortWord(off: "none") { body["reasoning"] = ["effort": .string(word), "summary": "auto"] }
        if facts.thinking != .none { body["include"] = ["reasoning.encrypted_content"] }
        if let schema = request.outputSchema {
            var format = StrictSchema.format(schema)
            format["type"] = "json_schema"
            body["text"] = ["format": .object(format)]
        }
        body.set("prompt_cache_key", request.cacheKey)
        return body
    }

    private static func flatTool(_ tool: ModelTool) -> JSONValue {
        [
            "type": "function", "name": .string(tool.name), "description": .string(tool.description),
            "parameters": tool.inputSchema, "strict": false,
        ]
    }

    private var flatChoice: JSONValue {
        switch request.toolChoice {
        case .auto: "auto"
        case .none: "none"
        case .required: "required"
        case .tool(let name): ["type": "function", "name": .string(name)]
        }
    }

    private mutating func items() -> [JSONValue] {
        var items: [JSONValue] = []
        for message in request.messages {
            var content: [JSONValue] = []
            for part in message.parts {
                if let piece = piece(part, message.role) {
                    content.append(piece)
                } else if let item = item(part) {
                    items += Self.spoken(message.role, content)
                    content = []
                    items.append(item)
                }
            }
            items += Self.spoken(message.role, content)
        }
        return items
    }

    private static func spoken(_ role: ModelMessage.Role, _ content: [JSONValue]) -> [JSONValue] {
        guard !content.isEmpty else { return [] }
        return [["type": "message", "role": .string(role.rawValue), "content": .array(content)]]
    }

    /// A piece of what is said.
    private mutating func piece(_ part: ModelPart, _ role: ModelMessage.Role) -> JSONValue? {
        switch part {
        case .text(let text):
            guard !text.isEmpty else { return nil }
            return ["type": role == .user ? "input_text" : "output_text", "text": .string(text)]
        case .image(let image):
            guard let url = dataURL(image) else { return nil }
            return ["type": "input_image", "image_url": .string(url)]
        case .toolCall, .toolResult, .thinking: return nil
        }
    }

    /// An item that stands by itself.
    private func item(_ part: ModelPart) -> JSONValue? {
        switch part {
        case .toolCall(let call):
            [
                "type": "function_call", "call_id": .string(call.id), "name": .string(call.name),
                "arguments": .string(call.malformed ?? call.arguments.text),
            ]
        case .toolResult(let result):
            [
                "type": "function_call_output", "call_id": .string(result.callID), "output": .string(result.content),
            ]
        case .thinking(let thought): replay(thought)
        case .text, .image: nil
        }
    }
}
