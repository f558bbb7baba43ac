// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import ProviderCalls
import Providers
import Rates

/// `providers.NAME.FIELD`.
enum ProviderField: String, CaseIterable {
    case kind
    case baseURL = "base_url"
    case key = "key_secret"
    case models
    case rate
    case headers
    case idle
    case batchPoll = "batch_poll"
    case api
    case script
}

/// The interface of OpenAI that is spoken.
enum ProviderInterface: String, CaseIterable {
    case responses
    case chat
}

extension Settings {
    /// Takes over fields of providers by name; fields that were set before stay.
    mutating func setProviders(_ value: SettingsValue, in folder: String) throws(SettingsMismatch) {
        guard let list = value.json.objectValue else {
            throw SettingsMismatch("must be a mapping of providers by name")
        }
        for (name, fields) in list.members.map({ ($0.key, $0.value) }) {
            guard Self.isProviderName(name) else {
                throw SettingsMismatch("names a provider `\(name)`; names are lower-case letters, digits, _ and -")
            }
            guard let fields = fields.objectValue else {
                throw SettingsMismatch("must give `\(name)` a mapping of fields")
            }
            // A provider that is named like a kind is of that kind.
            var provider =
                providers[name] ?? ProviderSettings(name: name, kind: .init(rawValue: name) ?? .openAICompatible)
            for member in fields.members {
                do throws(SettingsMismatch) {
                    try provider.set(member.key, SettingsValue(member.value), in: folder)
                } catch {
                    throw SettingsMismatch("has `\(name).\(member.key)`, which \(error.rule)")
                }
            }
            providers[name] = provider
        }
    }

    static func isProviderName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == 95 || $0 == 45 }
    }

    /// As a file would have them; `null` when there are none.
    var providersValue: JSONValue {
        guard !providers.isEmpty else { return .null }
        return .object(
            JSONObject(members: providers.sorted { $0.key < $1.key }.map { .init(key: $0, value: $1.value) })
        )
    }

    func tierValue(_ tier: ModelTier) -> JSONValue {
        tiers.models[tier].map { .array($0.map { .string($0.description) }) } ?? .null
    }

    mutating func setTier(_ tier: ModelTier, _ value: SettingsValue) throws(SettingsMismatch) {
        tiers.models[tier] = try value.list("a list of PROVIDER/MODEL") { ModelReference($0) }
    }

    /// What is wrong with providers and tiers together.
    var modelContradiction: (key: SettingsKey, rule: String)? {
        for provider in providers.values.sorted(by: { $0.name < $1.name }) {
            do throws(ProviderSettingsError) {
                try ModelSetup.check(provider)
            } catch {
                return (.providers, "has `\(error.provider)`, which \(error.rule)")
            }
        }
        if let contradiction = embeddingContradiction { return (.tiersEmbedding, contradiction) }
        for tier in ModelTier.allCases {
            guard let stray = tiers.models[tier]?.first(where: { providers[$0.provider] == nil }) else { continue }
            return (.key(of: tier), "names `\(stray)`, but `providers.\(stray.provider)` is not set")
        }
        return nil
    }
}

extension Settings {
    private var embeddingContradiction: String? {
        guard let model = embeddingModel else { return nil }
        guard let provider = providers[model.provider] else {
            return "names `\(model)`, but `providers.\(model.provider)` is not set"
        }
        return provider.kind == .anthropic
            ? "names `\(model)`, but providers of the kind anthropic make no vectors" : nil
    }
}

extension SettingsKey {
    static func key(of tier: ModelTier) -> Self {
        switch tier {
        case .local: .tiersLocal
        case .small: .tiersSmall
        case .medium: .tiersMedium
        case .large: .tiersLarge
        }
    }
}

extension ProviderSettings {
    fileprivate mutating func set(_ name: String, _ value: SettingsValue, in folder: String) throws(SettingsMismatch) {
        guard let field = ProviderField(rawValue: name) else {
            let known = ProviderField.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsMismatch("is none of \(known)")
        }
        switch field {
        case .kind: kind = try value.word()
        case .baseURL: baseURL = try value.url()
        case .key:
            key = try value.text("secret://NAME, env:NAME or file:PATH, never the key itself") { text in
                ["secret://", "env:", "file:"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
            }
        case .models: models = try value.list("a list of names of models") { $0.isEmpty ? nil : $0 }
        case .rate: rate = try value.rate().map { ProviderRate(calls: $0.units, period: $0.period) }
        case .headers: headers = try value.pairs("a list of NAME=VALUE") { $0 }
        case .idle: idleLimit = try value.duration(atLeast: .seconds(1))
        case .batchPoll: batchPoll = try value.duration(atLeast: .milliseconds(10))
        case .api:
            let interface: ProviderInterface = try value.word()
            usesChatCompletions = interface == .chat
        case .script: script = try value.path("of a script", in: folder)
        }
    }

    fileprivate var value: JSONValue {
        let standard = ProviderSettings(name: name, kind: kind)
        var object: JSONObject = ["kind": .string(kind.rawValue)]
        if let baseURL { object["base_url"] = .string(baseURL) }
        if let key { object["key_secret"] = .string(key) }
        if !models.isEmpty { object["models"] = .array(models.map { .string($0) }) }
        if let rate { object["rate"] = .string("\(rate.calls)/\(rate.period.text)") }
        if !headers.isEmpty { object["headers"] = .array(headers.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }) }
        if idleLimit != standard.idleLimit { object["idle"] = .string(idleLimit.text) }
        if batchPoll != standard.batchPoll { object["batch_poll"] = .string(batchPoll.text) }
        if usesChatCompletions { object["api"] = "chat" }
        if let script { object["script"] = .string(script) }
        return .object(object)
    }
}
