// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Engine
import Identity
import JSON
import Model
import Server
import Store

/// `baton user …`: accounts, as far as they need no server.
enum UserCommands {
    static let group: CommandDescription = .init(
        name: "user",
        summary: "Make and list accounts of people",
        examples: [.init(line: "baton user create ann@example.org --role admin", comment: "the first administrator")],
        children: [create, list]
    )

    private static let create: CommandDescription = .init(
        name: "create",
        summary: "Make an account",
        discussion:
            "The password, of at least 12 characters, is read from standard input or asked for; it is never shown.",
        arguments: [.init(name: "EMAIL", summary: "the address to log in with")],
        options: [
            OptionDescription(
                name: "name",
                kind: .text("NAME"),
                summary: "what people call the user; else the address"
            ),
            OptionDescription(
                name: "role",
                kind: .choice("ROLE", ["admin", "operator", "user", "viewer"]),
                summary: "what the user may do",
                defaultValue: "user"
            ),
        ],
        examples: [.init(line: "baton user create bob@example.org --name Bob < password.txt", comment: "a user")],
        exits: [.conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let email = context.invocation.word("EMAIL")
        let password = try HiddenInput.read("Password of \(email)", limit: 4096, context.console)
        guard let text = String(validating: password, as: UTF8.self) else { throw .invalid("the password is no UTF-8") }
        let role = context.invocation.text("role").flatMap { Role(rawValue: $0) } ?? .user
        if let server = try context.server() {
            let fields: JSONObject = [
                "email": .string(email), "name": .string(context.invocation.text("name") ?? email),
                "password": .string(text), "role": .string(role.rawValue),
            ]
            return show(try server.post("/v1/admin/users", fields), context)
        }
        let user = try SecuritySession.writing(context) { store throws(CommandFailure) in
            let accounts = Accounts(identity(store))
            return try identityCall { () throws(IdentityError) in
                try accounts.create(
                    email: email,
                    name: context.invocation.text("name") ?? email,
                    password: text,
                    role: role,
                    by: SecuritySession.principal,
                    RequestOrigin(reason: "command line of \(context.actor)")
                )
            }
        }
        return show(user.json, context)
    }

    private static func show(_ user: JSONValue, _ context: CommandContext) -> ExitCode {
        context.console.show(user) {
            let texts = ["email", "role", "id"].map { user[$0]?.stringValue ?? "" }
            return "\(texts[0]) is \(texts[1]): \(texts[2])\n"
        }
        return .ok
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List accounts",
        examples: [.init(line: "baton user list", comment: "who has an account")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let users = try users(context)
        var table = Table([
            .init(title: "EMAIL"), .init(title: "NAME"), .init(title: "ROLE"), .init(title: "STATE"),
            .init(title: "SINCE", paint: .dim), .init(title: "ID", paint: .dim),
        ])
        for user in users {
            table.add([
                user["email"]?.stringValue ?? "", user["name"]?.stringValue ?? "", user["role"]?.stringValue ?? "",
                user["is_disabled"] == true ? "disabled" : "active", RunDetails.date(user["created_at"]),
                user["id"]?.stringValue ?? "",
            ])
        }
        context.console.show(users, table)
        return .ok
    }

    private static func users(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.list("/v1/admin/users", limit: 10_000) }
        return try SecuritySession.reading(context) { store throws(CommandFailure) in
            try identityCall { () throws(IdentityError) in
                try Accounts(identity(store)).users(for: SecuritySession.principal, limit: 10_000)
            }
        }.map(\.json)
    }

    /// Nobody logs in here, so any key will do.
    private static func identity(_ store: any SecurityStore) -> IdentityContext {
        IdentityContext(store: store, keys: SigningKeys(Keyring()), now: { SystemClock().wall() })
    }
}
