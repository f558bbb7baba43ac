// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
public import JSON

/// A request as a provider takes it.
public struct WireRequest: Sendable, Hashable {
    /// The body.
    public var body: JSONValue
    /// What was changed to fit the model, for people and for the answer's notes.
    public var notes: [String]

    /// Writes a request.
    ///
    /// - Parameters:
    ///   - isStream: The answer is to come as a stream; else as one value.
    ///   - isOpenAI: For Chat Completions: whether it goes to OpenAI itself, whose names of some fields are newer than
    ///     those that compatible servers know.
    public init(
        _ request: ModelRequest,
        as format: WireFormat,
        facts: ModelFacts = ModelFacts(),
        isOpenAI: Bool = false,
        isStream: Bool = true
    ) {
        var fitted = FittedRequest(request, facts, format)
        var body: JSONObject =
            switch format {
            case .messages: fitted.messagesBody()
            case .responses: fitted.responsesBody()
            case .ollama: fitted.ollamaBody()
            case .chatCompletions, .scripted: fitted.chatBody(isOpenAI: isOpenAI)
            }
        if !isStream { (body["stream"], body["stream_options"]) = (false, nil) }
        self.body = .object(body)
        notes = fitted.notes
    }
}

/// A request without what the model refuses.
struct FittedRequest {
    var request: ModelRequest
    let facts: ModelFacts
    let format: WireFormat
    private(set) var notes: [String] = []

    init(_ request: ModelRequest, _ facts: ModelFacts, _ format: WireFormat) {
        (self.request, self.facts, self.format) = (request, facts, format)
        self.request.tools.sort { $0.name < $1.name }
        dropSampling()
        dropForce()
        if let limit = facts.outputLimit, request.maxOutputTokens > limit {
            self.request.maxOutputTokens = limit
            note("max_output_tokens was lowered to \(limit)")
        }
        if request.outputSchema != nil, !facts.hasSchemaMode { writeSchemaOut() }
    }

    mutating func note(_ text: String) { notes.append(text) }

    private mutating func dropSampling() {
        guard request.temperature != nil, !facts.takesSampling else { return }
        request.temperature = nil
        note("temperature was dropped: \(request.model) takes none")
    }

    private mutating func dropForce() {
        guard !facts.takesForcedTools else { return }
        switch request.toolChoice {
        case .auto, .none: return
        case .required, .tool: break
        }
        request.toolChoice = .auto
        note("the forced call was dropped: \(request.model) takes none")
    }

    private mutating func writeSchemaOut() {
        guard let schema = request.outputSchema else { return }
        request.outputSchema = nil
        request.instructions.append(
            InstructionBlock("Answer with nothing but JSON that satisfies this JSON Schema:\n\(schema.text)")
        )
        note("the schema was put into the instructions: \(request.model) has no mode for it")
    }

    /// All instructions as one text.
    var instructionText: String? {
        let texts = request.instructions.map(\.text).filter { !$0.isEmpty }
        return texts.isEmpty ? nil : texts.joined(separator: "\n\n")
    }

    /// A thought that may go back to this model.
    func replay(_ thought: ThinkingPart) -> JSONValue? {
        guard let block = thought.replay, block.format == format, block.model == request.model else { return nil }
        return try? JSONValue(parsing: block.json)
    }

    /// The provider's word for an effort.
    func word(_ effort: ThinkingEffort) -> String { effort == .max ? facts.mostEffort : effort.rawValue }

    /// The effort that is nearest to a budget.
    func effort(_ budget: Int) -> ThinkingEffort {
        switch budget {
        case ..<4096: .low
        case ..<16384: .medium
        case ..<32768: .high
        default: .max
        }
    }

    /// `low`, `medium` and so on; `nil` when nothing is to be said.
    mutating func effortWord(off: String) -> String? {
        guard let thinking = request.thinking else { return nil }
        switch (thinking, facts.thinking) {
        case (.off, .none), (.off, .budget): return nil
        case (.off, .always):
            note("thinking was left on: \(request.model) always thinks")
            return nil
        case (.off, .effort): return off
        case (_, .none):
            note("thinking was dropped: \(request.model) does not think")
            return nil
        case (.effort(let effort), _): return word(effort)
        case (.budget(let tokens), _): return word(effort(tokens))
        }
    }

    /// `data:image/png;base64,…`; a picture without bytes cannot be sent.
    mutating func dataURL(_ image: ImagePart) -> String? {
        base64(image).map { "data:\(image.mediaType);base64,\($0)" }
    }

    mutating func base64(_ image: ImagePart) -> String? {
        guard facts.takesImages, let bytes = image.bytes else {
            note(facts.takesImages ? "a picture without bytes was left out" : "a picture was left out")
            return nil
        }
        return Base64.encode(bytes, .standard, isPadded: true)
    }
}
