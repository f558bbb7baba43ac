// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a model can do and refuses; decides how a request is written.
public struct ModelFacts: Sendable, Hashable {
    /// How a model is told to think.
    public enum Thinking: String, Sendable, CaseIterable {
        /// It does not think, or cannot be told.
        case none
        /// A budget of LLM tokens.
        case budget
        /// An effort.
        case effort
        /// An effort, and it always thinks.
        case always
    }

    /// LLM tokens of input and output together, or of input, as the provider counts; `nil` when unknown.
    public var contextLimit: Int?
    /// The longest answer in LLM tokens; `nil` when unknown.
    public var outputLimit: Int?
    /// It takes `temperature`.
    public var takesSampling: Bool
    /// It can be made to call a tool.
    public var takesForcedTools: Bool
    /// How it is told to think.
    public var thinking: Thinking
    /// The provider's word for the most effort.
    public var mostEffort: String
    /// The provider keeps answers to a JSON Schema.
    public var hasSchemaMode: Bool
    /// It looks at pictures.
    public var takesImages: Bool

    /// What is assumed of a model that the table does not know: that it does what it is asked.
    public init(
        contextLimit: Int? = nil,
        outputLimit: Int? = nil,
        takesSampling: Bool = true,
        takesForcedTools: Bool = true,
        thinking: Thinking = .effort,
        mostEffort: String = "high",
        hasSchemaMode: Bool = true,
        takesImages: Bool = true
    ) {
        self.contextLimit = contextLimit
        self.outputLimit = outputLimit
        self.takesSampling = takesSampling
        self.takesForcedTools = takesForcedTools
        self.thinking = thinking
        self.mostEffort = mostEffort
        self.hasSchemaMode = hasSchemaMode
        self.takesImages = takesImages
    }
}
