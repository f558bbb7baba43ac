// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Cryptography
import JSON
import Model
import Secrets
import Server
import Store

/// `baton secret …`: values that must stay secret.
enum SecretCommands {
    static let group: CommandDescription = .init(
        name: "secret",
        summary: "Keep values that must stay secret, sealed on disk",
        examples: [
            .init(line: "baton secret set API_KEY < key.txt", comment: "from a file"),
            .init(line: "baton secret list", comment: "names and versions, never values"),
        ],
        children: [set, list, remove, rotate]
    )

    private static let name = ArgumentDescription(
        name: "NAME",
        summary: "letters, digits, `_`, `-` and `.`, the first a letter or `_`"
    )

    private static func scopeOption(_ value: String?) -> OptionDescription {
        OptionDescription(
            name: "scope",
            kind: .text("SCOPE"),
            summary: "where it counts: `tenant`, `project:NAME` or `application:NAME`",
            defaultValue: value
        )
    }

    private static func scope(_ context: CommandContext) throws(CommandFailure) -> SecretScope? {
        guard let text = context.invocation.text("scope") else { return nil }
        guard let scope = SecretScope(text) else {
            throw .usage("`\(text)` is no scope", hint: "scopes are tenant, project:NAME and application:NAME")
        }
        if case .webhook = scope { throw .usage("keys of webhooks change with `baton webhook rotate`") }
        return scope
    }

