// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Catalog
import Cryptography
import Definition
import Engine
import HTTPServer
import Identity
import JSON
import Knowledge
import Model
import RateLimits
import Secrets
import Store
import StoreSQLite
import TestSupport
import Testing

@testable import Server

/// The API over a store of its own, without sockets: an administrator `root` and the users `alice` and `bob`.
final class World: Sendable {
    static let password = "correct horse"

    let api: APIServer
    let service: Service
    let engine: DurableEngine
    private let folder: TemporaryFolder
    private let web: InProcessServer
    private let tasks: [Task<Void, Never>]
    private let contracts: ContractCheck

    /// An answer, read whole.
    struct Reply {
        let status: Int
        let headers: HTTPHeaders
        let bytes: [UInt8]
        /// `null` when it is no JSON.
        var json: JSONValue { (try? JSONValue(parsing: bytes)) ?? .null }
    }

    init(
        _ apiSettings: APISettings = APISettings(),
        tools: [Registry.Tool] = [],
        executors: [String: any NodeExecutor] = [:]
    ) throws {
        let folder = TemporaryFolder()
        let data = try DataFolder(locking: folder.path, command: "test")
        var options = SQLiteRunStore.Options()
        options.durability = .relaxed
        let store = try SQLiteRunStore(in: data, options)
        let blobs = try SQLiteBlobStore(in: data, durability: .relaxed)
        var registry = Registry(tools: tools, executors: EngineCapabilities.nodeTypes)
        registry.externals = EngineCapabilities.externalTypes
        let compiler = Compiler(registry: registry, purpose: .run)
        let catalog = DefinitionCatalog(store: store, blobs: blobs, compiler: compiler, now: { SystemClock().wall() })
        let workflows = PublishedWorkflows(catalog: catalog, compiler: compiler, owner: "local")
        let engine = DurableEngine(
            store: store,
            blobs: blobs,
            executors: executors,
            workflows: workflows,
            compiler: compiler,
            configuration: EngineConfiguration(worker: "test"),
            failStop: { _ in }
        )
        var settings = IdentitySettings()
        settings.opensRegistration = true
        settings.scrypt = Scrypt(logarithmOfCost: 1, blockSize: 1, parallelism: 1)
        let ring = Keyring().rotated()
        let identity = IdentityContext(
            store: store,
            settings: settings,
            keys: SigningKeys(ring),
            now: { SystemClock().wall() }
        )
        service = Service(
            engine: engine,
            store: store,
            security: store,
            blobs: blobs,
            catalog: catalog,
            workflows: workflows,
            compiler: compiler,
            identity: IdentityServices(identity, localToken: try LocalToken.make(folder: folder.path)),
            vault: SecretVault(store: store, ring: ring, now: { SystemClock().wall() }),
            library: LibrarySearch(Library(store: store, now: { SystemClock().wall() })),
            notebook: Notebook(store) { SystemClock().wall() },
            sessions: AgentSessions(store, notes: store) { SystemClock().wall() },
            version: "test"
        )
        let api = try APIServer(service, apiSettings)
        (self.api, self.engine, self.folder) = (api, engine, folder)
        web = InProcessServer(handler: api.answer)
        let feed = LiveFeed(service, last: 0)
        contracts = try ContractCheck(
            APIServer.routes(service, feed, Limits(.init())) + ProbeRoutes.documented
        )
        tasks = [Task { await engine.run() }, Task { await api.run() }]
    }

    /// Call it at the end of a test.
    func stop() async {
        await engine.stop(grace: .zero)
        for task in tasks { task.cancel() }
    }

    func send(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        as token: String? = nil,
        headers: HTTPHeaders = HTTPHeaders()
    ) async throws -> Reply {
        var headers = headers
        headers["authorization"] = token.map { "Bearer \($0)" }
        if body != nil { headers["content-type"] = headers["content-type"] ?? "application/json" }
        let response = await web.send(method, path, headers: headers, body: body?.bytes() ?? [])
        let bytes = try await response.body.collect(limit: 1 << 24)
        let reply = Reply(status: response.status, headers: response.headers, bytes: bytes)
        contracts.check(method, path, reply)
        return reply
    }

