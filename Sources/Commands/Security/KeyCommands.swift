// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// `baton key …`: API keys of a server.
enum KeyCommands {
    static let group: CommandDescription = .init(
        name: "key",
        summary: "Make and revoke API keys of a server",
        discussion:
            "A key acts as who made it, within a role and scopes of its own. It is shown once; `key list` has its beginning.",
        examples: [.init(line: "baton key create ci --role operator", comment: "for a program; shown this once")],
        children: [create, list, revoke]
    )

    private static let create: CommandDescription = .init(
        name: "create",
        summary: "Make a key, which is shown this once",
        arguments: [ArgumentDescription(name: "NAME", summary: "what it is for")],
        options: [
            OptionDescription(
                name: "role",
                kind: .choice("ROLE", ["admin", "operator", "user", "viewer", "worker", "agent"]),
                summary: "within one's own; that by default"
            ),
            OptionDescription(
                name: "scopes",
                kind: .text("SCOPE,…"),
                summary: "only these, such as `runs.read` or `runs.*`"
            ),
            OptionDescription(
                name: "expires",
                kind: .text("TIME"),
                summary: "until then (RFC 3339); for ever by default"
            ),
            OptionDescription(name: "user", kind: .text("ID"), summary: "for somebody else, as administrator"),
        ],
        examples: [
            .init(line: "baton key create reader --scopes runs.read,events.read", comment: "may only look")
        ],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        var body: JSONObject = ["name": .string(context.invocation.word("NAME"))]
        for (option, field) in [("role", "role"), ("expires", "expires_at"), ("user", "user")] {
            body[field] = context.invocation.text(option).map(JSONValue.string)
        }
        if let scopes = context.invocation.text("scopes") {
            body["scopes"] = .array(scopes.split(separator: ",").map { .string(String($0)) })
        }
        let made = try context.neededServer().post("/v1/auth/keys", body)
        context.console.show(made) { "\(text(made, "id"))\nkey: \(text(made, "key"))\n" }
        return .ok
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List one's keys, without the keys",
        examples: [.init(line: "baton key list", comment: "when was which used last?")],
        exits: [.unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let keys = try context.neededServer().items("/v1/auth/keys")
        var table = Table([
            .init(title: "ID"), .init(title: "NAME"), .init(title: "KEY"), .init(title: "ROLE"), .init(title: "SCOPES"),
            .init(title: "USED", paint: .dim), .init(title: "EXPIRES", paint: .dim), .init(title: "REVOKED"),
        ])
        for key in keys {
            let scopes = key["scopes"]?.arrayValue?.compactMap(\.stringValue).joined(separator: ",") ?? ""
            table.add(
                [text(key, "id"), text(key, "name"), text(key, "prefix") + "…", text(key, "role"), scopes]
                    + ["last_used_at", "expires_at", "revoked_at"].map { RunDetails.date(key[$0]) }
            )
        }
        context.console.show(keys, table)
        return .ok
    }

    private static let revoke: CommandDescription = .init(
        name: "revoke",
        summary: "End a key at once",
        arguments: [ArgumentDescription(name: "KEY", summary: "id of a key, or its beginning")],
        examples: [.init(line: "baton key revoke key_01", comment: "it lets nobody in any more")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let keys = try server.items("/v1/auth/keys")
        let found = try IdentifierLookup.only(context.invocation.word("KEY"), "key", among: keys) { text($0, "id") }
        let id = text(found, "id")
        _ = try server.send(APIRequest("DELETE", APIRequest.path("v1", "auth", "keys", id)))
        context.console.show(["revoked": .string(id)]) { "\(id) is revoked\n" }
        return .ok
    }

    private static func text(_ value: JSONValue, _ name: String) -> String { value[name]?.stringValue ?? "" }
}
