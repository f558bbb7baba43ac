// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// `baton settings …`: what is set, and where.
enum SettingsCommands {
    static let group: CommandDescription = .init(
        name: "settings",
        summary: "Show what is set by `config.yaml` and the environment",
        examples: [.init(line: "baton settings list", comment: "every key, its value and where that comes from")],
        children: [list]
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
        ]
    ) { context throws(CommandFailure) in
        let (settings, origins) = try SettingsReader.readWithOrigins(context)
        let keys = SettingsKey.allCases.filter { !context.invocation.isOn("changed") || origins[$0] != nil }
        let rows = keys.map { Row(key: $0, settings: settings, origin: origins[$0] ?? .default) }
        var table = Table([
            .init(title: "KEY"), .init(title: "VALUE"), .init(title: "DEFAULT", paint: .dim), .init(title: "FROM"),
        ])
        for row in rows { table.add(row.cells) }
        context.console.show(rows.map(\.json), table)
        return .ok
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

        var cells: [String] {
            [key.rawValue, value.settingText, standard.settingText, origin.detail ?? origin.kind]
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
