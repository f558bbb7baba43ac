// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Cryptography
import Glibc
import Identity
import JSON

/// The server that a command has to ask, and how it was chosen.
struct ServerChoice {
    enum Way: Equatable {
        /// On the command line.
        case option
        /// By a variable of the environment, or `baton profile use`.
        case setting(String)
        /// It works on the data folder that is meant.
        case found
    }

    let address: ServerAddress
    let way: Way
    /// The profile that it was chosen by, or whose server it is.
    let profile: String?

    /// The file that a server leaves in its data folder while it runs: `{url, pid}`.
    static let fileName = "server.json"

    /// Refuses a server for commands that cannot ask one.
    static func check(_ context: CommandContext) throws(CommandFailure) {
        let name = context.commandLine
        switch context.invocation.command.reach {
        case .folderOrServer, .server: return
        case .nothing:
            guard let option = ["server", "profile"].first(where: { context.invocation.options[$0] != nil }) else {
                return
            }
            throw .usage("`\(name)` asks no server", hint: "leave --\(option) out")
        case .folder:
            guard let choice = try named(context) else { return }
            let how: String =
                switch choice.way {
                case .option, .found: "with the server \(choice.address)"
                case .setting(let setting): "with the server \(choice.address), which \(setting) chooses"
                }
            throw .usage(
                "`\(name)` works on a data folder of this machine, not \(how)",
                hint: "run it on the machine of the server, or name a folder with --data FOLDER"
            )
        }
    }

    /// The server to ask; `nil` when the command works on the data folder itself.
    static func find(_ context: CommandContext) throws(CommandFailure) -> ServerChoice? {
        if let named = try named(context) { return named }
        return try running(in: context.dataFolder)
    }

    /// The server that the person named, in this order: `--server`, `--profile`, `BATON_SERVER`, `BATON_PROFILE`, `baton
    /// profile use`; not the last three when `--data` names a folder.
    private static func named(_ context: CommandContext) throws(CommandFailure) -> ServerChoice? {
        let options = context.invocation.options
        let (server, profile) = (options["server"]?.last, options["profile"]?.last)
        if let option = server.map({ _ in "server" }) ?? profile.map({ _ in "profile" }), options["data"] != nil {
            throw .usage("--data and --\(option) are not for the same command", hint: "leave one of them out")
        }
        if let server {
            guard profile == nil || context.invocation.command.reach == .server else {
                throw .usage("--server and --profile are not for the same command", hint: "leave one of them out")
            }
            return try of(server, .option, profile: profile, context)
        }
        if let profile { return try of(profile: profile, .option, context) }
        guard options["data"] == nil else { return nil }
        if let server = context.variable("BATON_SERVER") {
            return try of(server, .setting("BATON_SERVER"), profile: nil, context)
        }
        if let profile = context.variable("BATON_PROFILE") {
            return try of(profile: profile, .setting("BATON_PROFILE"), context)
        }
        guard let current = try ProfileFile(context).read().current else { return nil }
        return try of(profile: current, .setting("the profile `\(current)`"), context)
    }

    private static func of(
        _ server: String,
        _ way: Way,
        profile: String?,
        _ context: CommandContext
    ) throws(CommandFailure) -> ServerChoice {
        let address = try serverCall { () throws(ClientError) in try ServerAddress(server) }
        if let profile { return ServerChoice(address: address, way: way, profile: profile) }
        return ServerChoice(address: address, way: way, profile: try ProfileFile(context).read().name(of: address))
    }

    private static func of(
        profile name: String,
        _ way: Way,
        _ context: CommandContext
    ) throws(CommandFailure) -> ServerChoice {
        let profiles = try ProfileFile(context).read()
        guard let profile = profiles.entries[name] else {
            let guess = NearestName.find(name, among: profiles.names).map { "did you mean `\($0)`?" }
            throw .notFound(
                "there is no profile `\(name)`",
                hint: guess ?? "`baton login --server URL --profile \(name)` makes it"
            )
        }
        return ServerChoice(address: profile.server, way: way, profile: name)
    }

    /// The server that works on a folder right now.
    private static func running(in folder: String) throws(CommandFailure) -> ServerChoice? {
        guard let bytes = try TextFile.read("\(folder)/\(fileName)", ifThere: true),
            let url = (try? JSONValue(parsing: bytes))?["url"]?.stringValue, isHeld(folder),
            let address = try? ServerAddress(url)
        else { return nil }
        return ServerChoice(address: address, way: .found, profile: nil)
    }

    /// Whether a process holds the folder; the file of a server that was killed stays behind.
    private static func isHeld(_ folder: String) -> Bool {
        let descriptor = open("\(folder)/baton.lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// What shows this server who asks: `BATON_TOKEN`, the login of its profile, or the token file of the folder that it
    /// works on.
    func tokens(_ context: CommandContext) throws(CommandFailure) -> any AccessTokens {
        if let token = context.variable("BATON_TOKEN") { return FixedToken(token) }
        if let profile { return ProfileTokens(file: ProfileFile(context), name: profile, server: address) }
        let here = try Self.running(in: context.dataFolder)?.address
        guard way == .found || here == address else { return FixedToken(nil) }
        do throws(KeyError) {
            return FixedToken(try LocalToken.read(folder: context.dataFolder)?.text)
        } catch {
            throw CommandFailure(error)
        }
    }
}
