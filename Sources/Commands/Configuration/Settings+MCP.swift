// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Tools

/// `mcp.servers.NAME.FIELD`.
enum MCPServerField: String, CaseIterable {
    case command
    case arguments = "args"
    case environment = "env"
    case read
    case folder
    case network
    case url
    case headers
    case isEnabled = "enabled"
    case timeout
    case start
}

/// An MCP server as far as settings have said what it is.
struct MCPServerDraft: Equatable {
    let name: String
    var command: String?
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var readPaths: [String] = []
    var folder: String?
    var usesNetwork = false
    var url: String?
    var headers: [String: String] = [:]
    var isEnabled = true
    var timeout: Duration = .seconds(60)
    var startTimeout: Duration = .seconds(30)

    /// What is wrong with it, as the end of a sentence; `nil` for nothing.
    var defect: String? {
        switch (command, url) {
        case (nil, nil): "needs a `command` or a `url`"
        case (.some, .some): "has a `command` and a `url`; it can only be one of them"
        case (.some, nil): headers.isEmpty ? nil : "has `headers`, which go with a `url`"
        case (nil, .some):
            arguments.isEmpty && environment.isEmpty && readPaths.isEmpty && folder == nil && !usesNetwork
                ? nil : "has `args`, `env`, `read`, `folder` or `network`, which go with a `command`"
        }
    }

    /// `nil` while there is a defect.
    var settings: MCPServerSettings? {
        var result: MCPServerSettings
        if let command {
            var program = MCPProgram(command: command)
            (program.arguments, program.environment, program.readPaths) = (arguments, environment, readPaths)
            (program.folder, program.usesNetwork) = (folder, usesNetwork)
            result = MCPServerSettings(name: name, place: .program(program))
        } else if let url {
            result = MCPServerSettings(name: name, place: .url(url, headers: headers))
        } else {
            return nil
        }
        (result.isEnabled, result.timeout, result.startTimeout) = (isEnabled, timeout, startTimeout)
        return result
    }

    mutating func set(_ name: String, _ value: SettingsValue, in folder: String) throws(SettingsMismatch) {
        guard let field = MCPServerField(rawValue: name) else {
            let known = MCPServerField.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsMismatch("is none of \(known)")
        }
        switch field {
        case .command:
            let text = try value.text("a program: a name of the search path, or a path") { !$0.utf8.contains(0) }
            command = text.contains("/") && !text.hasPrefix("/") ? "\(folder)/\(text)" : text
        case .arguments: arguments = try value.list("a list of texts") { $0.utf8.contains(0) ? nil : $0 }
        case .environment: environment = try value.pairs("a list of NAME=VALUE") { $0 }
        case .read: readPaths = try value.list("a list of absolute paths") { $0.hasPrefix("/") ? $0 : nil }
        case .folder: self.folder = try value.path("of a folder", in: folder)
        case .network: usesNetwork = try value.flag()
        case .url: url = try value.url()
        case .headers: headers = try value.pairs("a list of NAME=VALUE") { $0 }
        case .isEnabled: isEnabled = try value.flag()
        case .timeout: timeout = try value.duration(atLeast: .milliseconds(100))
        case .start: startTimeout = try value.duration(atLeast: .milliseconds(100))
        }
    }

    /// As a file would have it. What is no handle of a secret may be one itself, so it is not shown.
    var value: JSONValue {
        let standard = MCPServerDraft(name: name)
        var object = JSONObject()
        object["command"] = command.map(JSONValue.string)
        if !arguments.isEmpty { object["args"] = .array(arguments.map(JSONValue.string)) }
        if !environment.isEmpty { object["env"] = Self.shown(environment) }
        if !readPaths.isEmpty { object["read"] = .array(readPaths.map(JSONValue.string)) }
        object["folder"] = folder.map(JSONValue.string)
        if usesNetwork { object["network"] = true }
        object["url"] = url.map(JSONValue.string)
        if !headers.isEmpty { object["headers"] = Self.shown(headers) }
        if !isEnabled { object["enabled"] = false }
        if timeout != standard.timeout { object["timeout"] = .string(timeout.text) }
        if startTimeout != standard.startTimeout { object["start"] = .string(startTimeout.text) }
        return .object(object)
    }

    private static func shown(_ pairs: [String: String]) -> JSONValue {
        .array(
            pairs.sorted { $0.key < $1.key }.map { name, value in
                let isHandle = ["secret://", "env:", "file:"].contains(where: value.contains)
                return .string("\(name)=\(isHandle ? value : "…")")
            }
        )
    }
}

extension Settings {
    /// Takes over fields of MCP servers by name; fields that were set before stay.
    mutating func setMCPServers(_ value: SettingsValue, in folder: String) throws(SettingsMismatch) {
        guard let list = value.json.objectValue else { throw SettingsMismatch("must be a mapping of servers by name") }
        for (name, fields) in list.members.map({ ($0.key, $0.value) }) {
            guard Self.isProviderName(name), name.utf8.count <= 40 else {
                throw SettingsMismatch(
                    "names a server `\(name)`; names are at most 40 lower-case letters, digits, _ and -"
                )
            }
            guard let fields = fields.objectValue else {
                throw SettingsMismatch("must give `\(name)` a mapping of fields")
            }
            var draft = mcpServers[name] ?? MCPServerDraft(name: name)
            for member in fields.members {
                do throws(SettingsMismatch) {
                    try draft.set(member.key, SettingsValue(member.value), in: folder)
                } catch {
                    throw SettingsMismatch("has `\(name).\(member.key)`, which \(error.rule)")
                }
            }
            mcpServers[name] = draft
        }
    }

    /// As a file would have them; `null` when there are none.
    var mcpServersValue: JSONValue {
        guard !mcpServers.isEmpty else { return .null }
        let members = mcpServers.sorted { $0.key < $1.key }.map {
            JSONObject.Member(key: $0.key, value: $0.value.value)
        }
        return .object(JSONObject(members: members))
    }

    /// What is wrong with one of them.
    var mcpContradiction: (key: SettingsKey, rule: String)? {
        for (name, draft) in mcpServers.sorted(by: { $0.key < $1.key }) {
            if let defect = draft.defect { return (.mcpServers, "has `\(name)`, which \(defect)") }
        }
        return nil
    }
}
