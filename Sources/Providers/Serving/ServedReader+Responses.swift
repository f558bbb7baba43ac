// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension ServedReader {
    func responsesRequest() throws(ServedRequestError) -> ModelRequest {
        let limit = try limit(["max_output_tokens"]) ?? 4096
        var request = ModelRequest(model: try model(), messages: [], maxOutputTokens: limit)
        if let text = json.text("instructions") { request.instructions = [InstructionBlock(text)] }
        if let text = json.text("input") {
            request.say(.user, [.text(text)])
        } else {
            for item in try list("input") { add(item, to: &request) }
        }
        request.tools = (json["tools"]?.arrayValue ?? []).compactMap { tool in
            tool.text("type") == "function" ? Self.tool(tool, schema: "parameters") : nil
        }
        request.toolChoice = Self.choice(json["tool_choice"])
        request.allowsParallelTools = json["parallel_tool_calls"] != false
        request.temperature = json["temperature"]?.doubleValue
        request.outputSchema = json["text"]?["format"]?["schema"]
        request.thinking = Self.effort(json["reasoning"]?.text("effort"))
        request.cacheKey = json.text("prompt_cache_key")
        return request
    }

    private func add(_ item: JSONValue, to request: inout ModelRequest) {
        switch item.text("type") ?? "message" {
        case "message":
            let parts = Self.pieces(item["content"])
            switch item.text("role") {
            case "system", "developer": request.instructions.append(InstructionBlock(Self.text(item["content"])))
            case "assistant": request.say(.assistant, parts)
            default: request.say(.user, parts)
            }
        case "function_call":
            let call = ToolCall(
                id: item.text("call_id") ?? "",
                name: item.text("name") ?? "",
                argumentText: item.text("arguments") ?? ""
            )
            request.say(.assistant, [.toolCall(call)])
        case "function_call_output":
            let id = item.text("call_id") ?? ""
            let content = Self.text(item["output"])
            request.say(
                .user,
                [.toolResult(ToolResult(callID: id, name: request.toolName(ofCall: id), content: content))]
            )
        case "reasoning":
            let text = (item["summary"]?.arrayValue ?? []).compactMap { $0.text("text") }.joined()
            let replay = ReplayBlock(format: .responses, model: request.model, json: item.text)
            request.say(.assistant, [.thinking(ThinkingPart(text, replay: replay))])
        default: break
        }
    }

    private static func pieces(_ content: JSONValue?) -> [ModelPart] {
        if let text = content?.stringValue { return [.text(text)] }
        return (content?.arrayValue ?? []).compactMap { piece in
            if let url = piece.text("image_url") { return image(dataURL: url) }
            return piece.text("text").map { .text($0) }
        }
    }
}
