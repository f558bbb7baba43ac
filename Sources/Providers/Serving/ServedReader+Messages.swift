// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension ServedReader {
    func messagesRequest() throws(ServedRequestError) -> ModelRequest {
        guard let limit = try limit(["max_tokens"]) else { throw ServedRequestError("max_tokens: Field required") }
        var request = ModelRequest(model: try model(), messages: [], maxOutputTokens: limit)
        if let text = json.text("system") {
            request.instructions = [InstructionBlock(text)]
        } else {
            request.instructions = (json["system"]?.arrayValue ?? []).map {
                InstructionBlock($0.text("text") ?? "", cache: Self.cache($0))
            }
        }
        for (position, message) in try list("messages").enumerated() {
            if message.text("role") == "system" {
                // Said in the middle of a conversation, by newer clients.
                request.instructions.append(InstructionBlock(Self.text(message["content"])))
                continue
            }
            guard let role = message.text("role").flatMap(ModelMessage.Role.init) else {
                throw ServedRequestError("messages.\(position).role: must be user or assistant")
            }
            try add(message["content"], role, position, to: &request)
        }
        guard !request.messages.isEmpty else { throw ServedRequestError("messages: at least one message is required") }
        request.tools = (json["tools"]?.arrayValue ?? []).compactMap { Self.tool($0, schema: "input_schema") }
        let choice = json["tool_choice"]
        request.toolChoice =
            choice?.text("type") == "tool" ? .tool(choice?.text("name") ?? "") : Self.choice(choice?["type"])
        request.allowsParallelTools = choice?["disable_parallel_tool_use"] != true
        request.temperature = json["temperature"]?.doubleValue
        request.stopSequences = (json["stop_sequences"]?.arrayValue ?? []).compactMap(\.stringValue)
        let format = json["output_config"]?["format"] ?? json["output_format"]
        request.outputSchema = format?["schema"]
        request.thinking = thinking
        return request
    }

    private var thinking: ThinkingMode? {
        let effort = Self.effort(json["output_config"]?.text("effort"))
        guard let thinking = json["thinking"] else { return effort }
        switch thinking.text("type") {
        case "disabled": return .off
        case "enabled": return .budget(thinking.count("budget_tokens"))
        default: return effort ?? .effort(.high)
        }
    }

    private func add(
        _ content: JSONValue?,
        _ role: ModelMessage.Role,
        _ position: Int,
        to request: inout ModelRequest
    ) throws(ServedRequestError) {
        if let text = content?.stringValue { return request.say(role, [.text(text)]) }
        guard let blocks = content?.arrayValue else {
            throw ServedRequestError("messages.\(position).content: must be text or a list of blocks")
        }
        for block in blocks {
            if let part = part(block, request) { request.say(role, [part]) }
            if let cache = Self.cache(block), !request.messages.isEmpty {
                request.messages[request.messages.count - 1].cache = cache
            }
        }
    }

    private func part(_ block: JSONValue, _ request: ModelRequest) -> ModelPart? {
        switch block.text("type") {
        case "text": return .text(block.text("text") ?? "")
        case "tool_use":
            let call = ToolCall(
                id: block.text("id") ?? "",
                name: block.text("name") ?? "",
                arguments: block["input"] ?? [:]
            )
            return .toolCall(call)
        case "tool_result":
            let id = block.text("tool_use_id") ?? ""
            return .toolResult(
                ToolResult(
                    callID: id,
                    name: request.toolName(ofCall: id),
                    content: Self.text(block["content"]),
                    isError: block["is_error"] == true
                )
            )
        case "thinking", "redacted_thinking":
            let replay = ReplayBlock(format: .messages, model: request.model, json: block.text)
            return .thinking(ThinkingPart(block.text("thinking") ?? "", replay: replay))
        case "image":
            let source = block["source"] ?? .null
            return source.text("data").flatMap { Self.image($0, type: source.text("media_type") ?? "image/png") }
        default: return nil
        }
    }

    private static func cache(_ block: JSONValue) -> CacheBreakpoint? {
        guard let mark = block["cache_control"], !mark.isNull else { return nil }
        return mark.text("ttl") == "1h" ? .long : .short
    }
}