    /// A request with bytes.
    func send(
        _ method: String,
        _ path: String,
        bytes: [UInt8],
        as token: String,
        headers: HTTPHeaders = HTTPHeaders()
    ) async throws -> Reply {
        var headers = headers
        headers["authorization"] = "Bearer \(token)"
        headers["content-type"] = headers["content-type"] ?? "application/octet-stream"
        let response = await web.send(method, path, headers: headers, body: bytes)
        let answer = try await response.body.collect(limit: 1 << 24)
        let reply = Reply(status: response.status, headers: response.headers, bytes: answer)
        contracts.check(method, path, reply)
        return reply
    }

    /// A call without a credential of ours.
    func call(_ path: String, bytes: [UInt8], headers: HTTPHeaders) async throws -> Reply {
        let response = await web.send("POST", path, headers: headers, body: bytes)
        let answer = try await response.body.collect(limit: 1 << 24)
        let reply = Reply(status: response.status, headers: response.headers, bytes: answer)
        contracts.check("POST", path, reply)
        return reply
    }

    func publish(_ yaml: String, as token: String) async throws -> Reply {
        let headers: HTTPHeaders = ["authorization": "Bearer \(token)", "content-type": "application/yaml"]
        let response = await web.send("POST", "/v1/workflows", headers: headers, body: Array(yaml.utf8))
        return Reply(
            status: response.status,
            headers: response.headers,
            bytes: try await response.body.collect(limit: 1 << 20)
        )
    }

    /// A stream of events as it comes.
    func follow(_ path: String, as token: String) async -> InProcessResponse {
        await web.send("GET", path, headers: ["authorization": "Bearer \(token)", "accept": "text/event-stream"])
    }

    /// A stream for whoever has only the address.
    func open(_ path: String) async -> InProcessResponse { await web.send("GET", path) }

    /// An open WebSocket.
    func socket(as token: String, at path: String = "/v1/ws") async throws -> InProcessWebSocket {
        let headers: HTTPHeaders = [
            "authorization": "Bearer \(token)", "upgrade": "websocket", "connection": "Upgrade",
            "sec-websocket-version": "13", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        return try #require(await web.send("GET", path, headers: headers).webSocket)
    }

    /// A WebSocket with these headers; `nil` when it is refused.
    func open(_ path: String, headers: HTTPHeaders) async -> InProcessWebSocket? {
        await web.send("GET", path, headers: headers).webSocket
    }

    /// Makes the account if it is not there, and logs in.
    func login(_ name: String) async throws -> String {
        let email = JSONValue.string("\(name)@example.org")
        _ = try await send(
            "POST",
            "/v1/auth/register",
            ["email": email, "name": .string(name), "password": .string(Self.password)]
        )
        let reply = try await send("POST", "/v1/auth/login", ["email": email, "password": .string(Self.password)])
        return try #require(reply.json["access_token"]?.stringValue, "\(reply.json.text)")
    }

    /// Three people, the administrator first.
    func people() async throws -> (root: String, alice: String, bob: String) {
        (try await login("root"), try await login("alice"), try await login("bob"))
    }
}

/// A workflow that asks somebody and ends.
let asking = """
    workflow: ask
    nodes:
      - id: first
        type: transform
        config: {expr: "1 + 1"}
      - id: ok
        type: human
        depends_on: [first]
        config: {kind: approval, message: "Go on?", assignees: [owner]}
    """

/// A workflow that ends at once.
let adding = """
    workflow: add
    inputs:
      a: {type: integer, default: 1}
    outputs:
      sum: ${ nodes.sum.output }
    nodes:
      - id: sum
        type: transform
        config: {expr: "inputs.a + 1"}
    """
