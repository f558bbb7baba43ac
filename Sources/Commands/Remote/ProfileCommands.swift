// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// `baton profile …`: the servers that the command line knows.
enum ProfileCommands {
    static let group: CommandDescription = .init(
        name: "profile",
        summary: "List the servers you are logged in to, and choose the one to ask",
        examples: [
            .init(line: "baton profile list", comment: "servers and logins"),
            .init(line: "baton profile use work", comment: "ask that server from now on"),
            .init(line: "baton profile use --none", comment: "work on the data folder of this machine again"),
        ],
        children: [list, use, remove]
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List profiles",
        examples: [.init(line: "baton profile list -o json", comment: "for programs; tokens are not shown")],
        reach: .nothing
    ) { context throws(CommandFailure) in
        let profiles = try ProfileFile(context).read()
        if profiles.entries.isEmpty, context.console.settings.format == .table {
            context.console.note("no profiles; `baton login --server URL` makes one")
            return .ok
        }
        var table = Table([
            .init(title: "PROFILE"), .init(title: "SERVER"), .init(title: "LOGIN"), .init(title: "ASKED", paint: .dim),
        ])
        var items: [JSONValue] = []
        for name in profiles.names {
            guard let profile = profiles.entries[name] else { continue }
            let isCurrent = name == profiles.current
            let login = profile.tokens == nil ? "" : profile.email ?? "yes"
            table.add([name, profile.server.text, login, isCurrent ? "by default" : ""])
            var item: JSONObject = ["name": .string(name), "server": .string(profile.server.text)]
            item["email"] = profile.email.map(JSONValue.string)
            item["is_logged_in"] = .bool(profile.tokens != nil)
            item["is_current"] = .bool(isCurrent)
            items.append(.object(item))
        }
        context.console.show(items, table)
        return .ok
    }

    private static let use: CommandDescription = .init(
        name: "use",
        summary: "Make a profile the server that commands ask when nothing else is said",
        arguments: [.init(name: "NAME", summary: "a profile; left out with --none", count: .optional)],
        options: [OptionDescription(name: "none", kind: .flag, summary: "ask no server by default")],
        examples: [.init(line: "baton profile use work", comment: "until another one is chosen")],
        exits: [.notFound],
        reach: .nothing
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("NAME")
        guard name.isEmpty == context.invocation.isOn("none") else { throw .usage("give either a NAME or --none") }
        try ProfileFile(context).change { profiles throws(CommandFailure) in
            guard !name.isEmpty else { return profiles.current = nil }
            guard profiles.entries[name] != nil else { throw unknown(name, profiles) }
            profiles.current = name
        }
        context.console.show(["current": name.isEmpty ? .null : .string(name)]) {
            name.isEmpty ? "no server is asked by default\n" : "`\(name)` is asked by default\n"
        }
        return .ok
    }

    private static let remove: CommandDescription = .init(
        name: "remove",
        summary: "Forget a profile; `baton logout` ends its login first",
        arguments: [.init(name: "NAME", summary: "a profile")],
        examples: [.init(line: "baton profile remove work", comment: "it is not known here any more")],
        exits: [.notFound],
        reach: .nothing
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("NAME")
        try ProfileFile(context).change { profiles throws(CommandFailure) in
            guard profiles.entries.removeValue(forKey: name) != nil else { throw unknown(name, profiles) }
            if profiles.current == name { profiles.current = nil }
        }
        context.console.show(["removed": .string(name)]) { "`\(name)` is forgotten\n" }
        return .ok
    }

    private static func unknown(_ name: String, _ profiles: Profiles) -> CommandFailure {
        let guess = NearestName.find(name, among: profiles.names).map { "did you mean `\($0)`?" }
        return .notFound("there is no profile `\(name)`", hint: guess ?? "`baton profile list` shows them")
    }
}
