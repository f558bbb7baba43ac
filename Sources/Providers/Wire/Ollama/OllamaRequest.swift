// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension FittedRequest {
    /// The body of Ollama's `/api/chat`.
    mutating func ollamaBody() -> JSONObject {
        var options: JSONObject = ["num_predict": .int(Int64(request.maxOutputTokens))]
        if let temperature = request.temperature { options["temperature"] = .double(temperature) }
        options.set("stop", list: request.stopSequences.map { .string($0) })
        var body: JSONObject = [
            "model": .string(request.model), "messages": .array(ollamaMessages()), "stream": true,
            "options": .object(options),
        ]
        // There is no choice of tools here: none is as if there were none.
        if request.toolChoice != .none { body.set("tools", list: request.tools.map(Self.ollamaTool)) }
        if let schema = request.outputSchema { body["format"] = schema }
        if let thinking = request.thinking, facts.thinking != .none {
            switch thinking {
            case .off: body["think"] = false
            case .effort, .budget: body["think"] = true
            }
        }
        return body
    }

    private static func ollamaTool(_ tool: ModelTool) -> JSONValue {
        [
            "type": "function",
            "function": [
                "name": .string(tool.name), "description": .string(tool.description), "parameters": tool.inputSchema,
            ],
        ]
    }

    private mutating func ollamaMessages() -> [JSONValue] {
        var messages: [JSONValue] = []
        if let text = instructionText { messages.append(["role": "system", "content": .string(text)]) }
        for message in request.messages { messages += turn(message) }
        return messages
    }

    private mutating func turn(_ message: ModelMessage) -> [JSONValue] {
        var (text, calls, images, results): (String, [JSONValue], [JSONValue], [JSONValue]) = ("", [], [], [])
        var turn: JSONObject = ["role": .string(message.role.rawValue)]
        for part in message.parts {
            switch part {
            case .text(let words): text += text.isEmpty ? words : "\n\(words)"
            case .toolCall(let call):
                calls.append(["function": ["name": .string(call.name), "arguments": call.arguments]])
            case .toolResult(let result):
                results.append([
                    "role": "tool", "tool_name": .string(result.name), "content": .string(result.content),
                ])
            case .thinking(let thought):
                if let thinking = replay(thought)?["thinking"] { turn["thinking"] = thinking }
            case .image(let image): if let data = base64(image) { images.append(.string(data)) }
            }
        }
        guard !text.isEmpty || !calls.isEmpty || !images.isEmpty else { return results }
        turn["content"] = .string(text)
        turn.set("tool_calls", list: calls)
        turn.set("images", list: images)
        return results + [.object(turn)]
    }
}
