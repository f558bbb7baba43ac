// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Agents
import Cryptography
import Definition
import Engine
import EngineTelemetry
import Glibc
import HTTP
import HTTPServer
import Identity
import JSON
import MCP
import Model
import Secrets
import Server
import Store
import StoreSQLite
import Synchronization
import Telemetry
import Tools

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
    private let api: APIServer
    private let watch: ServerWatch
    private let upkeep: ServerUpkeep
    private let live: ServerReload
    /// The feed, the upkeep and the traces, as long as the server works.
    private let tasks: [Task<Void, Never>]

    /// Opens the data folder, goes on with all open runs and begins to listen.
    init(_ context: CommandContext) throws(CommandFailure) {
        let files = WatchedFiles(context)
        let (settings, origins) = try ServerCommand.settings(context)
        files.watch(settings)
        let watch = ServerWatch(settings.telemetry)
        let toolbox = try Toolbox(settings, context)
        let local = try LocalEngine(context, settings, toolbox, drives: true, observing: watch.observation)
        do throws(CommandFailure) {
            let live = try ServerReload(context, settings, origins, files, local, watch.log)
            try self.init(context, settings, live, local, watch)
        } catch {
            local.stop(grace: .zero)
            throw error
        }
    }

    private init(
        _ context: CommandContext,
        _ settings: Settings,
        _ live: ServerReload,
        _ local: LocalEngine,
        _ watch: ServerWatch
    ) throws(CommandFailure) {
        try local.workspaces.makeRoot()
        let service = try Self.service(context, settings, local)
        var shown = Self.apiSettings(context, settings, live, local)
        let ring = try SecuritySession.keyring(context)
        shown.exposure.sessions = SessionTokens(ring.derived(for: "baton mcp sessions"), current: ring.current)
        let api = try storeCall { () throws(StoreError) in
            try APIServer(service, shown, metrics: watch.metrics, log: watch.log)
        }
        let endpoints = settings.server.endpoints
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
        (self.context, self.local, self.api, self.watch, self.live) = (context, local, api, watch, live)
        url = Self.url(of: server, endpoints)
        let upkeep = ServerUpkeep(local, service.identity, settings.retention, watch.log)
        self.upkeep = upkeep
        tasks = [
            Task { await api.run() }, Task { await upkeep.run() }, Task { await watch.exporter?.run() },
            Task { await live.run() },
        ]
        if settings.server.isOpen {
            watch.log.record(
                .warn,
                "listens to other machines without TLS: whoever is on the way can read credentials",
                ["address": .string(settings.server.address)]
            )
        }
        for problem in local.agents.problems {
            watch.log.record(.warn, "an edited text cannot be used, what its file has is in force: \(problem)")
        }
        let problems = try local.ask { engine async throws(EngineError) in
            _ = try await engine.adopt(nil)
            return try await engine.runSchedules()
        }
        for problem in problems { watch.log.record(.error, "\(problem.code.rawValue): \(problem.message)") }
    }

    private static func service(
        _ context: CommandContext,
        _ settings: Settings,
        _ local: LocalEngine
    ) throws(CommandFailure) -> Service {
        let ring = try SecuritySession.keyring(context)
        let token: LocalToken
        do throws(KeyError) {
            token = try LocalToken.make(folder: context.dataFolder)
        } catch {
            throw CommandFailure(error)
        }
        let identity = IdentityContext(
            store: local.store,
            settings: settings.auth,
            keys: SigningKeys(ring),
            now: { SystemClock().wall() }
        )
        return Service(
            engine: local.engine,
            store: local.store,
            security: local.store,
            blobs: local.blobs,
            catalog: local.catalog,
            workflows: local.workflows,
            compiler: try local.toolbox.makeCompiler(for: .check),
            identity: IdentityServices(identity, localToken: token),
            vault: SecuritySession.vault(local.store, ring),
            library: local.library,
            notebook: local.notebook,
            sessions: local.sessions,
            version: Baton.version
        )
    }

    private static func apiSettings(
        _ context: CommandContext,
        _ settings: Settings,
        _ live: ServerReload,
        _ local: LocalEngine
    ) -> APISettings {
        var result = APISettings()
        result.rates = settings.requestRates
        result.bodyLimit = settings.server.bodyLimit
        result.trustedProxies = settings.server.trustedProxies
        result.origins = settings.server.origins
        result.publicURL = settings.server.publicURL
        result.targets = AddressPolicy(allowed: settings.allowedTargets)
        result.shown = { live.shown }
        result.prices = { live.estimates }
        result.checks = ServerHealth.checks(context.dataFolder, local.blobs)
        let tools = local.toolbox.tools
        result.tools = { tools.definitions.map(\.json) }
        (result.exposure.expose, result.exposure.block) = (settings.exposedTools, settings.blockedTools)
        result.exposure.compactAbove = settings.compactAbove
        result.toolServers = ToolPins(store: local.store, servers: local.toolbox.servers).access
        let agents = local.agents
        result.prompts = PromptDesk(store: local.store, agents: agents).access
        result.skills = APISettings.Skills(list: { agents.skills.list }, show: { agents.skills.show($0) }) {
            (skill, tool, arguments) throws(TaskError) in try agents.skills.apply(skill, to: tool, arguments)
        }
        result.agents = APISettings.Agents(
            list: { agents.list },
            show: { agents.show($0) },
            match: { agents.match($0) },
            prompt: { PromptHistory($0).json(call: $1, attempt: $2) },
            start: { agents.start($0, in: Toolbox.programPath) }
        )
        let gateway = local.gateway
        result.gateway = ModelAccess { await gateway.answer($0, for: PaidCaller($1)) }
        result.changeable = [
            SettingsKey.telemetryLog.rawValue: { (value) throws(Problem) in
                guard let level = value.stringValue.flatMap(LogLevel.init) else {
                    let levels = LogLevel.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Problem(422, "validation.failed", "`telemetry.log` is one of \(levels)")
                }
                live.set(level)
                return .string(level.rawValue)
            }
        ]
        let folder = context.dataFolder
        let workspaces = local.workspaces
        result.didDelete = { _ = workspaces.remove($0) }
        result.backup = { (name) throws(Problem) in try ServerBackup.make(name, of: folder) }
        return result
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
        context.console.flush()
        watch.log.record(
            .info,
            "serving",
            [
                "url": .string(url), "version": .string(Baton.version), "data": .string(context.dataFolder),
                "token_file": .string("\(context.dataFolder)/\(LocalToken.fileName)"),
            ]
        )
    }

    /// Reads again what may change while it works.
    func reload() {
        let live = live
        AsyncWork { await live.reload(isAsked: true) }.wait()
    }

    /// Stops in order: nothing new is taken, those who follow are let go with the number they have, requests and attempts
    /// in flight get their time together, and what was counted is written.
    func stop() {
        let (server, tasks, grace) = (server, tasks, Self.grace)
        watch.log.record(.info, "stopping", ["grace_seconds": .int(grace.components.seconds)])
        PlaceFile.remove(in: context.dataFolder)
        api.drain()
        for task in tasks { task.cancel() }
        let served = AsyncWork { await server.stop(within: grace) }
        // What programs ask models for is paid through the engine.
        let (gateway, begin) = (local.gateway, ContinuousClock.now)
        AsyncWork { await gateway.close(within: grace) }.wait()
        let (upkeep, watch) = (upkeep, watch)
        // While there is a store to write to.
        AsyncWork { await upkeep.stop() }.wait()
        local.stop(grace: max(.zero, grace - (.now - begin)))
        served.wait()
        AsyncWork { await watch.finish() }.wait()
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
