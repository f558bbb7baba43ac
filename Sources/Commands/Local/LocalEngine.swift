// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Agents
import Catalog
import Definition
import Engine
import Glibc
import Knowledge
import Model
import Server
import Store
import StoreSQLite
import Threads
import Tools

/// The engine in this process, over the data folder that this process locks. Belongs to the command's thread.
struct LocalEngine {
    let engine: DurableEngine
    let store: SQLiteRunStore
    let workspaces: Workspaces
    /// What is published in the same folder.
    let workflows: PublishedWorkflows
    let blobs: SQLiteBlobStore
    let catalog: DefinitionCatalog
    /// Who works in this process.
    let agents: AgentRegistry
    /// What they ask.
    let models: AgentModels
    /// They, for programs that are no part of a run.
    let gateway: ModelGateway
    let toolbox: Toolbox
    /// Documents that are searched.
    let library: LibrarySearch
    /// What agents keep.
    let notebook: Notebook
    let sessions: AgentSessions
    private let folder: DataFolder
    private let work: AsyncWork<Void>

    /// Locks and opens everything.
    ///
    /// - Parameter drives: Attempts are made; without it runs are only told things.
    init(_ context: CommandContext, drives: Bool) throws(CommandFailure) {
        let settings = try SettingsReader.read(context)
        let toolbox = try Toolbox(settings, context)
        try self.init(context, settings, toolbox, drives: drives)
    }

    /// - Parameter observing: What sees the engine's commits and the store's flushes; for servers.
    init(
        _ context: CommandContext,
        _ settings: Settings,
        _ toolbox: Toolbox,
        drives: Bool,
        observing: Observation? = nil
    ) throws(CommandFailure) {
        let path = context.dataFolder
        let line = context.commandLine
        // What is made here is for its owner alone; what tools make later is not our business.
        let mask = umask(0o077)
        defer { umask(mask) }
        let folder = try reading { () throws(StoreError) in try DataFolder(locking: path, command: line) }
        // The lock is ours, so whatever still works in a workspace was left behind by a process that died.
        SandboxLeftovers.end(beneath: toolbox.workspaces.root)
        SandboxLeftovers.end(beneath: Toolbox.serverFolder(of: path))
        var options = SQLiteRunStore.Options()
        (options.durability, options.keepsAudit) = (settings.durability, settings.keepsAudit)
        options.onFlush = observing?.onFlush
        // Whoever observes stays for long.
        options.pregrowWAL = observing != nil
        let store = try reading { () throws(StoreError) in try SQLiteRunStore(in: folder, options) }
        try reading { () throws(StoreError) in try PromptDesk(store: store, agents: toolbox.agents).load() }
        let blobs = try reading { () throws(StoreError) in
            try SQLiteBlobStore(in: folder, durability: settings.durability)
        }
        var configuration = EngineConfiguration(worker: "local/\(getpid())")
        // Without a free slot nothing is started, so telling a run something has no other effect.
        configuration.slots = drives ? settings.maxParallel : 0
        configuration.projectLimit = settings.perProject
        configuration.toolLimits = settings.perTool
        configuration.toolRates = settings.toolRates
        agents = toolbox.agents
        configuration.matcher = toolbox.agents
        configuration.agentLimit = { [agents = toolbox.agents] in agents.limit(of: $0) }
        configuration.patchPolicy.review = settings.patchReview
        let compiler = try toolbox.makeCompiler(for: .run)
        let checker = try toolbox.makeCompiler(for: .check)
        catalog = DefinitionCatalog(store: store, blobs: blobs, compiler: checker, now: { SystemClock().wall() })
        workflows = PublishedWorkflows(catalog: catalog, compiler: compiler, owner: CatalogSession.owner)
        self.blobs = blobs
        (configuration.queues, configuration.labels) = (settings.queues, settings.labels)
        let secrets = VaultSecrets(store: store, runs: store, folder: path, environment: context.environment)
        let keys = ProviderKeys(environment: context.environment, secret: { try secrets.open($0) })
        let models = try AgentModels.of(settings) { handle in try keys.key(handle) }
        self.models = models
        let embedder = settings.embeddingModel.map { PaidEmbedder(models, model: $0) }
        library = LibrarySearch(Library(store: store, now: { SystemClock().wall() }), embedder: embedder)
        notebook = Notebook(store) { SystemClock().wall() }
        sessions = AgentSessions(store, notes: store) { SystemClock().wall() }
        let reader = RunReader(store: store, blobs: blobs)
        let executors = toolbox.makeExecutors(
            secrets: secrets,
            models: models,
            library: library,
            notebook: notebook,
            sessions: sessions,
            reader: reader,
            prompts: store
        )
        let engine = DurableEngine(
            store: store,
            blobs: blobs,
            executors: drives ? executors : [:],
            workflows: workflows,
            compiler: compiler,
            observer: observing?.observer(store),
            configuration: configuration,
            failStop: Self.failStop
        )
        embedder?.pay(through: engine)
        gateway = ModelGateway(models, payingThrough: engine)
        ToolPins(store: store, servers: toolbox.servers).writeDownChanges()
        self.toolbox = toolbox
        self.engine = engine
        self.store = store
        self.folder = folder
        workspaces = toolbox.workspaces
        work = AsyncWork { await engine.run() }
    }

    /// Whoever watches what the engine does.
    struct Observation {
        /// Told how long each flush of the store took.
        let onFlush: @Sendable (Duration) -> Void
        /// Makes the observer of the commits before the engine begins.
        let observer: (any RunStore) -> any CommitObserver
    }

    /// Asks the engine something and blocks until the answer is durable.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable (DurableEngine) async throws(EngineError) -> Value
    ) throws(CommandFailure) -> Value {
        let engine = engine
        let result = AsyncWork { () async -> Result<Value, EngineError> in
            do throws(EngineError) {
                return .success(try await body(engine))
            } catch {
                return .failure(error)
            }
        }.wait()
        return try engineCall { () throws(EngineError) in try result.get() }
    }

    /// Stops in order: attempts get `grace` to finish, then their tasks are handed back.
    func stop(grace: Duration) {
        let engine = engine
        let servers = toolbox.servers
        AsyncWork { await engine.stop(grace: grace) }.wait()
        work.wait()
        AsyncWork { await servers.stop() }.wait()
    }

    /// Nobody knows what the disk holds: the process ends before it can claim anything.
    private static func failStop(_ message: String) {
        let text =
            "baton: store.unavailable: \(message)\n  nothing that was acknowledged is lost; start again to go on\n"
        _ = Console.writeAll(Array(text.utf8), to: STDERR_FILENO)
        _exit(ExitCode.unavailable.rawValue)
    }
}