    private static let set: CommandDescription = .init(
        name: "set",
        summary: "Give a secret a value",
        discussion: """
            The value is read from standard input, or asked for at a terminal without being shown; never from the command line,
            which other processes see. One line feed at its end does not belong to it.
            """,
        arguments: [name],
        options: [
            scopeOption("tenant"),
            OptionDescription(
                name: "generate",
                kind: .number("BYTES", 8...1024),
                summary: "draw so many random bytes instead; the value is their base 64 for URLs"
            ),
            OptionDescription(name: "message", kind: .text("TEXT"), summary: "why, for the audit trail", short: "m"),
        ],
        examples: [
            .init(line: "baton secret set API_KEY", comment: "asks for it"),
            .init(line: "baton secret set DB_PASSWORD --scope project:shop --generate 24", comment: "a random one"),
        ],
        exits: [.conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("NAME")
        let scope = try scope(context) ?? .tenant
        guard SecretRules.isName(name) else { throw .usage("`\(name)` cannot be a secret's name") }
        let bytes = context.invocation.number("generate")
        let value =
            bytes == nil
            ? try HiddenInput.read("Value of \(name)", limit: SecretRules.sizes.upperBound, context.console) : []
        if let server = try context.server() {
            return try set(name, scope, bytes: bytes, value: value, server, context)
        }
        let result = try SecuritySession.writing(context) { store throws(CommandFailure) in
            let vault = SecuritySession.vault(store, try SecuritySession.keyring(context))
            return try secretCall { () throws(SecretError) in
                if let bytes {
                    return try vault.generate(
                        name,
                        in: scope,
                        tenant: SecuritySession.tenant,
                        bytes: bytes,
                        by: context.actor
                    )
                }
                return try vault.set(
                    name,
                    in: scope,
                    tenant: SecuritySession.tenant,
                    value: value,
                    by: context.actor,
                    reason: context.invocation.text("message")
                )
            }
        }
        return show(result.json, context)
    }

    private static func set(
        _ name: String,
        _ scope: SecretScope,
        bytes: Int?,
        value: [UInt8],
        _ server: RemoteServer,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        var fields = JSONObject().with("reason", context.invocation.text("message"))
        if let bytes {
            fields["bytes"] = .int(Int64(bytes))
        } else {
            guard let text = String(validating: value, as: UTF8.self) else {
                throw .invalid("a server takes secrets that are UTF-8, and this value is not")
            }
            fields["value"] = .string(text)
        }
        return show(try server.send(APIRequest("PUT", try path(scope, name), json: .object(fields))), context)
    }

    private static func show(_ secret: JSONValue, _ context: CommandContext) -> ExitCode {
        let (name, scope) = (secret["name"]?.stringValue ?? "", secret["scope"]?.stringValue ?? "")
        context.console.show(secret) { "\(name) of \(scope) has version \(secret["version"]?.text ?? "")\n" }
        return .ok
    }

    /// Where a server has the secrets of a scope, or one of them.
    private static func path(_ scope: SecretScope, _ name: String? = nil) throws(CommandFailure) -> String {
        let tail = name.map { APIRequest.path($0) } ?? ""
        switch scope {
        case .tenant: return "/v1/secrets" + tail
        case .project(let project): return APIRequest.path("v1", "projects", project, "secrets") + tail
        case .application, .webhook:
            throw .usage("a server has secrets of the tenant and of projects, not of \(scope)")
        }
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List names, versions and who gave them; never values",
        options: [scopeOption(nil)],
        examples: [.init(line: "baton secret list --scope project:shop", comment: "those of one project")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let secrets = try secrets(context)
        var table = Table([
            .init(title: "SCOPE"), .init(title: "NAME"), .init(title: "VERSION", isNumber: true), .init(title: "KIND"),
            .init(title: "SET", paint: .dim), .init(title: "BY", paint: .dim),
        ])
        for secret in secrets {
            table.add([
                secret["scope"]?.stringValue ?? "", secret["name"]?.stringValue ?? "", secret["version"]?.text ?? "",
                secret["kind"]?.stringValue ?? "", RunDetails.date(secret["updated_at"]),
                secret["updated_by"]?.stringValue ?? "",
            ])
        }
        context.console.show(secrets, table)
        return .ok
    }

    private static func secrets(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        let scope = try scope(context)
        if let server = try context.server() { return try server.items(try path(scope ?? .tenant)) }
        return try SecuritySession.reading(context) { store throws(CommandFailure) in
            // Listing opens nothing, so any ring will do.
            let vault = SecuritySession.vault(store, Keyring())
            return try secretCall { () throws(SecretError) in
                try vault.list(tenant: SecuritySession.tenant, scope: scope)
            }
        }.map(\.json)
    }

    private static let remove: CommandDescription = .init(
        name: "remove",
        summary: "Remove a secret",
        arguments: [name],
        options: [
            scopeOption("tenant"),
            OptionDescription(name: "message", kind: .text("TEXT"), summary: "why, for the audit trail", short: "m"),
        ],
        examples: [.init(line: "baton secret remove API_KEY", comment: "what names it fails from now on")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("NAME")
        let scope = try scope(context) ?? .tenant
        try remove(name, scope, context)
        context.console.show(["removed": .string(name), "scope": .string(scope.description)]) {
            "\(name) of \(scope) is removed\n"
        }
        return .ok
    }

    private static func remove(_ name: String, _ scope: SecretScope, _ context: CommandContext) throws(CommandFailure) {
        if let server = try context.server() {
            _ = try server.send(APIRequest("DELETE", try path(scope, name)))
            return
        }
        try SecuritySession.writing(context) { store throws(CommandFailure) in
            let vault = SecuritySession.vault(store, try SecuritySession.keyring(context))
            try secretCall { () throws(SecretError) in
                try vault.remove(
                    name,
                    in: scope,
                    tenant: SecuritySession.tenant,
                    by: context.actor,
                    reason: context.invocation.text("message")
                )
            }
        }
    }

    private static let rotate: CommandDescription = .init(
        name: "rotate",
        summary: "Seal all secrets with a new key",
        discussion: """
            The new key is written to `secret.key` first, then every secret is sealed with it; stopped in between, the command may
            be repeated with `--finish`. Older keys stay until `--drop-old`, because backups were sealed with them.
            """,
        options: [
            OptionDescription(name: "finish", kind: .flag, summary: "make no new key, only seal what is left"),
            OptionDescription(
                name: "drop-old",
                kind: .flag,
                summary: "remove the older keys afterwards; ends logins that they signed"
            ),
        ],
        examples: [.init(line: "baton secret rotate", comment: "once a year, or when somebody may have seen the key")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        var count = 0
        let ring = try SecuritySession.writing(context) { store throws(CommandFailure) in
            var ring = try SecuritySession.keyring(context)
            if !context.invocation.isOn("finish") {
                ring = ring.rotated()
                try save(ring, context)
            }
            let vault = SecuritySession.vault(store, ring)
            while case let done = try secretCall({ () throws(SecretError) in try vault.rewrap() }), done > 0 {
                count += done
            }
            if context.invocation.isOn("drop-old") {
                ring = ring.withoutOld()
                try save(ring, context)
            }
            return ring
        }
        let versions = ring.versions.map { JSONValue.int(Int64($0)) }
        context.console.show(["sealed": .int(Int64(count)), "key": .int(Int64(ring.current)), "keys": .array(versions)])
        {
            "\(count) secrets sealed with key \(ring.current)\n"
        }
        return .ok
    }

    private static func save(_ ring: Keyring, _ context: CommandContext) throws(CommandFailure) {
        do throws(KeyError) {
            try ring.save(folder: context.dataFolder, environment: context.environment)
        } catch {
            throw CommandFailure(error)
        }
    }
}
