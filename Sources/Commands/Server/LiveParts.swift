// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Definition
import JSON
import Providers
import Tools

/// What a server reads again while it works, read wholly.
struct LiveParts: Sendable {
    let roster: AgentRoster
    let skills: SkillShelf
    let profiles: [String: ToolProfile]
    let prices: Providers.PriceTable
    let estimates: Definition.PriceTable

    /// Settings that are taken over with it; the others hold from the next start on.
    static let keys: Set<SettingsKey> = [.agentsFolder, .skillsFolder, .profiles, .tiersTable, .telemetryLog]

    /// Reads the files that the settings name.
    init(_ settings: Settings) throws(CommandFailure) {
        roster = .builtIn(adding: try settings.agentsFolder.map(AgentFiles.read) ?? [])
        skills = .builtIn(adding: try settings.skillsFolder.map(AgentFiles.readSkills) ?? [])
        profiles = settings.profiles
        prices = try AgentModels.prices(settings)
        estimates = try settings.estimatePrices(prices)
    }

    /// How others differ, by what they are; without those that do not.
    func difference(to new: LiveParts) -> [(key: String, value: JSONValue)] {
        let names = [
            ("agents", NameChanges(Self.named(roster.all, \.id), Self.named(new.roster.all, \.id))),
            ("skills", NameChanges(Self.named(skills.all, \.name), Self.named(new.skills.all, \.name))),
            ("profiles", NameChanges(profiles, new.profiles)),
            ("prices", NameChanges(Self.models(prices), Self.models(new.prices))),
        ]
        var list = names.filter { !$0.1.isEmpty }.map { (key: $0.0, value: $0.1.json) }
        if prices.version != new.prices.version { list.append(("prices_version", .string(new.prices.version))) }
        return list
    }

    private static func named<Value>(_ list: [Value], _ name: KeyPath<Value, String>) -> [String: Value] {
        Dictionary(list.map { ($0[keyPath: name], $0) }) { $1 }
    }

    private static func models(_ table: Providers.PriceTable) -> [String: Providers.PriceTable.Entry] {
        Dictionary(table.entries.map { ("\($0.key.vendor)/\($0.key.model)", $0.value) }) { $1 }
    }
}

/// Which names came, went, or stand for something else.
struct NameChanges: Equatable {
    let added, changed, removed: [String]

    init<Value: Equatable>(_ old: [String: Value], _ new: [String: Value]) {
        added = new.keys.filter { old[$0] == nil }.sorted()
        removed = old.keys.filter { new[$0] == nil }.sorted()
        changed = new.keys.filter { old[$0] != nil && old[$0] != new[$0] }.sorted()
    }

    var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }

    /// `{added?, changed?, removed?}`.
    var json: JSONValue {
        let lists = [("added", added), ("changed", changed), ("removed", removed)].filter { !$0.1.isEmpty }
        return .object(JSONObject(members: lists.map { .init(key: $0.0, value: .array($0.1.map(JSONValue.string))) }))
    }
}
