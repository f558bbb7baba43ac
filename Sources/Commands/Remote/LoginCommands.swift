// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model

/// `baton login`, `logout` and `whoami`.
enum LoginCommands {
    static let all = [login, logout, whoami]

    private static let login: CommandDescription = .init(
        name: "login",
        summary: "Log in to a server and remember it as a profile",
        discussion: """
            The password is asked for, or read from standard input; it is not kept. What the server gives out instead is kept in
            profiles.yaml in $BATON_HOME or ~/.baton, for you alone, and renewed by itself. From then on `--profile NAME`, or
            `--server` with the same URL, are logged in; `baton profile use NAME` makes it what every command asks.
            """,
        options: [
            OptionDescription(name: "email", kind: .text("EMAIL"), summary: "who logs in; the one of before by default")
        ],
        examples: [
            .init(
                line: "baton login --server https://baton.example.org --email ann@example.org",
                comment: "a new profile"
            ),
            .init(line: "baton login --profile work < password.txt", comment: "again, in a script"),
        ],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        try login(context)
    }

    private static let logout: CommandDescription = .init(
        name: "logout",
        summary: "End the login at a server",
        discussion: "The profile stays, without its login. Other logins of the same person are not touched.",
        examples: [.init(line: "baton logout --profile work", comment: "the login of that profile")],
        exits: [.notFound, .unavailable],
        reach: .server
    ) { context throws(CommandFailure) in
        let session = try context.neededServer()
        guard let name = session.choice.profile else {
            throw .notFound(
                "nobody is logged in at \(session.choice.address)",
                hint: "`baton profile list` shows the logins"
            )
        }
        let file = ProfileFile(context)
        guard let tokens = try file.read().entries[name]?.tokens else {
            throw .notFound(
                "nobody is logged in at \(session.choice.address)",
                hint: "`baton profile list` shows the logins"
            )
        }
        // What the server cannot be told any more ends by itself; here it ends in any case.
        var request = APIRequest("POST", "/v1/auth/logout", json: ["refresh_token": .string(tokens.refresh)])
        request.isPublic = true
        let told = Result { () throws(CommandFailure) in try session.send(request) }
        try file.change { $0.entries[name]?.tokens = nil }
        do throws(CommandFailure) {
            _ = try told.get()
        } catch {
            guard error.exit == .denied else {
                context.console.complain("the server was not told: \(error.message)")
                return .unavailable
            }
        }
        context.console.show(["profile": .string(name), "server": .string(session.choice.address.text)]) {
            "logged out of \(session.choice.address)\n"
        }
        return .ok
    }

    private static let whoami: CommandDescription = .init(
        name: "whoami",
        summary: "Say as whom a server sees you",
        examples: [.init(line: "baton whoami", comment: "at the server that is asked by default")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let session = try context.neededServer()
        var me = try session.get("/v1/auth/me").objectValue ?? [:]
        me["server"] = .string(session.choice.address.text)
        me["profile"] = session.choice.profile.map(JSONValue.string)
        context.console.show(.object(me)) { "\(name(me)) at \(session.choice.address)\n" }
        return .ok
    }

    private static func login(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        guard let choice = try ServerChoice.find(context), choice.way != .found else {
            throw .usage("which server?", hint: "baton login --server URL --email EMAIL")
        }
        let file = ProfileFile(context)
        let profiles = try file.read()
        let name = choice.profile ?? newName(for: choice.address, profiles)
        if let known = profiles.entries[name], known.server != choice.address {
            throw CommandFailure(
                .conflict,
                "state.conflict",
                "the profile `\(name)` is of \(known.server)",
                hint: "name another one with --profile, or remove it: baton profile remove \(name)"
            )
        }
        guard let email = context.invocation.text("email") ?? profiles.entries[name]?.email else {
            throw .usage("who logs in?", hint: "name the address with --email EMAIL")
        }
        if !choice.address.isPrivate {
            context.console.complain("baton: the password goes to \(choice.address) without encryption")
        }
        let bytes = try HiddenInput.readOnce("Password of \(email) at \(choice.address)", limit: 4096, context.console)
        guard let password = String(validating: bytes, as: UTF8.self) else {
            throw .invalid("the password is no UTF-8")
        }
        let client = try serverCall { () throws(ClientError) in try APIClient(server: choice.address.text) }
        let session = RemoteServer(client, choice, context)
        let (tokens, user) = try session.ask { client async throws(ClientError) in
            try await client.logIn(email: email, password: password, now: SystemClock().wall())
        }
        try file.change { profiles in
            profiles.entries[name] = Profile(server: choice.address, email: email, tokens: tokens)
        }
        var json: JSONObject = ["profile": .string(name), "server": .string(choice.address.text), "user": user]
        json["email"] = .string(email)
        context.console.show(.object(json)) { "\(email) is logged in at \(choice.address), as profile `\(name)`\n" }
        return .ok
    }

    /// The host, if it can be a name and is none yet.
    private static func newName(for address: ServerAddress, _ profiles: Profiles) -> String {
        let host = address.text.split(separator: "/").dropFirst().first.map(String.init) ?? "server"
        let name = String(host.map { $0 == ":" || $0 == "[" || $0 == "]" ? "-" : $0 })
        return profiles.entries[name] == nil ? name : name + "-\(profiles.entries.count + 1)"
    }

    private static func name(_ me: JSONObject) -> String {
        let role = me["role"]?.stringValue.map { " (\($0))" } ?? ""
        let name = me["user"]?["email"]?.stringValue ?? me["actor"]?.stringValue ?? "somebody"
        return TextWidth.oneLine(name + role)
    }
}
