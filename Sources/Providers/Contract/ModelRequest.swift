// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// One call of a model, in words that no provider owns; each provider translates it.
///
/// The JSON form (``json``) is stable: equal requests have equal canonical bytes, so a request can be stored under the
/// hash of ``canonicalBytes()`` and read back with ``init(json:)``.
public struct ModelRequest: Sendable, Hashable {
    /// The provider's name of the model, without the provider.
    public var model: String
    /// What holds for the whole conversation, most stable first: instructions, skills, project.
    public var instructions: [InstructionBlock]
    /// The conversation; begins with the user, and speakers take turns.
    public var messages: [ModelMessage]
    /// What the model may call. They are sent sorted by name, so that their order never spoils the prompt cache.
    public var tools: [ModelTool]
    /// Whether the model has to call something.
    public var toolChoice: ToolChoice
    /// The model may ask for several calls in one answer.
    public var allowsParallelTools: Bool
    /// The longest answer in LLM tokens, thinking included; at least 1.
    public var maxOutputTokens: Int
    /// Sent only when set, and dropped with a note when the model refuses it.
    public var temperature: Double?
    /// Texts that end the answer.
    public var stopSequences: [String]
    /// The JSON Schema of the answer's text. Where a provider has no mode for it the schema joins the instructions; the
    /// caller checks the answer in any case.
    public var outputSchema: JSONValue?
    /// `nil` leaves it to the model.
    public var thinking: ThinkingMode?
    /// Calls with the same key are sent where their prefix is cached, by providers that have that; such as run and agent.
    public var cacheKey: String?
    /// Who asks. It is not sent to models; the scripted provider and people look at it.
    public var origin: ModelCallOrigin?

    /// A request of these messages; everything else is set afterwards.
    public init(model: String, messages: [ModelMessage], maxOutputTokens: Int = 4096) {
        self.model = model
        self.messages = messages
        self.maxOutputTokens = maxOutputTokens
        instructions = []
        tools = []
        toolChoice = .auto
        allowsParallelTools = true
        stopSequences = []
    }
}

/// A part of the instructions.
public struct InstructionBlock: Sendable, Hashable {
    /// The text.
    public var text: String
    /// The prompt up to here is worth keeping in the provider's cache.
    public var cache: CacheBreakpoint?

    /// A block of text.
    public init(_ text: String, cache: CacheBreakpoint? = nil) {
        self.text = text
        self.cache = cache
    }
}

/// How long a cached prefix should live at least; each use starts it anew.
public enum CacheBreakpoint: String, Sendable, CaseIterable {
    /// Minutes (5 at Anthropic, 30 at OpenAI).
    case short
    /// An hour or more, for a higher price.
    case long
}

/// A tool as a model sees it.
public struct ModelTool: Sendable, Hashable {
    /// Letters, digits, `_` and `-`, at most 64; unique within a request.
    public var name: String
    /// What it is for.
    public var description: String
    /// A JSON Schema of type object.
    public var inputSchema: JSONValue

    /// Describes a tool.
    public init(name: String, description: String, inputSchema: JSONValue) {
        self.name = name
        self.description = description
        self.inputSchema = inputSchema
    }
}

/// Whether the model has to call a tool.
public enum ToolChoice: Sendable, Hashable {
    /// As the model likes.
    case auto
    /// Nothing may be called.
    case none
    /// Something must be called.
    case required
    /// This one must be called.
    case tool(String)
}

/// How much a model thinks before it answers.
public enum ThinkingMode: Sendable, Hashable {
    /// Not at all.
    case off
    /// As much as fits the effort.
    case effort(ThinkingEffort)
    /// At most that many LLM tokens; at least 1,024. Providers without such a number get the nearest effort.
    case budget(Int)
}

/// How much effort a model puts into an answer.
public enum ThinkingEffort: String, Sendable, CaseIterable {
    /// The least.
    case low
    /// Between.
    case medium
    /// Much.
    case high
    /// The most that there is.
    case max
}

/// Who makes a call, for scripts and people.
public struct ModelCallOrigin: Sendable, Hashable {
    /// The name of the agent.
    public var agent: String?
    /// The id of the node.
    public var node: String?
    /// The number of the call within its task, from 1, counting over all attempts and including calls that failed. With
    /// it a script answers the same after a restart.
    public var call: Int?

    /// Names who asks.
    public init(agent: String? = nil, node: String? = nil, call: Int? = nil) {
        self.agent = agent
        self.node = node
        self.call = call
    }
}
