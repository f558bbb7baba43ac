// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import Model
public import Providers

/// Looks for model servers on this machine, where such servers listen by default (spec 8.5).
///
/// Only asked when no provider is configured. Nothing is sent but a request for the list of models.
public struct ModelServerSearch: Sendable {
    /// A place to look at.
    public struct Place: Sendable, Hashable {
        /// What may be there.
        public var kind: ProviderSettings.Kind
        /// On 127.0.0.1.
        public var port: Int

        /// A place.
        public init(_ kind: ProviderSettings.Kind, port: Int) {
            self.kind = kind
            self.port = port
        }
    }

    /// Ollama; then llama-server, vLLM and LM Studio.
    public static let usualPlaces = [
        Place(.ollama, port: 11434), Place(.openAICompatible, port: 8080), Place(.openAICompatible, port: 8000),
        Place(.openAICompatible, port: 1234),
    ]

    private let places: [Place]
    private let limit: Duration

    /// - Parameter limit: How long each place has for its answer; all are asked at once.
    public init(places: [Place] = usualPlaces, limit: Duration = .milliseconds(500)) {
        self.places = places
        self.limit = limit
    }

    /// The first place, in their order, with a server that has at least one model, as settings with its models; `nil` when
    /// there is none.
    public func find() async -> ProviderSettings? {
        let limit = limit
        let found = await withTaskGroup(of: (Int, ProviderSettings?).self) { group in
            for (number, place) in places.enumerated() {
                group.addTask { (number, await Self.ask(place, limit)) }
            }
            var found: [Int: ProviderSettings] = [:]
            for await (number, settings) in group { found[number] = settings }
            return found
        }
        return found.min { $0.key < $1.key }?.value
    }

    private static func ask(_ place: Place, _ limit: Duration) async -> ProviderSettings? {
        let name = place.kind == .ollama ? "ollama" : "local"
        var settings = ProviderSettings(name: name, kind: place.kind, baseURL: "http://127.0.0.1:\(place.port)")
        guard
            let provider = try? HTTPProvider(settings, key: { _ in "" }, now: { .init(milliseconds: 0) }),
            let models = try? await provider.models(within: limit), !models.isEmpty
        else { return nil }
        settings.models = models
        return settings
    }
}
