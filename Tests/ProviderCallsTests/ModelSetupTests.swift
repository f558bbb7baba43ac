// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import ProviderCalls
import Providers
import Testing

@Suite struct ModelSetupTests {
    private func setup(
        _ configured: [ProviderSettings],
        _ tiers: TierTable = TierTable()
    ) async throws -> ModelSetup {
        try await ModelSetup(
            configured: configured,
            tiers: tiers,
            key: { _ in "k" },
            script: { _ in try ModelScript(Array("rules: [{reply: {text: scripted}}]".utf8), fileName: "s.yaml") },
            search: ModelServerSearch(places: []),
            now: { Timestamp(milliseconds: 0) }
        )
    }

    @Test func `without providers everything is simulated, by one model for all tiers`() async throws {
        let setup = try await setup([])
        let model = ModelReference(provider: "scripted", model: "scripted")
        #expect(setup.origin == .simulated)
        #expect(ModelTier.allCases.allSatisfy { setup.tiers.candidates(for: $0) == [model] })
        let reply = try await setup.providers["scripted"]?.reply(
            to: ModelRequest(model: "scripted", messages: [.user("x")])
        )
        #expect(reply?.isSimulated == true)
    }

    @Test func `what is configured serves the tiers it is given, or all`() async throws {
        var script = ProviderSettings(name: "fake", kind: .scripted)
        (script.script, script.models) = ("s.yaml", ["a", "b"])
        let claude = ProviderSettings(name: "anthropic", kind: .anthropic, key: "env:K")
        let all = try await setup([script, claude])
        #expect(all.origin == .configured && all.providers.keys.sorted() == ["anthropic", "fake"])
        #expect(all.tiers.candidates(for: .small).map(\.description) == ["fake/a", "fake/b"])
        let reply = try await all.providers["fake"]?.reply(to: ModelRequest(model: "a", messages: [.user("x")]))
        #expect(reply?.text == "scripted")
        let opus = ModelReference(provider: "anthropic", model: "claude-opus-5-5")
        let given = try await setup([script, claude], TierTable(models: [.large: [opus]]))
        #expect(given.tiers.candidates(for: .small) == [opus])
    }

    @Test func `a provider that uses up its rate is told to wait, and nothing leaves`() async throws {
        var settings = ProviderSettings(name: "p", kind: .openAICompatible, baseURL: "http://127.0.0.1:1")
        settings.rate = ProviderRate(calls: 1, period: .seconds(60))
        let provider = try await setup([settings]).providers["p"]
        let request = ModelRequest(model: "m", messages: [.user("x")])
        let first = await #expect(throws: ModelError.self) { try await provider?.reply(to: request) }
        #expect(first?.code == "provider.failed")
        let second = await #expect(throws: ModelError.self) { try await provider?.reply(to: request) }
        #expect(
            second?.code == "provider.limited" && second?.retryAfter == .seconds(60) && second?.mayHaveLeft == false
        )
    }

    @Test func `an address that no provider can have is refused`() {
        for url in ["ftp://x", "http://x/?q=1", "http://u:p@x/"] {
            let settings = ProviderSettings(name: "p", kind: .anthropic, baseURL: url)
            #expect(throws: ProviderSettingsError.self, "\(url)") { try ModelSetup.check(settings) }
        }
    }
}
