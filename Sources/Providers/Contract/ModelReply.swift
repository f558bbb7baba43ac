// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a model answered. The JSON form (``json``) is stable, as that of a ``ModelRequest``.
public struct ModelReply: Sendable, Hashable {
    /// In the order they came; what was empty is left out.
    public var parts: [ModelPart]
    /// Why the model stopped.
    public var stopReason: StopReason
    /// The provider's word for it.
    public var rawStopReason: String?
    /// What it took.
    public var usage: ModelUsage
    /// The model as the provider names it; may be more exact than the one that was asked for.
    public var model: String
    /// The provider's id of the answer.
    public var responseID: String?
    /// The provider's id of the request, for its support.
    public var requestID: String?
    /// It comes from a script, not from a model.
    public var isSimulated: Bool
    /// What was changed on the way, for people: a parameter that the model refuses, a part that could not be read.
    public var notes: [String]

    /// An answer.
    public init(
        parts: [ModelPart],
        stopReason: StopReason,
        rawStopReason: String? = nil,
        usage: ModelUsage,
        model: String,
        responseID: String? = nil,
        requestID: String? = nil,
        isSimulated: Bool = false,
        notes: [String] = []
    ) {
        self.parts = parts
        self.stopReason = stopReason
        self.rawStopReason = rawStopReason
        self.usage = usage
        self.model = model
        self.responseID = responseID
        self.requestID = requestID
        self.isSimulated = isSimulated
        self.notes = notes
    }

    /// All words, joined as they are.
    public var text: String {
        parts.reduce(into: "") { text, part in
            if case .text(let piece) = part { text += piece }
        }
    }

    /// The calls the model asks for, in order.
    public var toolCalls: [ToolCall] {
        parts.compactMap { part in
            if case .toolCall(let call) = part { call } else { nil }
        }
    }

    /// The answer as the next message of the conversation.
    public var message: ModelMessage { ModelMessage(.assistant, parts) }
}

/// Why a model stopped. The raw value is stored.
public enum StopReason: String, Sendable, CaseIterable {
    /// It had said all.
    case end
    /// The answer reached its limit.
    case maxOutput = "max_output"
    /// One of the texts that end an answer came.
    case stopSequence = "stop_sequence"
    /// It waits for the results of tools.
    case tools
    /// The provider interrupted a long turn; the same conversation goes on when it is sent again.
    case paused
    /// It refused.
    case refusal
    /// The context is full.
    case contextFull = "context_full"
    /// The provider withheld the answer.
    case filtered
    /// The stream ended before the answer did.
    case cut
}
