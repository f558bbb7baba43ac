// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// `baton settings …`: what is set, and where.
enum SettingsCommands {
    static let group: CommandDescription = .init(
        name: "settings",
        summary: "Show what is set by `config.yaml` and the environment, and change what a server goes by",
        examples: [
            .init(line: "baton settings list", comment: "every key, its value and where that comes from"),
            .init(line: "baton settings set telemetry.log debug", comment: "of a server, until it starts again"),
        ],
        children: [list, get, set]
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List every key with its value, its default and where the value comes from",
        discussion:
            "The same checks are made as by every command that reads settings, so this also says whether they are right.",
        options: [
            OptionDescription(name: "changed", kind: .flag, summary: "only those that are set somewhere")
        ],
        examples: [
            .init(line: "baton settings list --changed", comment: "what is not as the program has it"),
            .init(line: "baton settings list -o json", comment: "for programs"),
        ],
        exits: [.unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let changed = context.invocation.isOn("changed")
        let rows = try all(context).filter { !changed || $0["from"] != "default" }
        var table = Table([
            .init(title: "KEY"), .init(title: "VALUE"), .init(title: "DEFAULT", paint: .dim), .init(title: "FROM"),
        ])
        for row in rows {
            table.add([
                row["key"]?.settingText ?? "", row["value"]?.settingText ?? "", row["default"]?.settingText ?? "",
                row["place"]?.settingText ?? row["from"]?.settingText ?? "",
            ])
        }
        context.console.show(rows, table)
        return .ok
    }

    private static let get: CommandDescription = .init(
        name: "get",
        summary: "Show one key",
        arguments: [key],
        examples: [.init(line: "baton settings get sandbox.network", comment: "its value alone")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let row = try known(context.invocation.word("KEY"), try all(context))
        context.console.show(row) { (row["value"]?.settingText ?? "") + "\n" }
        return .ok
    }

    private static let set: CommandDescription = .init(
        name: "set",
        summary: "Change what a server goes by, until it starts again",
        discussion: "Only keys that need no start; the others are refused. What is to last stands in `config.yaml`.",
        arguments: [key, ArgumentDescription(name: "VALUE", summary: "as the file would have it")],
        examples: [.init(line: "baton settings set telemetry.log debug", comment: "the server tells more")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let (server, name) = (try context.neededServer(), context.invocation.word("KEY"))
        let value = RunInputs.value(context.invocation.word("VALUE"), schema: nil)
        let answer = try server.send(APIRequest("PATCH", "/v1/settings", json: .object([name: value])))
        let row = try known(name, answer["items"]?.arrayValue ?? [])
        context.console.show(row) { "\(name): \(row["value"]?.settingText ?? "")\n" }
        return .ok
    }

    private static let key = ArgumentDescription(name: "KEY", summary: "as `baton settings list` has it")

    private static func all(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.items("/v1/settings") }
        let (settings, origins) = try SettingsReader.readWithOrigins(context)
        return SettingsKey.allCases.map { Row(key: $0, settings: settings, origin: origins[$0] ?? .default).json }
    }

    private static func known(_ key: String, _ rows: [JSONValue]) throws(CommandFailure) -> JSONValue {
        guard let row = rows.first(where: { $0["key"]?.stringValue == key }) else {
            throw .notFound("there is no setting `\(key)`", hint: "`baton settings list` shows all")
        }
        return row
    }

    struct Row {
        let key: SettingsKey
        let value, standard: JSONValue
        let origin: SettingsOrigin

        init(key: SettingsKey, settings: Settings, origin: SettingsOrigin) {
            (self.key, self.origin) = (key, origin)
            (value, standard) = (settings.value(of: key), Settings().value(of: key))
        }

        var json: JSONValue {
            var object: JSONObject = [
                "key": .string(key.rawValue), "variable": .string(key.variable), "value": value, "default": standard,
                "from": .string(origin.kind),
            ]
            object["place"] = origin.detail.map(JSONValue.string)
            return .object(object)
        }
    }
}

extension JSONValue {
    /// As a variable would have it; empty for nothing.
    var settingText: String {
        switch self {
        case .null: ""
        case .string(let text): text
        case .array(let items): items.map(\.settingText).joined(separator: ",")
        default: text
        }
    }
}
