// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension ServedReader {
    func chatRequest() throws(ServedRequestError) -> ModelRequest {
        let limit = try limit(["max_completion_tokens", "max_tokens"]) ?? 4096
        var request = ModelRequest(model: try model(), messages: [], maxOutputTokens: limit)
        for (position, message) in try list("messages").enumerated() {
            guard let role = message.text("role") else {
                throw ServedRequestError("messages[\(position)].role: is missing")
            }
            try add(chat: message, role, position, to: &request)
        }
        request.tools = Self.nestedTools(json["tools"])
        request.toolChoice = Self.choice(json["tool_choice"])
        request.allowsParallelTools = json["parallel_tool_calls"] != false
        request.temperature = json["temperature"]?.doubleValue
        let stop = json["stop"]
        request.stopSequences = stop?.stringValue.map { [$0] } ?? (stop?.arrayValue ?? []).compactMap(\.stringValue)
        request.outputSchema = json["response_format"]?["json_schema"]?["schema"]
        request.thinking = Self.effort(json.text("reasoning_effort"))
        request.cacheKey = json.text("prompt_cache_key")
        return request
    }

    private func add(
        chat message: JSONValue,
        _ role: String,
        _ position: Int,
        to request: inout ModelRequest
    ) throws(ServedRequestError) {
        switch role {
        case "system", "developer": request.instructions.append(InstructionBlock(Self.text(message["content"])))
        case "user": request.say(.user, Self.spoken(message["content"]))
        case "tool":
            let id = message.text("tool_call_id") ?? ""
            let name = request.toolName(ofCall: id)
            request.say(
                .user,
                [.toolResult(ToolResult(callID: id, name: name, content: Self.text(message["content"])))]
            )
        case "assistant": request.say(.assistant, answered(message, request))
        default: throw ServedRequestError("messages[\(position)].role: \(role) is no role")
        }
    }

    private func answered(_ message: JSONValue, _ request: ModelRequest) -> [ModelPart] {
        var parts: [ModelPart] = []
        if let text = message.text("reasoning_content") {
            let block: JSONValue = ["reasoning_content": .string(text)]
            let replay = ReplayBlock(format: .chatCompletions, model: request.model, json: block.text)
            parts.append(.thinking(ThinkingPart(text, replay: replay)))
        }
        parts += Self.spoken(message["content"])
        for call in message["tool_calls"]?.arrayValue ?? [] {
            let function = call["function"] ?? .null
            parts.append(
                .toolCall(
                    ToolCall(
                        id: call.text("id") ?? "",
                        name: function.text("name") ?? "",
                        argumentText: function.text("arguments") ?? ""
                    )
                )
            )
        }
        return parts
    }

    private static func spoken(_ content: JSONValue?) -> [ModelPart] {
        if let text = content?.stringValue { return [.text(text)] }
        return (content?.arrayValue ?? []).compactMap { piece in
            if let url = piece["image_url"]?.text("url") { return image(dataURL: url) }
            return piece.text("text").map { .text($0) }
        }
    }

    func ollamaRequest() throws(ServedRequestError) -> ModelRequest {
        let options = json["options"] ?? .null
        let limit = options["num_predict"]?.intValue.flatMap { Int(exactly: $0) } ?? 0
        var request = ModelRequest(model: try model(), messages: [], maxOutputTokens: limit > 0 ? limit : 4096)
        if let system = json.text("system") { request.instructions = [InstructionBlock(system)] }
        if let prompt = json.text("prompt") {
            request.say(.user, [.text(prompt)] + Self.images(json))
        } else {
            for (position, message) in try list("messages").enumerated() {
                guard let role = message.text("role") else {
                    throw ServedRequestError("messages[\(position)].role: is missing")
                }
                add(ollama: message, role, to: &request)
            }
        }
        request.tools = Self.nestedTools(json["tools"])
        request.temperature = options["temperature"]?.doubleValue
        request.stopSequences = (options["stop"]?.arrayValue ?? []).compactMap(\.stringValue)
        if json["format"]?.objectValue != nil { request.outputSchema = json["format"] }
        if let think = json["think"] {
            request.thinking = think == false ? .off : Self.effort(think.stringValue ?? "medium")
        }
        return request
    }

    private func add(ollama message: JSONValue, _ role: String, to request: inout ModelRequest) {
        let text = message.text("content") ?? ""
        switch role {
        case "system": request.instructions.append(InstructionBlock(text))
        case "tool":
            // Calls have no ids here; a result belongs to the call of its tool.
            let name = message.text("tool_name") ?? ""
            request.say(.user, [.toolResult(ToolResult(callID: name, name: name, content: text))])
        case "assistant":
            let calls = (message["tool_calls"]?.arrayValue ?? []).map { call -> ModelPart in
                let function = call["function"] ?? .null
                let name = function.text("name") ?? ""
                return .toolCall(ToolCall(id: name, name: name, arguments: function["arguments"] ?? [:]))
            }
            request.say(.assistant, (text.isEmpty ? [] : [.text(text)]) + calls)
        default: request.say(.user, [.text(text)] + Self.images(message))
        }
    }

    private static func images(_ json: JSONValue) -> [ModelPart] {
        (json["images"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap { image($0, type: "image/png") } }
    }
}
