// Baton
// SPDX-License-Identifier: Apache-2.0

public import AgentMemory
public import Catalog
public import Definition
public import Engine
public import Identity
internal import JSON
public import Knowledge
internal import Model
public import Secrets
public import Store
internal import Synchronization
internal import Threads

/// What the routes work on.
public struct Service: Sendable {
    let engine: DurableEngine
    let store: any RunStore
    let security: any WebhookStore
    let blobs: any StreamingBlobStore
    let reader: RunReader
    let catalog: DefinitionCatalog
    /// Published workflows, compiled to run.
    let workflows: PublishedWorkflows
    /// Checks documents that are looked at or published, not run at once.
    let compiler: Compiler
    /// Accounts, for upkeep.
    public let identity: IdentityServices
    let vault: SecretVault
    /// Documents that are searched.
    let library: LibrarySearch
    /// What agents keep.
    let notebook: Notebook
    let sessions: AgentSessions
    let clock: any EngineClock
    let version: String
    private let threads = ReadingThreads()

    /// - Parameters:
    ///   - engine: Takes what changes runs. It is running.
    ///   - store: The same that the engine has; read on threads of the service.
    ///   - security: Accounts, secrets, webhooks and the audit trail of the same data.
    ///   - version: Of the program, for clients.
    public init(
        engine: DurableEngine,
        store: any RunStore,
        security: any WebhookStore,
        blobs: any StreamingBlobStore,
        catalog: DefinitionCatalog,
        workflows: PublishedWorkflows,
        compiler: Compiler,
        identity: IdentityServices,
        vault: SecretVault,
        library: LibrarySearch,
        notebook: Notebook,
        sessions: AgentSessions,
        clock: any EngineClock = SystemClock(),
        version: String
    ) {
        self.engine = engine
        self.store = store
        self.security = security
        self.blobs = blobs
        reader = RunReader(store: store, blobs: blobs)
        self.catalog = catalog
        self.workflows = workflows
        self.compiler = compiler
        self.identity = identity
        self.vault = vault
        self.library = library
        self.notebook = notebook
        self.sessions = sessions
        self.clock = clock
        self.version = version
    }

    /// Asks the engine, once for each key that clients give.
    func ask<Value>(
        _ call: APICall,
        _ body: (DurableEngine) async throws(EngineError) -> Value
    ) async throws(Problem) -> Value {
        do throws(EngineError) {
            return try await body(engine.once(call.idempotencyKey))
        } catch {
            throw Problem(error)
        }
    }

    /// Asks the engine with a key that is made for a part of a request.
    func ask<Value>(
        _ key: IdempotencyKey?,
        _ body: (DurableEngine) async throws(EngineError) -> Value
    ) async throws(Problem) -> Value {
        do throws(EngineError) {
            return try await body(engine.once(key))
        } catch {
            throw Problem(error)
        }
    }

    /// Does what may block on a thread of its own.
    func blocking<Value: Sendable, Failure: ProblemSource>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Problem) -> Value {
        let result = await threads.next.run { Result { () throws(Failure) in try body() } }
        do throws(Failure) {
            return try result.get()
        } catch {
            throw error.problem
        }
    }

    /// Reads from the store, on a thread that may block.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any RunStore) throws(StoreError) -> Value
    ) async throws(Problem) -> Value {
        let store = store
        return try await blocking { () throws(StoreError) in try body(store) }
    }

    /// Reads runs from the log, likewise.
    func readRuns<Value: Sendable>(
        _ body: @escaping @Sendable (RunReader) throws(EngineError) -> Value
    ) async throws(Problem) -> Value {
        let reader = reader
        return try await blocking { () throws(EngineError) in try body(reader) }
    }

    /// Reads or changes definitions, likewise.
    func definitions<Value: Sendable>(
        _ body: @escaping @Sendable (DefinitionCatalog) throws(CatalogError) -> Value
    ) async throws(Problem) -> Value {
        let catalog = catalog
        return try await blocking { () throws(CatalogError) in try body(catalog) }
    }

    /// Reads or changes accounts, likewise.
    func accounts<Value: Sendable>(
        _ body: @escaping @Sendable (IdentityServices) throws(IdentityError) -> Value
    ) async throws(Problem) -> Value {
        let identity = identity
        return try await blocking { () throws(IdentityError) in try body(identity) }
    }

    /// Reads or changes secrets, likewise.
    func secrets<Value: Sendable>(
        _ body: @escaping @Sendable (SecretVault) throws(SecretError) -> Value
    ) async throws(Problem) -> Value {
        let vault = vault
        return try await blocking { () throws(SecretError) in try body(vault) }
    }

    /// Reads or changes documents, likewise.
    func documents<Value: Sendable>(
        _ body: @escaping @Sendable (Library) throws(LibraryError) -> Value
    ) async throws(Problem) -> Value {
        let library = library.library
        return try await blocking { () throws(LibraryError) in try body(library) }
    }

    /// Searches documents, or gives them vectors.
    func searching<Value>(
        _ body: (LibrarySearch) async throws(LibraryError) -> Value
    ) async throws(Problem) -> Value {
        do throws(LibraryError) {
            return try await body(library)
        } catch {
            throw error.problem
        }
    }
}

/// Accounts and what belongs to them.
public struct IdentityServices: Sendable {
    let context: IdentityContext
    let accounts: Accounts
    let sessions: Sessions
    let keys: APIKeys
    let memberships: Memberships
    let authenticator: Authenticator

    /// - Parameter localToken: Admits whoever can read the data folder, as administrator.
    public init(_ context: IdentityContext, localToken: LocalToken?) {
        self.context = context
        accounts = Accounts(context)
        sessions = Sessions(context)
        keys = APIKeys(context)
        memberships = Memberships(context)
        authenticator = Authenticator(context, localToken: localToken)
    }

    /// Writes down when keys were used; once a minute, and at the end. Blocks.
    public func flushKeyUses() throws(IdentityError) { try authenticator.flushKeyUses() }

    /// Removes logins and failures whose time is over; once an hour. Blocks.
    public func sweep() throws(IdentityError) { try sessions.sweep() }
}

/// Threads that take turns, so that one slow reader does not keep all others waiting.
private final class ReadingThreads: Sendable {
    private let threads = (1...4).map { SerialThread(named: "api-\($0)") }
    private let turn = Atomic<Int>(0)

    var next: SerialThread {
        threads[turn.wrappingAdd(1, ordering: .relaxed).oldValue & 3]
    }
}
