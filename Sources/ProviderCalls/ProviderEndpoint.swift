// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import Providers

/// Where calls of a provider go.
struct ProviderEndpoint: Sendable, Hashable {
    let format: WireFormat
    /// Of calls.
    let url: String
    /// Of the list of models.
    let modelsURL: String
    /// Of calls for vectors; `nil` for providers that make none.
    let embeddingsURL: String?
    /// Of batches; `nil` for providers that have none.
    let batches: BatchPlaces?
    let policy: AddressPolicy

    /// `nil` for the scripted provider.
    init?(_ settings: ProviderSettings) throws(ProviderSettingsError) {
        let name = settings.name
        let wish = settings.baseURL.map(Self.withoutSlash)
        switch settings.kind {
        case .scripted: return nil
        case .anthropic:
            let base = Self.versioned(wish ?? "https://api.anthropic.com", always: true)
            (format, url, modelsURL) = (.messages, "\(base)/messages", "\(base)/models")
            embeddingsURL = nil
            batches = BatchPlaces(batches: "\(url)/batches", files: nil)
        case .openAI:
            let base = Self.versioned(wish ?? "https://api.openai.com", always: false)
            format = settings.usesChatCompletions ? .chatCompletions : .responses
            url = settings.usesChatCompletions ? "\(base)/chat/completions" : "\(base)/responses"
            (modelsURL, embeddingsURL) = ("\(base)/models", "\(base)/embeddings")
            batches = BatchPlaces(batches: "\(base)/batches", files: "\(base)/files")
        case .openAICompatible:
            guard let wish else { throw ProviderSettingsError(name, "needs `base_url`") }
            let base = Self.versioned(wish, always: false)
            (format, url, modelsURL) = (.chatCompletions, "\(base)/chat/completions", "\(base)/models")
            (embeddingsURL, batches) = ("\(base)/embeddings", nil)
        case .ollama:
            let base = wish ?? "http://127.0.0.1:11434"
            (format, url, modelsURL) = (.ollama, "\(base)/api/chat", "\(base)/api/tags")
            (embeddingsURL, batches) = ("\(base)/api/embed", nil)
        }
        guard let target = try? HTTPURL(url), !url.contains("?"), !url.contains("#") else {
            throw ProviderSettingsError(name, "has a `base_url` that is no http or https URL without query")
        }
        // A base address that somebody configured may be private (spec 11.5); the public ones of the kinds may not turn
        // out to be.
        let isOurs = wish == nil && settings.kind != .ollama
        policy = AddressPolicy(allowed: isOurs ? [] : [target.authority])
    }

    private static func withoutSlash(_ text: String) -> String { text.hasSuffix("/") ? String(text.dropLast()) : text }

    /// Adds `/v1` unless it is there, or, if not always, any other path is.
    private static func versioned(_ base: String, always: Bool) -> String {
        if base.hasSuffix("/v1") { return base }
        let path = base.split(separator: "/", omittingEmptySubsequences: true).dropFirst(2)
        return always || path.isEmpty ? "\(base)/v1" : base
    }
}

/// Where batches of a provider are.
struct BatchPlaces: Sendable, Hashable {
    let batches: String
    /// Where requests are put and answers lie; `nil` when both go with the batch.
    let files: String?
}

/// The settings of a provider do not fit together.
public struct ProviderSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The provider.
    public let provider: String
    /// What is wrong, as the end of a sentence about it.
    public let rule: String

    init(_ provider: String, _ rule: String) {
        (self.provider, self.rule) = (provider, rule)
    }

    /// For people.
    public var description: String { "the provider `\(provider)` \(rule)" }
}
