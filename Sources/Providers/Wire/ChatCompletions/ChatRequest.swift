// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension FittedRequest {
    /// The body of Chat Completions.
    mutating func chatBody(isOpenAI: Bool) -> JSONObject {
        var body: JSONObject = [
            "model": .string(request.model), "messages": .array(chatMessages()), "stream": true,
            "stream_options": ["include_usage": true],
        ]
        body.set(isOpenAI ? "max_completion_tokens" : "max_tokens", request.maxOutputTokens)
        body.set("tools", list: request.tools.map(Self.chatTool))
        if !request.tools.isEmpty {
            if request.toolChoice != .auto { body["tool_choice"] = chatChoice }
            if !request.allowsParallelTools { body["parallel_tool_calls"] = false }
        }
        if let temperature = request.temperature { body["temperature"] = .double(temperature) }
        body.set("stop", list: request.stopSequences.map { .string($0) })
        body.set("reasoning_effort", effortWord(off: "none"))
        if let schema = request.outputSchema {
            body["response_format"] = ["type": "json_schema", "json_schema": .object(StrictSchema.format(schema))]
        }
        if isOpenAI { body.set("prompt_cache_key", request.cacheKey) }
        return body
    }

    private static func chatTool(_ tool: ModelTool) -> JSONValue {
        [
            "type": "function",
            "function": [
                "name": .string(tool.name), "description": .string(tool.description), "parameters": tool.inputSchema,
            ],
        ]
    }

    private var chatChoice: JSONValue {
        switch request.toolChoice {
        case .auto: "auto"
        case .none: "none"
        case .required: "required"
        case .tool(let name): ["type": "function", "function": ["name": .string(name)]]
        }
    }

    private mutating func chatMessages() -> [JSONValue] {
        var messages: [JSONValue] = []
        if let text = instructionText { messages.append(["role": "system", "content": .string(text)]) }
        for message in request.messages {
            switch message.role {
            case .assistant: if let turn = assistantTurn(message.parts) { messages.append(turn) }
            case .user: messages += userTurn(message.parts)
            }
        }
        return messages
    }

    private func assistantTurn(_ parts: [ModelPart]) -> JSONValue? {
        var turn: JSONObject = ["role": "assistant"]
        var (text, calls): (String, [JSONValue]) = ("", [])
        for part in parts {
            switch part {
            case .text(let words): text += words
            case .toolCall(let call):
                let arguments = call.malformed ?? call.arguments.text
                calls.append([
                    "id": .string(call.id), "type": "function",
                    "function": ["name": .string(call.name), "arguments": .string(arguments)],
                ])
            case .thinking(let thought):
                if let fields = replay(thought)?.objectValue {
                    for field in fields { turn[field.key] = field.value }
                }
            case .toolResult, .image: break
            }
        }
        guard !text.isEmpty || !calls.isEmpty else { return nil }
        turn["content"] = text.isEmpty ? .null : .string(text)
        turn.set("tool_calls", list: calls)
        return .object(turn)
    }

    /// Each result of a tool is a message of its own, before the words.
    private mutating func userTurn(_ parts: [ModelPart]) -> [JSONValue] {
        var results: [JSONValue] = []
        var content: [JSONValue] = []
        for part in parts {
            switch part {
            case .toolResult(let result):
                results.append([
                    "role": "tool", "tool_call_id": .string(result.callID), "content": .string(result.content),
                ])
            case .text(let text): if !text.isEmpty { content.append(["type": "text", "text": .string(text)]) }
            case .image(let image):
                if let url = dataURL(image) {
                    content.append(["type": "image_url", "image_url": ["url": .string(url)]])
                }
            case .toolCall, .thinking: break
            }
        }
        guard !content.isEmpty else { return results }
        // Many compatible servers take only text, not a list.
        let texts = content.compactMap { $0["text"]?.stringValue }
        let words: JSONValue = texts.count == content.count ? .string(texts.joined(separator: "\n")) : .array(content)
        return results + [["role": "user", "content": words]]
    }
}

/// The form in which OpenAI takes a schema.
enum StrictSchema {
    /// `{name, strict, schema}`.
    static func format(_ schema: JSONValue) -> JSONObject {
        ["name": "answer", "strict": .bool(isStrict(schema)), "schema": schema]
    }

    /// Whether every object names all of its members as required and takes no others.
    static func isStrict(_ schema: JSONValue) -> Bool {
        guard let object = schema.objectValue else { return true }
        if let properties = object["properties"]?.objectValue {
            let required = Set((object["required"]?.arrayValue ?? []).compactMap(\.stringValue))
            guard object["additionalProperties"] == false, required == Set(properties.keys),
                properties.members.allSatisfy({ isStrict($0.value) })
            else { return false }
        } else if object["type"] == "object" {
            return false
        }
        let inner = [object["items"]].compactMap(\.self) + (object["anyOf"]?.arrayValue ?? [])
        let named = (object["$defs"]?.objectValue ?? [:]).map(\.value)
        return (inner + named).allSatisfy(isStrict)
    }
}
