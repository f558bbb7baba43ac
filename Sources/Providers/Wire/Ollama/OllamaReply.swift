// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The stream of Ollama: one JSON object a line.
struct OllamaReply: ReplyMachine {
    var draft: ReplyDraft
    private let readsCallsInText: Bool
    private var hasStarted = false
    private var toolCount = 0

    init(draft: ReplyDraft, readsCallsInText: Bool) {
        (self.draft, self.readsCallsInText) = (draft, readsCallsInText)
    }

    mutating func take(_ json: JSONValue) throws(WireFailure) -> [ModelChunk]? {
        guard json["message"] != nil || json["done"] != nil else { return nil }
        var chunks: [ModelChunk] = []
        if !hasStarted {
            hasStarted = true
            draft.model = json.text("model")
            chunks.append(.started(id: nil, model: draft.model))
        }
        let message = json["message"] ?? .null
        if let text = message.text("thinking") { chunks += draft.add(thinking: text, replay: [:]) }
        if let text = message.text("content") { chunks += draft.add(text: text) }
        for call in message["tool_calls"]?.arrayValue ?? [] { chunks += add(call) }
        if json["done"] == true { chunks += end(json) }
        return chunks
    }

    /// Arguments are an object, and an id is not promised.
    private mutating func add(_ call: JSONValue) -> [ModelChunk] {
        let function = call["function"] ?? .null
        let number = toolCount
        toolCount += 1
        let id = call.text("id").flatMap { $0.isEmpty ? nil : $0 } ?? draft.madeID(number)
        let chunks = draft.openTool(at: number, id: id, name: function.text("name") ?? "")
        let arguments = function["arguments"] ?? [:]
        return chunks + draft.add(arguments: arguments.stringValue ?? arguments.text, at: number)
    }

    private mutating func end(_ json: JSONValue) -> [ModelChunk] {
        draft.rawStop = json.text("done_reason") ?? "stop"
        draft.stop = draft.rawStop == "length" ? .maxOutput : .end
        guard json["eval_count"] != nil || json["prompt_eval_count"] != nil else { return [] }
        draft.usage = ModelUsage(input: json.count("prompt_eval_count"), output: json.count("eval_count"))
        return [.usage(draft.usage)]
    }

    mutating func complete() {
        if readsCallsInText { draft.readCallsInText() }
        if draft.hasTools, draft.stop == .end { draft.stop = .tools }
        for (place, block) in draft.blocks.enumerated() {
            guard case .thinking(let text, .some) = block else { continue }
            draft.set(.thinking(text, replay: ["thinking": .string(text)]), at: place)
        }
    }
}
