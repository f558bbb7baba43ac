// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Definition
import Engine
import Glibc
import HTTP
import JSON
import Model
import ProviderCalls
import Providers
import Store
import Synchronization
import TestSupport
import Testing
import Threads
import Tools

@testable import Agents

/// The real engine over a store in memory, with agents whose models answer from a script.
final class AgentWorld: Sendable {
    let store = MemoryRunStore()
    let blobs = MemoryBlobStore()
    let notes = MemoryNoteStore()
    let models: CountingProvider
    let tool = NotingTool()
    /// That of the agents.
    let clock: AgentClock
    let folder = TemporaryFolder()
    /// Where requests may go besides public places.
    private let allowed: [String]
    /// What a task is expected to cost.
    private let expected: Money?
    let setup: ModelSetup
    private let registry: Mutex<AgentRegistry>
    private let profiles: [ToolProfile]

    /// - Parameters:
    ///   - kind: Decides what calls cost: those of `scripted` cost nothing.
    ///   - judge: The model of the tier `small`, if that is another one.
    ///   - more: Agents beside those that come with the program.
    init(
        _ script: String,
        kind: ProviderSettings.Kind = .scripted,
        model: String = "m",
        judge: String? = nil,
        allowsUnpriced: Bool = false,
        expected: Money? = nil,
        allowing allowed: [String] = [],
        adding more: [AgentRecord] = [],
        profiles: [ToolProfile] = [],
        skills: SkillShelf = .builtIn()
    ) throws {
        (self.allowed, self.expected) = (allowed, expected)
        self.profiles = profiles
        let clock = AgentClock()
        self.clock = clock
        registry = Mutex(AgentRegistry(.builtIn(adding: more), skills: skills, now: clock.now))
        let script = try ModelScript(Array(script.utf8), fileName: "s.yaml")
        models = CountingProvider(ScriptedProvider(name: "p", script: script))
        let reference = ModelReference(provider: "p", model: model)
        var list = Dictionary(uniqueKeysWithValues: ModelTier.allCases.map { ($0, [reference]) })
        if let judge { list[.small] = [ModelReference(provider: "p", model: judge)] }
        let tiers = TierTable(models: list)
        setup = ModelSetup(
            providers: ["p": models],
            settings: ["p": ProviderSettings(name: "p", kind: kind)],
            tiers: tiers,
            allowsUnpriced: allowsUnpriced
        )
    }

    /// One more agent.
    func add(_ agent: AgentRecord) {
        registry.withLock { $0 = AgentRegistry(.builtIn(adding: $0.roster.all + [agent]), now: clock.now) }
    }

    var agents: AgentRegistry { registry.withLock { $0 } }

    /// The text of a file in the workspace of the only run.
    func file(_ name: String) throws -> String {
        let run = try #require(store.run(key: 1))
        let descriptor = open("\(folder.path)/\(run.id)/\(name)", O_RDONLY)
        try #require(descriptor >= 0, "there is no \(name)")
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        return String(decoding: bytes[..<max(0, read(descriptor, &bytes, bytes.count))], as: UTF8.self)
    }

    var sessions: AgentSessions { AgentSessions(store, notes: notes, now: clock.now) }

