// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Tools

/// `profiles.NAME.FIELD`.
enum ProfileField: String, CaseIterable {
    case preset
    case mode
    case tools
    case allow = "commands.allow"
    case ask = "commands.ask"
    case deny = "commands.deny"
    case readPaths = "read_paths"
    case writePaths = "write_paths"
    case forbiddenPaths = "forbidden_paths"
    case environment = "env_allow"
    case network
    case timeout
    case memory
    case processes
    case output
    case cpu
    case concurrent = "max_concurrent"
    case perMinute = "max_per_minute"
    case approval = "requires_approval"
}

extension Settings {
    /// Takes over fields of profiles by name; fields that were set before, or that a preset has, stay.
    mutating func setProfiles(_ value: SettingsValue) throws(SettingsMismatch) {
        guard let list = value.json.objectValue else { throw SettingsMismatch("must be a mapping of profiles by name") }
        for (name, fields) in list.members.map({ ($0.key, $0.value) }) {
            guard Self.isProviderName(name) else {
                throw SettingsMismatch("names a profile `\(name)`; names are lower-case letters, digits, _ and -")
            }
            guard let fields = fields.objectValue else {
                throw SettingsMismatch("must give `\(name)` a mapping of fields")
            }
            var profile = profiles[name] ?? ToolProfile(name)
            for (field, value) in Self.flat(fields) {
                do throws(SettingsMismatch) {
                    try profile.set(field, SettingsValue(value))
                } catch {
                    throw SettingsMismatch("has `\(name).\(field)`, which \(error.rule)")
                }
            }
            profiles[name] = profile
        }
    }

    /// `{commands: {deny: …}}` as `commands.deny`.
    private static func flat(_ fields: JSONObject) -> [(String, JSONValue)] {
        fields.members.flatMap { member -> [(String, JSONValue)] in
            guard let inner = member.value.objectValue else { return [(member.key, member.value)] }
            return inner.members.map { ("\(member.key).\($0.key)", $0.value) }
        }
    }

    /// Those that are not as they come, as a file would have them; `null` when there are none.
    var profilesValue: JSONValue {
        let own = profiles.values.filter { !ToolProfile.presets.contains($0) }.sorted { $0.name < $1.name }
        guard !own.isEmpty else { return .null }
        return .object(JSONObject(members: own.map { .init(key: $0.name, value: $0.value) }))
    }
}

extension ToolProfile {
    fileprivate mutating func set(_ name: String, _ value: SettingsValue) throws(SettingsMismatch) {
        guard let field = ProfileField(rawValue: name) else {
            let known = ProfileField.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsMismatch("is none of \(known)")
        }
        switch field {
        case .preset:
            let names = ToolProfile.presets.map(\.name).joined(separator: ", ")
            let wanted = try value.text("one of \(names)") { text in ToolProfile.presets.contains { $0.name == text } }
            guard self == ToolProfile(self.name), var base = ToolProfile.presets.first(where: { $0.name == wanted })
            else {
                throw SettingsMismatch("must be the first field of its profile")
            }
            base.name = self.name
            self = base
        case .mode: mode = try value.word()
        case .tools: tools = try value.list("a list of names of tools") { $0.isEmpty ? nil : $0 }
        case .allow: commands.allow = try value.commands()
        case .ask: commands.ask = try value.commands()
        case .deny: commands.deny = try value.commands()
        case .readPaths:
            readPaths = try value.list("a list of absolute paths") { $0.hasPrefix("/") ? $0 : nil }
        case .writePaths:
            writePaths = try value.list("a list of paths beneath the workspace") {
                $0.hasPrefix("/") || $0.isEmpty || $0.split(separator: "/").contains("..") ? nil : Self.plain($0)
            }
        case .forbiddenPaths:
            forbiddenPaths = try value.list("a list of paths without ..") {
                $0.isEmpty || $0.split(separator: "/").contains("..") ? nil : Self.plain($0)
            }
        case .environment:
            environmentNames = try value.list("a list of names of variables") {
                $0.isEmpty || $0.contains("=") || $0.hasPrefix("LD_") ? nil : $0
            }
        case .network:
            do throws(EgressRules.Invalid) { network = try EgressRules(value.json) } catch {
                throw SettingsMismatch(error.description)
            }
        case .timeout: timeout = try value.duration(atLeast: .milliseconds(1))
        case .memory: memoryBytes = try value.size((16 << 20)...(1 << 40))
        case .processes: processes = try value.number(2...100_000)
        case .output: outputBytes = try value.size(1...(64 << 20))
        case .cpu: cpuSeconds = Int(try value.duration(atLeast: .seconds(1)).components.seconds)
        case .concurrent: concurrentCalls = try value.number(1...1000)
        case .perMinute: callsPerMinute = try value.number(1...1_000_000)
        case .approval:
            let words = ToolDefinition.Risk.allCases.map(\.rawValue).joined(separator: ", ")
            approvedRisks = Set(try value.list("a list of \(words)") { ToolDefinition.Risk(rawValue: $0) })
        }
    }

    /// Without what changes nothing about where a path leads.
    private static func plain(_ path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
        return path.hasPrefix("/") ? "/\(parts)" : parts.isEmpty ? "." : parts
    }

    fileprivate var value: JSONValue {
        var object: JSONObject = ["mode": .string(mode.rawValue)]
        func list(_ values: [String]?) -> JSONValue? { values.map { .array($0.map(JSONValue.string)) } }
        func some(_ values: [String]) -> JSONValue? { values.isEmpty ? nil : list(values) }
        object["tools"] = list(tools)
        var rules = JSONObject()
        rules["allow"] = list(commands.allow?.map(\.description))
        rules["ask"] = some(commands.ask.map(\.description))
        rules["deny"] = some(commands.deny.map(\.description))
        if rules.count > 0 { object["commands"] = .object(rules) }
        object["read_paths"] = list(readPaths)
        object["write_paths"] = list(writePaths)
        object["forbidden_paths"] = some(forbiddenPaths)
        object["env_allow"] = list(environmentNames)
        object["network"] = network?.json
        object["timeout"] = timeout.map { .string($0.text) }
        object["memory"] = memoryBytes.map { .string(SettingsValue.text(bytes: $0)) }
        object["processes"] = processes.map { .int(Int64($0)) }
        object["output"] = outputBytes.map { .string(SettingsValue.text(bytes: $0)) }
        object["cpu"] = cpuSeconds.map { .string(Duration.seconds($0).text) }
        object["max_concurrent"] = concurrentCalls.map { .int(Int64($0)) }
        object["max_per_minute"] = callsPerMinute.map { .int(Int64($0)) }
        object["requires_approval"] = some(
            ToolDefinition.Risk.allCases.filter { approvedRisks.contains($0) }.map(\.rawValue)
        )
        return .object(object)
    }
}

extension SettingsValue {
    fileprivate func commands() throws(SettingsMismatch) -> [CommandPattern] {
        try list("a list of first words of commands, such as `git push`") { CommandPattern($0) }
    }
}
