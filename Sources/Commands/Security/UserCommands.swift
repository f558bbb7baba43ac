// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Engine
import Identity
import JSON
import Model
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
        exits: [.conflict, .unavailable]
    ) { context throws(CommandFailure) in
        let email = context.invocation.word("EMAIL")
        let password = try HiddenInput.read("Password of \(email)", limit: 4096, context.console)
        guard let text = String(validating: password, as: UTF8.self) else { throw .invalid("the password is no UTF-8") }
        let role = context.invocation.text("role").flatMap { Role(rawValue: $0) } ?? .user
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
        context.console.show(json(user)) { "\(user.email) is \(user.role.rawValue): \(user.id)\n" }
        return .ok
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List accounts",
        examples: [.init(line: "baton user list", comment: "who has an account")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let users = try SecuritySession.reading(context) { store throws(CommandFailure) in
            try identityCall { () throws(IdentityError) in
                try Accounts(identity(store)).users(for: SecuritySession.principal, limit: 10_000)
            }
        }
        var table = Table([
            .init(title: "EMAIL"), .init(title: "NAME"), .init(title: "ROLE"), .init(title: "STATE"),
            .init(title: "SINCE", paint: .dim), .init(title: "ID", paint: .dim),
        ])
        for user in users {
            table.add([
                user.email, user.name, user.role.rawValue, user.isDisabled ? "disabled" : "active",
                TimeText.date(user.createdAt), user.id.description,
            ])
        }
        context.console.show(users.map(json), table)
        return .ok
    }

    /// Nobody logs in here, so any key will do.
    private static func identity(_ store: any SecurityStore) -> IdentityContext {
        IdentityContext(store: store, keys: SigningKeys(Keyring()), now: { SystemClock().wall() })
    }

    private static func json(_ user: User) -> JSONValue {
        [
            "id": .string(user.id.description), "email": .string(user.email), "name": .string(user.name),
            "role": .string(user.role.rawValue), "is_disabled": .bool(user.isDisabled),
            "created_at": .string(user.createdAt.description),
        ]
    }
}