    /// Runs `body` while an engine works.
    func withEngine<Value>(_ body: (DurableEngine) async throws -> Value) async throws -> Value {
        var settings = ExecutionSettings(
            tools: try ToolRegistry.builtIn(adding: [tool, EchoTool("look.up")]),
            http: HTTPClient(policy: AddressPolicy(allowed: allowed)),
            sandbox: SandboxSettings(isRequired: false),
            workspaces: folder.path
        )
        settings.notebook = Notebook(notes) { SystemClock().wall() }
        settings.sessions = sessions
        settings.profiles = ToolProfiles(profiles)
        let models = AgentModels(now: { SystemClock().wall() }) { [setup] in setup }
        var configuration = EngineConfiguration(worker: "w")
        configuration.matcher = agents
        configuration.agentLimit = { [agents] in agents.limit(of: $0) }
        let engine = DurableEngine(
            store: store,
            blobs: blobs,
            executors: settings.executors.merging([
                "agent": AgentExecutor(
                    settings: settings,
                    agents: agents,
                    models: models,
                    prompts: store
                ) { [expected] _ in expected },
                ExecutorName.verification: VerificationExecutor(settings: settings, models: models),
            ]) { $1 },
            configuration: configuration,
            failStop: { Issue.record("\($0)") }
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run() }
            do {
                let value = try await body(engine)
                await engine.stop(grace: .zero)
                return value
            } catch {
                await engine.stop(grace: .zero)
                throw error
            }
        }
    }

    /// Starts a workflow of one agent `a`.
    func start(
        _ config: String,
        _ more: String = "",
        top: String = "",
        agent: String = "analyst",
        on engine: DurableEngine
    ) async throws -> RunID {
        let yaml = """
            workflow: agents
            \(top)
            outputs: {a: "${ nodes.a.output }"}
            nodes: [{id: a, type: agent, \(more)config: {agent: \(agent), prompt: Go., \(config)}}]
            """
        return try await start(document: yaml, on: engine)
    }

    /// Starts a workflow.
    func start(document yaml: String, on engine: DurableEngine) async throws -> RunID {
        let names = ["note", "look.up", "fs.write", "memory.remember", "memory.recall"]
        let tools = try names.map { try Registry.Tool(name: $0, input: ["type": "object"]) }
        let result = Compiler(registry: Registry(tools: tools)).compile(text: Array(yaml.utf8), fileName: "t.yaml")
        let graph = try #require(result.graph, "\(result.diagnostics.map(\.message))")
        let request = StartRequest(graph: graph, source: Array(yaml.utf8), inputs: [:], actor: "user:test")
        return try await engine.start(request).id
    }

    /// Waits until the run's row satisfies `condition`.
    func wait(
        for run: RunID,
        on engine: DurableEngine,
        _ condition: (RunRow) -> Bool = { $0.status.isTerminal }
    ) async throws -> RunRow {
        while true {
            let events = engine.events(of: run)
            if let row = store.run(run), condition(row) { return row }
            for await _ in events {
                if let row = store.run(run), condition(row) { return row }
            }
        }
    }

    /// Runs one agent to its end: its output, or the code of its error.
    func play(_ config: String, _ more: String = "", agent: String = "analyst") async throws -> JSONValue {
        try await withEngine { engine in
            let run = try await start(config, more, agent: agent, on: engine)
            _ = try await wait(for: run, on: engine)
            return try ending(of: run, engine)
        }
    }

    func ending(of run: RunID, _ engine: DurableEngine) throws -> JSONValue {
        let state = try engine.reader.state(ofRun: try #require(store.run(run)).key)
        return state.outputs?.value["a"] ?? .string(state.error?.code ?? "\(state.status)")
    }
}

/// A clock that can be put forward.
final class AgentClock: Sendable {
    private let lead = Mutex(Duration.zero)

    var now: @Sendable () -> Timestamp {
        { SystemClock().wall() + self.lead.withLock { $0 } }
    }

    func advance(by span: Duration) { lead.withLock { $0 += span } }
}

/// Counts what it is asked.
final class CountingProvider: BatchProvider {
    let name = "p"
    private let base: ScriptedProvider
    private let list = Mutex<[ModelRequest]>([])
    private let counts = Mutex((now: 0, most: 0))
    /// So often there is no answer yet to a call that was handed over.
    let pendingLooks = Mutex(2)
    let offers = Mutex(true)
    private let tickets = Mutex<[BatchTicket]>([])

    init(_ base: ScriptedProvider) { self.base = base }

    /// How many calls there were at a time, at most.
    var most: Int { counts.withLock { $0.most } }

    var asked: [ModelRequest] { list.withLock { $0 } }

    func reply(
        to request: ModelRequest,
        onChunk: @Sendable (ModelChunk) async -> Void
    ) async throws(ModelError) -> ModelReply {
        list.withLock { $0.append(request) }
        counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        defer { counts.withLock { $0.now -= 1 } }
        return try await base.reply(to: request, onChunk: onChunk)
    }

    var offersBatches: Bool { offers.withLock { $0 } }

    /// What was handed over.
    var taken: [BatchTicket] { tickets.withLock { $0 } }

    func submit(_ request: ModelRequest, key: String) async throws(ModelError) -> BatchTicket {
        let ticket = BatchTicket(batch: "b\(taken.count + 1)", key: BatchTicket.name(of: key))
        tickets.withLock { $0.append(ticket) }
        return ticket
    }

    func answer(to ticket: BatchTicket, for request: ModelRequest) async throws(ModelError) -> BatchAnswer {
        let isPending = pendingLooks.withLock { looks in
            defer { looks = max(0, looks - 1) }
            return looks > 0
        }
        if isPending { return .pending(nextLook: .milliseconds(5)) }
        return .answered(try await reply(to: request))
    }

    func cancel(_ ticket: BatchTicket) async throws(ModelError) {}
}

/// Has an effect: keeps what it was told under the key of the call.
final class NotingTool: Tool {
    let definition = ToolDefinition(
        name: "note",
        description: "Notes",
        inputSchema: ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"]],
        effects: .write,
        isIdempotent: false,
        category: "test"
    )
    private let kept = Mutex<[String]>([])

    var notes: [String] { kept.withLock { $0 } }

    func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> Tools.ToolResult {
        guard arguments["n"] != 13 else {
            throw TaskError(code: "tool.failed", errorClass: .permanent, message: "\(context.workspace)/x is cursed")
        }
        let key = context.idempotencyKey?.split(separator: "/").dropFirst().joined(separator: "/") ?? ""
        kept.withLock { $0.append("\(key) \(arguments.text)") }
        return Tools.ToolResult(output: ["noted": arguments["n"] ?? .null])
    }
}
