// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The stream of OpenAI Responses.
struct ResponsesReply: ReplyMachine {
    var draft: ReplyDraft
    private var isRefused = false

    init(draft: ReplyDraft) {
        self.draft = draft
    }

    mutating func take(_ json: JSONValue) throws(WireFailure) -> [ModelChunk]? {
        let number = json.count("output_index")
        switch json.text("type") {
        case "response.created":
            let response = json["response"] ?? .null
            (draft.id, draft.model) = (response.text("id"), response.text("model"))
            return [.started(id: draft.id, model: draft.model)]
        case "response.output_item.added": return open(json["item"] ?? .null, number)
        case "response.output_item.done": return close(json["item"] ?? .null, number)
        case "response.output_text.delta": return add(text: json.text("delta") ?? "", number)
        case "response.refusal.delta":
            isRefused = true
            return add(text: json.text("delta") ?? "", number)
        case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
            return add(thinking: json.text("delta") ?? "", number)
        case "response.function_call_arguments.delta": return draft.add(arguments: json.text("delta") ?? "", at: number)
        case "response.completed", "response.incomplete": return end(json["response"] ?? .null)
        case "response.failed": throw WireFailure(json["response"] ?? json)
        case "response.in_progress", "response.queued", "response.content_part.added", "response.content_part.done",
            "response.output_text.done", "response.refusal.done", "response.function_call_arguments.done",
            "response.reasoning_summary_part.added", "response.reasoning_summary_part.done",
            "response.reasoning_summary_text.done", "response.reasoning_text.done":
            return []
        default: return nil
        }
    }

    private mutating func open(_ item: JSONValue, _ number: Int) -> [ModelChunk]? {
        switch item.text("type") {
        case "message":
            draft.replace(number, .text(""))
            return []
        case "reasoning":
            draft.replace(number, .thinking("", replay: nil))
            return []
        case "function_call":
            return draft.openTool(
                at: number,
                id: item.text("call_id") ?? draft.madeID(number),
                name: item.text("name") ?? ""
            )
        default: return nil
        }
    }

    private mutating func add(text: String, _ number: Int) -> [ModelChunk] {
        guard !text.isEmpty else { return [] }
        if case .text(let before)? = draft.block(number) {
            draft.replace(number, .text(before + text))
        } else {
            draft.open(.text(text), at: number)
        }
        return [.text(text)]
    }

    private mutating func add(thinking text: String, _ number: Int) -> [ModelChunk] {
        guard !text.isEmpty else { return [] }
        if case .thinking(let before, let replay)? = draft.block(number) {
            draft.replace(number, .thinking(before + text, replay: replay))
        } else {
            draft.open(.thinking(text, replay: nil), at: number)
        }
        return [.thinking(text)]
    }

    /// The item as it is in the end; it tells what was not streamed.
    private mutating func close(_ item: JSONValue, _ number: Int) -> [ModelChunk]? {
        switch item.text("type") {
        case "message":
            let parts = item["content"]?.arrayValue ?? []
            if parts.contains(where: { $0.text("type") == "refusal" }) { isRefused = true }
            let text = parts.compactMap { $0.text("text") ?? $0.text("refusal") }.joined()
            guard case .text(let before)? = draft.block(number), !before.isEmpty else {
                draft.replace(number, .text(""))
                return add(text: text, number)
            }
            return []
        case "reasoning":
            let pieces = (item["summary"]?.arrayValue ?? []) + (item["content"]?.arrayValue ?? [])
            let text = pieces.compactMap { $0.text("text") }.joined()
            var shown = text
            if case .thinking(let before, _)? = draft.block(number), !before.isEmpty { shown = before }
            // Without the encrypted thought there is nothing that a stateless call could send back.
            let isWhole = item.text("encrypted_content") != nil
            draft.replace(number, .thinking(shown, replay: isWhole ? item.objectValue : nil))
            return []
        case "function_call": return close(call: item, number)
        default: return nil
        }
    }

    private mutating func close(call item: JSONValue, _ number: Int) -> [ModelChunk] {
        var chunks: [ModelChunk] = []
        if draft.place(of: number) == nil { chunks = open(item, number) ?? [] }
        guard let text = item.text("arguments"), case .tool(let id, let name, let before)? = draft.block(number) else {
            return chunks
        }
        if before.isEmpty { return chunks + draft.add(arguments: text, at: number) }
        draft.replace(number, .tool(id: id, name: name, arguments: text))
        return chunks
    }

    private mutating func end(_ response: JSONValue) -> [ModelChunk] {
        var chunks: [ModelChunk] = []
        if draft.blocks.isEmpty {
            for (number, item) in (response["output"]?.arrayValue ?? []).enumerated() {
                chunks += close(item, number) ?? []
            }
        }
        draft.id = response.text("id") ?? draft.id
        draft.model = response.text("model") ?? draft.model
        draft.rawStop = response["incomplete_details"]?.text("reason") ?? response.text("status") ?? "completed"
        draft.stop = reason(response)
        guard let usage = response["usage"], usage.objectValue != nil else { return chunks }
        let input = usage["input_tokens_details"] ?? .null
        draft.setUsage(
            totalInput: usage.count("input_tokens"),
            cached: input.count("cached_tokens"),
            cacheWrite: input.count("cache_write_tokens"),
            output: usage.count("output_tokens"),
            reasoning: usage["output_tokens_details"]?.count("reasoning_tokens") ?? 0
        )
        return chunks + [.usage(draft.usage)]
    }

    private func reason(_ response: JSONValue) -> StopReason {
        switch response["incomplete_details"]?.text("reason") {
        case "max_output_tokens"?: return .maxOutput
        case "content_filter"?: return .filtered
        case .some: return .cut
        case nil: break
        }
        if draft.hasTools { return .tools }
        return isRefused ? .refusal : .end
    }
}
