// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension FittedRequest {
    /// More marks are refused.
    private static let breakpointLimit = 4

    /// The body of Anthropic Messages.
    mutating func messagesBody() -> JSONObject {
        limitBreakpoints()
        var body: JSONObject = [
            "model": .string(request.model), "max_tokens": .int(Int64(request.maxOutputTokens)), "stream": true,
        ]
        let blocks = request.instructions.filter { !$0.text.isEmpty }
        body.set("system", list: blocks.map { Self.marked(["type": "text", "text": .string($0.text)], $0.cache) })
        body.set("tools", list: request.tools.map(Self.tool))
        if !request.tools.isEmpty { body["tool_choice"] = choice }
        body["messages"] = .array(turns())
        body.set("stop_sequences", list: request.stopSequences.map { .string($0) })
        setThinking(&body)
        if let temperature = request.temperature { body["temperature"] = .double(temperature) }
        if let schema = request.outputSchema {
            var output = body["output_config"]?.objectValue ?? [:]
            output["format"] = ["type": "json_schema", "schema": schema]
            body["output_config"] = .object(output)
        }
        return body
    }

    private static func tool(_ tool: ModelTool) -> JSONValue {
        [
            "name": .string(tool.name), "description": .string(tool.description), "input_schema": tool.inputSchema,
        ]
    }

    private var choice: JSONValue {
        var choice: JSONObject =
            switch request.toolChoice {
            case .auto: ["type": "auto"]
            case .none: ["type": "none"]
            case .required: ["type": "any"]
            case .tool(let name): ["type": "tool", "name": .string(name)]
            }
        if !request.allowsParallelTools, request.toolChoice != .none { choice["disable_parallel_tool_use"] = true }
        return .object(choice)
    }

    private mutating func setThinking(_ body: inout JSONObject) {
        guard let thinking = request.thinking else { return }
        if facts.thinking == .budget {
            setBudget(thinking, &body)
        } else if thinking == .off, facts.thinking == .effort {
            body["thinking"] = ["type": "disabled"]
        } else if let word = effortWord(off: "") {
            body["thinking"] = ["type": "adaptive"]
            body["output_config"] = ["effort": .string(word)]
        }
    }

    /// The budget has to leave room for the answer, and there is no sampling beside it.
    private mutating func setBudget(_ thinking: ThinkingMode, _ body: inout JSONObject) {
        let wish: Int
        switch thinking {
        case .off: return
        case .budget(let tokens): wish = tokens
        case .effort(let effort):
            switch effort {
            case .low: wish = 2048
            case .medium: wish = 8192
            case .high: wish = 16384
            case .max: wish = 32000
            }
        }
        let budget = min(wish, request.maxOutputTokens - 1)
        guard budget >= 1024 else { return note("thinking was dropped: the answer may not be long enough for it") }
        body["thinking"] = ["type": "enabled", "budget_tokens": .int(Int64(budget))]
        if request.temperature != nil {
            request.temperature = nil
            note("temperature was dropped: there is none beside thinking")
        }
        if request.toolChoice == .required || request.toolChoice.isNamed {
            body["tool_choice"] = ["type": "auto"]
            note("the forced call was dropped: there is none beside thinking")
        }
    }

    /// Speakers take turns: neighbours of the same role become one, and results of tools come first in it.
    private mutating func turns() -> [JSONValue] {
        var turns: [(role: ModelMessage.Role, blocks: [JSONValue])] = []
        for message in request.messages {
            let blocks = self.blocks(message)
            guard !blocks.isEmpty else { continue }
            if turns.last?.role == message.role {
                turns[turns.count - 1].blocks += blocks
            } else {
                turns.append((message.role, blocks))
            }
        }
        return turns.map { turn in
            let results = turn.blocks.filter { $0["type"] == "tool_result" }
            let others = turn.blocks.filter { $0["type"] != "tool_result" }
            return ["role": .string(turn.role.rawValue), "content": .array(results + others)]
        }
    }

    private mutating func blocks(_ message: ModelMessage) -> [JSONValue] {
        var blocks: [JSONValue] = []
        for part in message.parts {
            if let block = block(part) { blocks.append(block) }
        }
        // The mark stands on the last block that can hold one.
        if let cache = message.cache, let last = blocks.lastIndex(where: { $0["type"] != "thinking" }) {
            blocks[last] = Self.marked(blocks[last].objectValue ?? [:], cache)
        }
        return blocks
    }

    private mutating func block(_ part: ModelPart) -> JSONValue? {
        switch part {
        case .text(let text): return text.isEmpty ? nil : ["type": "text", "text": .string(text)]
        case .toolCall(let call):
            return [
                "type": "tool_use", "id": .string(Self.safe(call.id)), "name": .string(call.name),
                "input": call.arguments,
            ]
        case .toolResult(let result):
            var block: JSONObject = [
                "type": "tool_result", "tool_use_id": .string(Self.safe(result.callID)),
                "content": .string(result.content),
            ]
            if result.isError { block["is_error"] = true }
            return .object(block)
        case .thinking(let thought): return replay(thought)
        case .image(let image):
            guard let data = base64(image) else { return nil }
            return [
                "type": "image",
                "source": ["type": "base64", "media_type": .string(image.mediaType), "data": .string(data)],
            ]
        }
    }

    /// Ids that other providers made may have characters that are refused here.
    private static func safe(_ id: String) -> String {
        String(
            decoding: id.utf8.map { byte in
                switch byte {
                case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): byte
                default: UInt8(ascii: "_")
                }
            },
            as: UTF8.self
        )
    }

    private static func marked(_ block: JSONObject, _ cache: CacheBreakpoint?) -> JSONValue {
        guard let cache else { return .object(block) }
        var block = block
        block["cache_control"] = cache == .long ? ["type": "ephemeral", "ttl": "1h"] : ["type": "ephemeral"]
        return .object(block)
    }

    /// Keeps the last marks, and long-lived ones only before the others, as the provider wants it.
    private mutating func limitBreakpoints() {
        var kept = 0
        for place in request.messages.indices.reversed() where request.messages[place].cache != nil {
            kept += 1
            if kept > Self.breakpointLimit - 1 { request.messages[place].cache = nil }
        }
        kept = min(kept, Self.breakpointLimit - 1)
        for place in request.instructions.indices.reversed() where request.instructions[place].cache != nil {
            kept += 1
            if kept > Self.breakpointLimit { request.instructions[place].cache = nil }
        }
        var isShort = false
        for place in request.instructions.indices {
            request.instructions[place].cache = Self.ordered(request.instructions[place].cache, &isShort)
        }
        for place in request.messages.indices {
            request.messages[place].cache = Self.ordered(request.messages[place].cache, &isShort)
        }
    }

    private static func ordered(_ cache: CacheBreakpoint?, _ isShort: inout Bool) -> CacheBreakpoint? {
        if cache == .short { isShort = true }
        return cache == .long && isShort ? .short : cache
    }
}

extension ToolChoice {
    /// One tool is named.
    var isNamed: Bool {
        if case .tool = self { true } else { false }
    }
}
