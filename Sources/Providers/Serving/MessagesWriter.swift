// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Writes answers as Anthropic Messages does.
struct MessagesWriter {
    let reply: ModelReply
    let chunks: Int

    var whole: JSONValue {
        message(content: blocks, stop: stop, usage: usage(output: reply.usage.output))
    }

    var events: [JSONValue] {
        var events: [JSONValue] = [
            [
                "type": "message_start",
                "message": message(content: [], stop: .null, usage: usage(output: min(1, reply.usage.output))),
            ]
        ]
        for (index, part) in reply.parts.enumerated() { events += streamed(part, index) }
        events.append([
            "type": "message_delta", "delta": ["stop_reason": stop, "stop_sequence": .null],
            "usage": usage(output: reply.usage.output),
        ])
        events.append(["type": "message_stop"])
        return events
    }

    private func message(content: [JSONValue], stop: JSONValue, usage: JSONValue) -> JSONValue {
        [
            "id": .string("msg_\(reply.responseID ?? "")"), "type": "message", "role": "assistant",
            "model": .string(reply.model), "content": .array(content), "stop_reason": stop, "stop_sequence": .null,
            "usage": usage,
        ]
    }

    private func usage(output: Int) -> JSONValue {
        let usage = reply.usage
        return [
            "input_tokens": .int(Int64(usage.input)), "cache_read_input_tokens": .int(Int64(usage.cached)),
            "cache_creation_input_tokens": .int(Int64(usage.cacheWrite + usage.cacheWriteLong)),
            "cache_creation": [
                "ephemeral_5m_input_tokens": .int(Int64(usage.cacheWrite)),
                "ephemeral_1h_input_tokens": .int(Int64(usage.cacheWriteLong)),
            ],
            "output_tokens": .int(Int64(output)), "service_tier": "standard",
            "output_tokens_details": ["thinking_tokens": .int(Int64(min(usage.reasoning, output)))],
        ]
    }

    private var stop: JSONValue {
        switch reply.stopReason {
        case .end, .filtered, .cut: "end_turn"
        case .maxOutput: "max_tokens"
        case .stopSequence: "stop_sequence"
        case .tools: "tool_use"
        case .paused: "pause_turn"
        case .refusal: "refusal"
        case .contextFull: "model_context_window_exceeded"
        }
    }

    private var blocks: [JSONValue] { reply.parts.compactMap { block($0, isEmpty: false) } }

    private func block(_ part: ModelPart, isEmpty: Bool) -> JSONValue? {
        switch part {
        case .text(let text): return ["type": "text", "text": .string(isEmpty ? "" : text)]
        case .toolCall(let call):
            return [
                "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
                "input": isEmpty ? [:] : call.arguments,
            ]
        case .thinking(let thought):
            if !isEmpty, thought.replay?.format == .messages, let json = thought.replay?.json {
                return try? JSONValue(parsing: json)
            }
            return [
                "type": "thinking", "thinking": .string(isEmpty ? "" : thought.text),
                "signature": .string(isEmpty ? "" : signature(thought)),
            ]
        case .toolResult, .image: return nil
        }
    }

    private func signature(_ thought: ThinkingPart) -> String {
        let json = thought.replay.flatMap { try? JSONValue(parsing: $0.json) }
        return json?.text("signature") ?? "unsigned"
    }

    private func streamed(_ part: ModelPart, _ index: Int) -> [JSONValue] {
        guard let start = block(part, isEmpty: true) else { return [] }
        let number = JSONValue.int(Int64(index))
        var events: [JSONValue] = [["type": "content_block_start", "index": number, "content_block": start]]
        for delta in deltas(part) { events.append(["type": "content_block_delta", "index": number, "delta": delta]) }
        return events + [["type": "content_block_stop", "index": number]]
    }

    private func deltas(_ part: ModelPart) -> [JSONValue] {
        switch part {
        case .text(let text): text.pieces(chunks).map { ["type": "text_delta", "text": .string(String($0))] }
        case .toolCall(let call):
            (call.malformed ?? call.arguments.text).pieces(chunks)
                .map { ["type": "input_json_delta", "partial_json": .string(String($0))] }
        case .thinking(let thought):
            thought.text.pieces(chunks).map { ["type": "thinking_delta", "thinking": .string(String($0))] }
                + [["type": "signature_delta", "signature": .string(signature(thought))]]
        case .toolResult, .image: []
        }
    }
}
