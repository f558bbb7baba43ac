// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The stream of Chat Completions, from OpenAI and from servers that are more or less compatible.
struct ChatReply: ReplyMachine {
    var draft: ReplyDraft
    private let readsCallsInText: Bool
    private var hasStarted = false
    private var isRefused = false
    private var toolCount = 0

    init(draft: ReplyDraft, readsCallsInText: Bool) {
        (self.draft, self.readsCallsInText) = (draft, readsCallsInText)
    }

    mutating func take(_ json: JSONValue) throws(WireFailure) -> [ModelChunk]? {
        guard json["choices"] != nil || json["usage"] != nil else { return nil }
        var chunks: [ModelChunk] = []
        if !hasStarted {
            hasStarted = true
            (draft.id, draft.model) = (json.text("id"), json.text("model"))
            chunks.append(.started(id: draft.id, model: draft.model))
        }
        if let choice = json["choices"]?[0] {
            // A server that was asked for a stream may answer with a whole message all the same.
            chunks += add(choice["delta"] ?? choice["message"] ?? .null)
            if let reason = choice.text("finish_reason") {
                draft.rawStop = reason
                draft.stop = Self.reasons[reason] ?? .end
            }
        }
        if let usage = json["usage"], usage.objectValue != nil {
            count(usage)
            chunks.append(.usage(draft.usage))
        }
        return chunks
    }

    private mutating func add(_ delta: JSONValue) -> [ModelChunk] {
        var chunks: [ModelChunk] = []
        if let text = delta.text("reasoning_content") ?? delta.text("reasoning") {
            chunks += draft.add(thinking: text, replay: ["type": "reasoning_content"])
        }
        if let text = delta.text("content") { chunks += draft.add(text: text) }
        if let text = delta.text("refusal"), !text.isEmpty {
            chunks += draft.add(text: text)
            isRefused = true
        }
        for (position, call) in (delta["tool_calls"]?.arrayValue ?? []).enumerated() {
            chunks += add(call: call, position)
        }
        return chunks
    }

    /// Fragments belong together by `index`; a server without one sends each call whole.
    private mutating func add(call: JSONValue, _ position: Int) -> [ModelChunk] {
        let function = call["function"] ?? .null
        let name = function.text("name") ?? ""
        let index = call.place("index") ?? (name.isEmpty ? toolCount - 1 : toolCount)
        var chunks: [ModelChunk] = []
        if draft.place(of: index) == nil {
            guard !name.isEmpty || call.text("id") != nil else { return [] }
            let given = call.text("id") ?? ""
            chunks = draft.openTool(at: index, id: given.isEmpty ? draft.madeID(index) : given, name: name)
            toolCount = max(toolCount, index + 1)
        }
        switch function["arguments"] {
        case .string(let text)?: chunks += draft.add(arguments: text, at: index)
        case .object(let object)?: chunks += draft.add(arguments: JSONValue.object(object).text, at: index)
        default: break
        }
        return chunks
    }

    private mutating func count(_ usage: JSONValue) {
        let input = usage["prompt_tokens_details"] ?? .null
        let output = usage["completion_tokens_details"] ?? .null
        draft.setUsage(
            totalInput: usage.count("prompt_tokens"),
            cached: max(input.count("cached_tokens"), usage.count("prompt_cache_hit_tokens")),
            cacheWrite: input.count("cache_write_tokens"),
            output: usage.count("completion_tokens"),
            reasoning: output.count("reasoning_tokens")
        )
        // Some servers count along; only what comes with or after the end is final.
        if draft.stop == nil { draft.usage.certainty = .unknown }
    }

    mutating func complete() {
        if readsCallsInText { draft.readCallsInText() }
        if draft.hasTools, draft.stop == .end { draft.stop = .tools }
        if isRefused { draft.stop = .refusal }
        finishReplay()
    }

    /// The thinking of models that want it back goes back as one text.
    private mutating func finishReplay() {
        for (place, block) in draft.blocks.enumerated() {
            guard case .thinking(let text, .some) = block else { continue }
            draft.set(.thinking(text, replay: ["reasoning_content": .string(text)]), at: place)
        }
    }

    private static let reasons: [String: StopReason] = [
        "stop": .end, "length": .maxOutput, "tool_calls": .tools, "function_call": .tools,
        "content_filter": .filtered, "insufficient_system_resource": .cut,
    ]
}
