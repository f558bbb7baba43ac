// Baton
// SPDX-License-Identifier: Apache-2.0

/// How a provider is reached (`providers.NAME.…`).
public struct ProviderSettings: Sendable, Hashable {
    /// The kinds of providers. The raw value is the spelling in settings.
    public enum Kind: String, Sendable, CaseIterable {
        /// Anthropic Messages.
        case anthropic
        /// OpenAI: Responses, or Chat Completions when ``ProviderSettings/usesChatCompletions``.
        case openAI = "openai"
        /// Any server that is compatible with OpenAI Chat Completions.
        case openAICompatible = "openai_compatible"
        /// Ollama.
        case ollama
        /// Answers from a script.
        case scripted
    }

    /// The name in the settings.
    public var name: String
    /// What it speaks.
    public var kind: Kind
    /// Without a slash at the end; a path in it is kept. `nil` is the kind's own.
    public var baseURL: String?
    /// A handle of the key (`secret://NAME`, `env:NAME`, `file:PATH`), never the key itself; `nil` sends none.
    public var key: String?
    /// Sent with every request.
    public var headers: [String: String]
    /// The models it has; for `models` lists and detection, empty when unknown.
    public var models: [String]
    /// For ``Kind/openAI``: speak Chat Completions.
    public var usesChatCompletions: Bool
    /// A stream that is silent for longer is given up.
    public var idleLimit: Duration
    /// For ``Kind/scripted``: the path of the script; `nil` only echoes.
    public var script: String?
    /// At most so many calls in a span; `nil` for no limit of ours.
    public var rate: ProviderRate?
    /// For kinds with batches: the time between the first looks at a batch; later ones are up to ten minutes apart.
    public var batchPoll: Duration

    /// The settings of a provider with the defaults of its kind.
    public init(name: String, kind: Kind, baseURL: String? = nil, key: String? = nil) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
        self.key = key
        headers = [:]
        models = []
        usesChatCompletions = false
        idleLimit = .seconds(120)
        batchPoll = .seconds(60)
    }
}

/// So many calls in a span.
public struct ProviderRate: Sendable, Hashable {
    /// At least 1.
    public var calls: Int
    /// Above zero.
    public var period: Duration

    /// A rate.
    public init(calls: Int, period: Duration) {
        self.calls = calls
        self.period = period
    }
}

/// Finds the secret that a handle names, at the time of each call. The value is held no longer than the call.
///
/// Throws what should be told to people, without the secret.
public typealias KeyResolver = @Sendable (_ handle: String) async throws -> String
