// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Definition
import Engine
import Glibc
import HTTPServer
import Identity
import JSON
import Secrets
import Server
import Store

/// A server that works: the engine over the data folder, the API over it, and its sockets.
struct ServerSession {
    /// What is in flight may take so long when it stops.
    private static let grace = Duration.seconds(30)
    /// Says where the server is, for other commands on this machine; in the data folder while it works.
    static let placeFile = "server.json"

    /// Where it can be reached.
    let url: String
    private let context: CommandContext
    let local: LocalEngine
    private let server: WebServer
    private let feed: Task<Void, Never>

    /// Opens the data folder, goes on with all open runs and begins to listen.
    init(_ context: CommandContext) throws(CommandFailure) {
        let local = try LocalEngine(context, drives: true)
        do throws(CommandFailure) {
            try self.init(context, local)
        } catch {
            local.stop(grace: .zero)
            throw error
        }
    }

    private init(_ context: CommandContext, _ local: LocalEngine) throws(CommandFailure) {
        let endpoints = try ServerCommand.endpoints(context)
        try local.workspaces.makeRoot()
        let service = try Self.service(context, local)
        let api = try storeCall { () throws(StoreError) in try APIServer(service) }
        let started = AsyncWork { () async -> Result<WebServer, ServerError> in
            do throws(ServerError) {
                return .success(
                    try await WebServer.start(ServerConfiguration(endpoints: endpoints), handler: api.answer)
                )
            } catch {
                return .failure(error)
            }
        }
        switch started.wait() {
        case .success(let server): self.server = server
        case .failure(let error): throw CommandFailure(.unavailable, "server.unavailable", error.message)
        }
        (self.context, self.local) = (context, local)
        url = Self.url(of: server, endpoints)
        feed = Task { await api.run() }
        let problems = try local.ask { engine async throws(EngineError) in
            _ = try await engine.adopt(nil)
            return try await engine.runSchedules()
        }
        for problem in problems { context.console.complain("baton: \(problem.code.rawValue): \(problem.message)") }
    }

    private static func service(_ context: CommandContext, _ local: LocalEngine) throws(CommandFailure) -> Service {
        let ring = try SecuritySession.keyring(context)
        let token: LocalToken
        do throws(KeyError) {
            token = try LocalToken.make(folder: context.dataFolder)
        } catch {
            throw CommandFailure(error)
        }
        let identity = IdentityContext(store: local.store, keys: SigningKeys(ring), now: { SystemClock().wall() })
        return Service(
            engine: local.engine,
            store: local.store,
            security: local.store,
            blobs: local.blobs,
            catalog: local.catalog,
            workflows: local.workflows,
            compiler: try Toolbox(try SettingsReader.read(context), dataFolder: context.dataFolder)
                .makeCompiler(for: .check),
            identity: IdentityServices(identity, localToken: token),
            vault: SecuritySession.vault(local.store, ring),
            version: Baton.version
        )
    }

    private static func url(of server: WebServer, _ endpoints: [Endpoint]) -> String {
        let isSecure = if case .tls = endpoints[0] { true } else { false }
        return "\(isSecure ? "https" : "http")://\(server.addresses[0])"
    }

    /// Says that it works, and leaves the file that other commands look for.
    func announce() {
        let json: JSONValue = ["url": .string(url), "pid": .int(Int64(getpid()))]
        PlaceFile.write(json, in: context.dataFolder)
        context.console.show(json) { "baton serves \(url)\n" }
        context.console.note("the token of administrators is in \(context.dataFolder)/\(LocalToken.fileName)")
        context.console.flush()
    }

    /// Stops in order.
    func stop() {
        PlaceFile.remove(in: context.dataFolder)
        let (server, feed, grace) = (server, feed, Self.grace)
        AsyncWork {
            feed.cancel()
            await server.stop(within: grace)
        }.wait()
        local.stop(grace: Self.grace)
    }
}

/// The file that says where a server is.
private enum PlaceFile {
    static func write(_ json: JSONValue, in folder: String) {
        let (path, draft) = (path(folder), path(folder) + ".new")
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = Console.writeAll(Array((json.text + "\n").utf8), to: descriptor)
        close(descriptor)
        rename(draft, path)
    }

    static func remove(in folder: String) { unlink(path(folder)) }

    private static func path(_ folder: String) -> String { "\(folder)/\(ServerSession.placeFile)" }
}
