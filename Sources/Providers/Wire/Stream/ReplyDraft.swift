// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// An answer while it comes.
struct ReplyDraft: Sendable {
    enum Block: Sendable {
        case text(String)
        /// The fields of a block that goes back as it came; `nil` when only people read it.
        case thinking(String, replay: JSONObject?)
        case tool(id: String, name: String, arguments: String)
    }

    let format: WireFormat
    let request: ModelRequest
    private(set) var blocks: [Block] = []
    /// The place of a block by the provider's number.
    private var places: [Int: Int] = [:]

    var id: String?
    var model: String?
    var stop: StopReason?
    var rawStop: String?
    var usage = ModelUsage.unknown
    var notes: [String] = []

    init(format: WireFormat, request: ModelRequest) {
        (self.format, self.request) = (format, request)
    }

    // MARK: Blocks

    mutating func open(_ block: Block, at number: Int? = nil) {
        if let number { places[number] = blocks.count }
        blocks.append(block)
    }

    func place(of number: Int) -> Int? { places[number] }

    func block(_ number: Int) -> Block? { places[number].map { blocks[$0] } }

    mutating func replace(_ number: Int, _ block: Block) {
        if let place = places[number] { blocks[place] = block } else { open(block, at: number) }
    }

    mutating func set(_ block: Block, at place: Int) { blocks[place] = block }

    mutating func remove(at place: Int) {
        blocks.remove(at: place)
        places = [:]
    }

    /// Adds words to the last block, or to a new one when that is of another kind.
    mutating func add(text: String) -> [ModelChunk] {
        guard !text.isEmpty else { return [] }
        if case .text(let before)? = blocks.last {
            blocks[blocks.count - 1] = .text(before + text)
        } else {
            blocks.append(.text(text))
        }
        return [.text(text)]
    }

    /// The same for thinking.
    mutating func add(thinking text: String, replay: JSONObject? = nil) -> [ModelChunk] {
        guard !text.isEmpty else { return [] }
        if case .thinking(let before, let old)? = blocks.last {
            blocks[blocks.count - 1] = .thinking(before + text, replay: old ?? replay)
        } else {
            blocks.append(.thinking(text, replay: replay))
        }
        return [.thinking(text)]
    }

    /// A call begins.
    mutating func openTool(at number: Int, id: String, name: String) -> [ModelChunk] {
        open(.tool(id: id, name: name, arguments: ""), at: number)
        return [.toolCallStarted(index: blocks.count - 1, id: id, name: name)]
    }

    /// More of a call's arguments.
    mutating func add(arguments text: String, at number: Int) -> [ModelChunk] {
        guard !text.isEmpty, let place = places[number], case .tool(let id, let name, let before) = blocks[place] else {
            return []
        }
        blocks[place] = .tool(id: id, name: name, arguments: before + text)
        return [.toolArguments(index: place, text: text)]
    }

    /// An id for a call that came without: the same for the same answer.
    func madeID(_ number: Int) -> String { "call_\(request.messages.count)_\(number + 1)" }

    var hasTools: Bool {
        blocks.contains { if case .tool = $0 { true } else { false } }
    }

    // MARK: The whole

    /// As far as it has come.
    func reply(requestID: String?) -> ModelReply {
        let isSensible = usage.isPlausible
        return ModelReply(
            parts: blocks.compactMap(part),
            stopReason: stop ?? .cut,
            rawStopReason: rawStop,
            usage: isSensible ? usage : .unknown,
            model: model ?? request.model,
            responseID: id,
            requestID: requestID,
            notes: isSensible ? notes : notes + ["usage.implausible: what the provider says it took cannot be true"]
        )
    }

    private func part(_ block: Block) -> ModelPart? {
        switch block {
        case .text(let text): return text.isEmpty ? nil : .text(text)
        case .tool(let id, let name, let arguments):
            return .toolCall(ToolCall(id: id, name: name, argumentText: arguments))
        case .thinking(let text, let replay):
            guard !text.isEmpty || replay != nil else { return nil }
            let kept = replay.map { fields in
                ReplayBlock(format: format, model: request.model, json: JSONValue.object(fields).text)
            }
            return .thinking(ThinkingPart(text, replay: kept))
        }
    }

    /// Takes numbers of a provider over that count cached input as input. What does not add up counts as read anew.
    mutating func setUsage(
        totalInput: Int,
        cached: Int,
        cacheWrite: Int,
        output: Int,
        reasoning: Int
    ) {
        let input = totalInput - cached - cacheWrite
        if input < 0 { notes.append("usage.inconsistent: cached \(cached) and written \(cacheWrite) of \(totalInput)") }
        usage = ModelUsage(
            input: input < 0 ? totalInput : input,
            cached: input < 0 ? 0 : cached,
            cacheWrite: input < 0 ? 0 : cacheWrite,
            output: output,
            reasoning: min(reasoning, output)
        )
    }
}

extension JSONValue {
    /// A count that a provider sent: 0 when it is missing, and more than is plausible for what is no count. Sums of some of
    /// them are numbers too.
    func count(_ key: String) -> Int {
        guard let value = self[key], !value.isNull else { return 0 }
        guard let number = value.intValue, (0...Int64(ModelUsage.most)).contains(number) else {
            return ModelUsage.most + 1
        }
        return Int(number)
    }

    /// The place of a part in a list; `nil` when it is missing or none.
    func place(_ key: String) -> Int? {
        guard let number = self[key]?.intValue, (0...1_000_000).contains(number) else { return nil }
        return Int(number)
    }

    /// The text of a member, if there is any.
    func text(_ key: String) -> String? { self[key]?.stringValue }
}
