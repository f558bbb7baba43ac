// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Writes answers as OpenAI Responses does.
struct ResponsesWriter {
    let reply: ModelReply
    let chunks: Int

    var whole: JSONValue { response(isOver: true) }

    var events: [JSONValue] {
        var events: [JSONValue] = [
            ["type": "response.created", "response": response(isOver: false)],
            ["type": "response.in_progress", "response": response(isOver: false)],
        ]
        for (index, part) in parts.enumerated() { events += streamed(part, index) }
        let end: JSONValue = isIncomplete ? "response.incomplete" : "response.completed"
        events.append(["type": end, "response": response(isOver: true)])
        return events.enumerated().map { number, event in
            var object = event.objectValue ?? [:]
            object["sequence_number"] = .int(Int64(number))
            return .object(object)
        }
    }

    private var id: String { reply.responseID ?? "" }

    private var parts: [ModelPart] {
        reply.parts.filter { part in
            switch part {
            case .text, .toolCall, .thinking: true
            case .toolResult, .image: false
            }
        }
    }

    private var isIncomplete: Bool { [.maxOutput, .filtered, .contextFull].contains(reply.stopReason) }

    private func response(isOver: Bool) -> JSONValue {
        let output = isOver ? parts.enumerated().map { item($1, $0, isOver: true) } : []
        var object: JSONObject = [
            "id": .string("resp_\(id)"), "object": "response", "created_at": 0, "error": nil, "instructions": nil,
            "status": isOver ? (isIncomplete ? "incomplete" : "completed") : "in_progress",
            "model": .string(reply.model), "output": .array(output), "parallel_tool_calls": true, "tool_choice": "auto",
            "tools": [], "metadata": [:], "temperature": nil, "top_p": nil,
        ]
        object["incomplete_details"] =
            isOver && isIncomplete
            ? ["reason": reply.stopReason == .filtered ? "content_filter" : "max_output_tokens"] : .null
        object["usage"] = isOver ? reply.usage.openAI("input_tokens", "output_tokens") : .null
        return .object(object)
    }

    private func item(_ part: ModelPart, _ index: Int, isOver: Bool) -> JSONValue {
        let status: JSONValue = isOver ? "completed" : "in_progress"
        switch part {
        case .text(let text):
            let content: JSONValue = isOver ? [piece(text)] : []
            return [
                "id": .string("msg_\(id)_\(index)"), "type": "message", "role": "assistant", "status": status,
                "content": content,
            ]
        case .toolCall(let call):
            return [
                "id": .string("fc_\(id)_\(index)"), "type": "function_call", "status": status,
                "call_id": .string(call.id), "name": .string(call.name),
                "arguments": .string(isOver ? call.malformed ?? call.arguments.text : ""),
            ]
        case .thinking(let thought): return reasoning(thought, index, isOver: isOver)
        case .toolResult, .image: return .null
        }
    }

    private func reasoning(_ thought: ThinkingPart, _ index: Int, isOver: Bool) -> JSONValue {
        if isOver, thought.replay?.format == .responses, let json = thought.replay?.json {
            return (try? JSONValue(parsing: json)) ?? .null
        }
        return [
            "id": .string("rs_\(id)_\(index)"), "type": "reasoning",
            "summary": isOver ? [["type": "summary_text", "text": .string(thought.text)]] : [],
            "encrypted_content": .string("sealed-\(id)-\(index)"),
        ]
    }

    private func piece(_ text: String) -> JSONValue {
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
    }

    private func streamed(_ part: ModelPart, _ index: Int) -> [JSONValue] {
        let number = JSONValue.int(Int64(index))
        let start = item(part, index, isOver: false)
        var events: [JSONValue] = [["type": "response.output_item.added", "output_index": number, "item": start]]
        let place: JSONObject = ["item_id": start["id"] ?? "", "output_index": number, "content_index": 0]
        func event(_ type: String, _ more: JSONObject) -> JSONValue {
            var object: JSONObject = ["type": .string(type)]
            for member in place { object[member.key] = member.value }
            for member in more { object[member.key] = member.value }
            return .object(object)
        }
        switch part {
        case .text(let text):
            events.append(event("response.content_part.added", ["part": piece("")]))
            for delta in text.pieces(chunks) {
                events.append(event("response.output_text.delta", ["delta": .string(String(delta)), "logprobs": []]))
            }
            events.append(event("response.output_text.done", ["text": .string(text), "logprobs": []]))
            events.append(event("response.content_part.done", ["part": piece(text)]))
        case .toolCall(let call):
            let text = call.malformed ?? call.arguments.text
            for delta in text.pieces(chunks) {
                events.append(event("response.function_call_arguments.delta", ["delta": .string(String(delta))]))
            }
            events.append(
                event(
                    "response.function_call_arguments.done",
                    ["arguments": .string(text), "name": .string(call.name)]
                )
            )
        case .thinking(let thought):
            for delta in thought.text.pieces(chunks) {
                events.append(
                    event(
                        "response.reasoning_summary_text.delta",
                        ["delta": .string(String(delta)), "summary_index": 0]
                    )
                )
            }
        case .toolResult, .image: break
        }
        let end = item(part, index, isOver: true)
        return events + [["type": "response.output_item.done", "output_index": number, "item": end]]
    }
}
