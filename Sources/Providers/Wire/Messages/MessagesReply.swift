// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The stream of Anthropic Messages.
struct MessagesReply: ReplyMachine {
    var draft: ReplyDraft
    /// The last value of each count: those at the end are totals, not additions.
    private var counts: JSONObject = [:]

    init(draft: ReplyDraft) {
        self.draft = draft
    }

    mutating func take(_ json: JSONValue) throws(WireFailure) -> [ModelChunk]? {
        switch json.text("type") {
        case "message_start": return start(json["message"] ?? .null)
        case "content_block_start": return open(json["content_block"] ?? .null, json.count("index"))
        case "content_block_delta": return add(json["delta"] ?? .null, json.count("index"))
        case "message_delta": return end(json)
        case "content_block_stop", "message_stop", "ping": return []
        default: return nil
        }
    }

    private mutating func start(_ message: JSONValue) -> [ModelChunk] {
        draft.id = message.text("id")
        draft.model = message.text("model")
        count(message["usage"])
        draft.usage.certainty = .unknown
        return [.started(id: draft.id, model: draft.model), .usage(draft.usage)]
    }

    private mutating func open(_ block: JSONValue, _ number: Int) -> [ModelChunk]? {
        switch block.text("type") {
        case "text":
            let text = block.text("text") ?? ""
            draft.open(.text(text), at: number)
            return text.isEmpty ? [] : [.text(text)]
        case "thinking", "redacted_thinking":
            let text = block.text("thinking") ?? ""
            draft.open(.thinking(text, replay: block.objectValue), at: number)
            return text.isEmpty ? [] : [.thinking(text)]
        case "tool_use":
            var chunks = draft.openTool(
                at: number,
                id: block.text("id") ?? draft.madeID(number),
                name: block.text("name") ?? ""
            )
            // Complete when a server sends no deltas.
            if let input = block["input"], input.objectValue?.isEmpty == false {
                chunks += draft.add(arguments: input.text, at: number)
            }
            return chunks
        default: return nil
        }
    }

    private mutating func add(_ delta: JSONValue, _ number: Int) -> [ModelChunk]? {
        switch (delta.text("type"), draft.block(number)) {
        case ("text_delta", .text(let before)?):
            let text = delta.text("text") ?? ""
            draft.replace(number, .text(before + text))
            return text.isEmpty ? [] : [.text(text)]
        case ("thinking_delta", .thinking(let before, var replay)?):
            let text = delta.text("thinking") ?? ""
            replay?["thinking"] = .string(before + text)
            draft.replace(number, .thinking(before + text, replay: replay))
            return text.isEmpty ? [] : [.thinking(text)]
        case ("signature_delta", .thinking(let text, var replay)?):
            let before = replay?["signature"]?.stringValue ?? ""
            replay?["signature"] = .string(before + (delta.text("signature") ?? ""))
            draft.replace(number, .thinking(text, replay: replay))
            return []
        case ("input_json_delta", _): return draft.add(arguments: delta.text("partial_json") ?? "", at: number)
        default: return nil
        }
    }

    private mutating func end(_ json: JSONValue) -> [ModelChunk] {
        count(json["usage"])
        guard let reason = json["delta"]?.text("stop_reason") else { return [.usage(draft.usage)] }
        draft.rawStop = reason
        draft.stop = Self.reasons[reason] ?? .end
        draft.usage.certainty = json["usage"]?["output_tokens"] == nil ? .unknown : .exact
        return [.usage(draft.usage)]
    }

    private mutating func count(_ usage: JSONValue?) {
        for member in usage?.objectValue ?? [:] where !member.value.isNull { counts[member.key] = member.value }
        let all = JSONValue.object(counts)
        let written = all.count("cache_creation_input_tokens")
        let long = all["cache_creation"]?.count("ephemeral_1h_input_tokens") ?? 0
        let short = all["cache_creation"]?.count("ephemeral_5m_input_tokens") ?? 0
        let details = all["output_tokens_details"] ?? .null
        let output = all.count("output_tokens")
        draft.usage = ModelUsage(
            input: all.count("input_tokens"),
            cached: all.count("cache_read_input_tokens"),
            cacheWrite: max(short, written - long),
            cacheWriteLong: long,
            output: output,
            reasoning: min(output, max(details.count("thinking_tokens"), details.count("reasoning_tokens"))),
            certainty: draft.usage.certainty
        )
    }

    private static let reasons: [String: StopReason] = [
        "end_turn": .end, "max_tokens": .maxOutput, "stop_sequence": .stopSequence, "tool_use": .tools,
        "pause_turn": .paused, "refusal": .refusal, "model_context_window_exceeded": .contextFull,
    ]
}
