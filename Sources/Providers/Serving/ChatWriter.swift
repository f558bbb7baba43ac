// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Writes answers as OpenAI Chat Completions does.
struct ChatWriter {
    let reply: ModelReply
    let chunks: Int
    let includesUsage: Bool

    var whole: JSONValue {
        var message: JSONObject = ["role": "assistant", "content": reply.text.isEmpty ? .null : .string(reply.text)]
        let thinking = self.thinking
        if !thinking.isEmpty { message["reasoning_content"] = .string(thinking) }
        message["refusal"] = .null
        message.set("tool_calls", list: reply.toolCalls.map { call($0, nil) })
        return head(
            "chat.completion",
            choices: [["index": 0, "message": .object(message), "logprobs": nil, "finish_reason": stop]],
            usage: reply.usage.openAI("prompt_tokens", "completion_tokens")
        )
    }

    var events: [JSONValue] {
        var events = [chunk(["role": "assistant", "content": ""])]
        var calls = 0
        for part in reply.parts {
            switch part {
            case .text(let text): events += text.pieces(chunks).map { chunk(["content": .string(String($0))]) }
            case .thinking(let thought):
                events += thought.text.pieces(chunks).map { chunk(["reasoning_content": .string(String($0))]) }
            case .toolCall(let call):
                events += streamed(call, calls)
                calls += 1
            case .toolResult, .image: break
            }
        }
        events.append(chunk([:], stop: stop))
        if includesUsage {
            let usage = reply.usage.openAI("prompt_tokens", "completion_tokens")
            events.append(head("chat.completion.chunk", choices: [], usage: usage))
        }
        return events
    }

    private var thinking: String {
        reply.parts.reduce(into: "") { text, part in
            if case .thinking(let thought) = part { text += thought.text }
        }
    }

    private func streamed(_ toolCall: ToolCall, _ index: Int) -> [JSONValue] {
        let empty = ToolCall(id: toolCall.id, name: toolCall.name, arguments: [:], malformed: "")
        let number = JSONValue.int(Int64(index))
        let pieces = (toolCall.malformed ?? toolCall.arguments.text).pieces(chunks)
        return [chunk(["tool_calls": [call(empty, index)]])]
            + pieces.map { piece in
                chunk(["tool_calls": [["index": number, "function": ["arguments": .string(String(piece))]]]])
            }
    }

    private func call(_ call: ToolCall, _ index: Int?) -> JSONValue {
        var object = JSONObject()
        object.set("index", index)
        object["id"] = .string(call.id)
        object["type"] = "function"
        object["function"] = [
            "name": .string(call.name), "arguments": .string(call.malformed ?? call.arguments.text),
        ]
        return .object(object)
    }

    private func chunk(_ delta: JSONObject, stop: JSONValue = .null) -> JSONValue {
        head(
            "chat.completion.chunk",
            choices: [["index": 0, "delta": .object(delta), "logprobs": nil, "finish_reason": stop]],
            usage: nil
        )
    }

    private func head(_ kind: JSONValue, choices: JSONValue, usage: JSONValue?) -> JSONValue {
        var object: JSONObject = [
            "id": .string("chatcmpl-\(reply.responseID ?? "")"), "object": kind, "created": 0,
            "model": .string(reply.model), "choices": choices,
        ]
        if let usage { object["usage"] = usage }
        return .object(object)
    }

    private var stop: JSONValue {
        switch reply.stopReason {
        case .maxOutput, .contextFull: "length"
        case .tools: "tool_calls"
        case .filtered: "content_filter"
        case .end, .stopSequence, .paused, .refusal, .cut: "stop"
        }
    }
}

/// Writes answers as Ollama does.
struct OllamaWriter {
    let reply: ModelReply
    let chunks: Int
    let isGenerate: Bool

    var whole: JSONValue {
        let thinking = reply.parts.compactMap { part in
            if case .thinking(let thought) = part { thought.text } else { nil }
        }
        return line(
            content: reply.text,
            thinking: thinking.isEmpty ? nil : thinking.joined(),
            calls: reply.toolCalls,
            isLast: true
        )
    }

    var lines: [JSONValue] {
        var lines: [JSONValue] = []
        for part in reply.parts {
            switch part {
            case .text(let text): lines += text.pieces(chunks).map { line(content: String($0)) }
            case .thinking(let thought):
                lines += thought.text.pieces(chunks).map { line(content: "", thinking: String($0)) }
            case .toolCall(let call): lines.append(line(content: "", calls: [call]))
            case .toolResult, .image: break
            }
        }
        return lines + [line(content: "", isLast: true)]
    }

    private func line(
        content: String,
        thinking: String? = nil,
        calls: [ToolCall] = [],
        isLast: Bool = false
    ) -> JSONValue {
        var line: JSONObject = ["model": .string(reply.model), "created_at": "2026-01-01T00:00:00Z"]
        if isGenerate {
            line["response"] = .string(content)
            line.set("thinking", thinking)
        } else {
            var message: JSONObject = ["role": "assistant", "content": .string(content)]
            message.set("thinking", thinking)
            message.set(
                "tool_calls",
                list: calls.map { ["function": ["name": .string($0.name), "arguments": $0.arguments]] }
            )
            line["message"] = .object(message)
        }
        line["done"] = .bool(isLast)
        if isLast { end(&line) }
        return .object(line)
    }

    private func end(_ line: inout JSONObject) {
        line["done_reason"] = reply.stopReason == .maxOutput ? "length" : "stop"
        for key in ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"] { line[key] = 1 }
        line["prompt_eval_count"] = .int(Int64(reply.usage.totalInput))
        line["eval_count"] = .int(Int64(reply.usage.output))
    }
}
