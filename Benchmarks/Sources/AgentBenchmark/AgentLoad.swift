// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Definition
import Engine
import Glibc
import HTTP
import JSON
import Measuring
import Model
import ProviderCalls
import Providers
import Store
import StoreSQLite
import Synchronization
import Tools

/// An engine with agents on a database of its own.
final class AgentLoad: Sendable {
    let engine: DurableEngine
    private let store: SQLiteRunStore
    private let blobs: SQLiteBlobStore
    private let path: String
    private let provider: Counting
    private let padding: Int
    private let price: ModelPrice

    /// - Parameters:
    ///   - padding: So many bytes are in each result of a tool.
    ///   - paid: Calls cost what the table says.
    init(_ path: String, script: String, padding: Int = 0, paid: Bool = false) throws {
        (self.path, self.padding) = (path, padding)
        let folder = try DataFolder(locking: path, command: "benchmark")
        var options = SQLiteRunStore.Options()
        options.pregrowWAL = true
        store = try SQLiteRunStore(in: folder, options)
        blobs = try SQLiteBlobStore(in: folder)
        let script = try ModelScript(Array(script.utf8), fileName: "script")
        let provider = Counting(ScriptedProvider(name: "p", script: script))
        self.provider = provider
        let reference = ModelReference(provider: "p", model: "claude-haiku-5-5")
        let tiers = TierTable(models: Dictionary(uniqueKeysWithValues: ModelTier.allCases.map { ($0, [reference]) }))
        let providerSettings = ProviderSettings(name: "p", kind: paid ? .anthropic : .scripted)
        guard let entry = PriceTable.builtIn.entry(for: reference.model, of: providerSettings) else {
            preconditionFailure("the model has no price")
        }
        price = entry.price
        let setup = ModelSetup(providers: ["p": provider], settings: ["p": providerSettings], tiers: tiers)
        let now = { @Sendable in SystemClock().wall() }
        let settings = ExecutionSettings(
            tools: try ToolRegistry([Echo(padding: padding)]),
            http: HTTPClient(policy: AddressPolicy()),
            sandbox: SandboxSettings(isRequired: false),
            workspaces: path
        )
        let executor = AgentExecutor(
            settings: settings,
            agents: AgentRegistry(.builtIn(), now: now),
            models: AgentModels(now: now) { setup }
        )
        var configuration = EngineConfiguration(worker: "benchmark")
        configuration.slots = 2000
        configuration.budgets = [:]
        engine = DurableEngine(
            store: store,
            blobs: blobs,
            executors: ["agent": executor],
            configuration: configuration,
            failStop: { preconditionFailure($0) }
        )
    }

    /// One run of one agent, from start to end.
    func run(maxRounds: Int) async {
        let config = "{agent: implementer, prompt: Begin, tools: [echo], max_rounds: \(maxRounds), history_rounds: 4}"
        await finish("workflow: one\nnodes: [{id: a, type: agent, config: \(config)}]\n")
    }

    private func finish(_ yaml: String) async {
        do {
            let run = try await engine.start(request(yaml))
            let row = try await engine.wait(for: run.id)
            precondition(row.status == .completed, "\(row.status)")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private func request(_ yaml: String) throws -> StartRequest {
        let registry = Registry(tools: [try Registry.Tool(name: "echo", input: ["type": "object"])])
        let result = Compiler(registry: registry).compile(text: Array(yaml.utf8), fileName: "benchmark")
        guard let graph = result.graph else { preconditionFailure("\(result.diagnostics)") }
        return StartRequest(graph: graph, source: [], inputs: [:], actor: "benchmark")
    }

    /// Many calls at once against a budget for fewer: the share of the budget that was spent, and how many were made.
    func spend(calls: Int, budgetFor count: Int) async -> (share: Double, calls: Int) {
        // What a call takes; a little more is held for it, because its input is only bounded.
        var usage = ModelUsage(input: 100, output: 1000)
        usage.certainty = .exact
        let cost = price.cost(of: usage)
        let budget = Money(picodollars: cost.picodollars * Int64(count))
        let yaml = """
            workflow: many
            budget: {usd: "\(budget.text)"}
            nodes:
              - id: all
                type: map
                config:
                  items: "${ inputs.n }"
                  max_parallel: 1000
                  body: {nodes: [{id: a, type: agent, config: {agent: noop, prompt: Go, max_output_tokens: 1000}}]}
            inputs: {n: {type: array}}
            """
        do {
            var order = try request(yaml)
            order.inputs = ["n": .array((0..<calls).map { .int(Int64($0)) })]
            let run = try await engine.start(order)
            while true {
                let events = engine.events(of: run.id)
                if let row = try store.run(run.id), row.status == .waiting || row.status.isTerminal { break }
                for await _ in events {
                    if let row = try store.run(run.id), row.status == .waiting || row.status.isTerminal { break }
                }
            }
            var filter = UsageFilter()
            filter.run = run.id
            filter.limit = calls
            let used = try store.usage(filter)
            let spent = used.reduce(Int64(0)) { $0 + $1.charge.money.picodollars }
            precondition(spent <= budget.picodollars, "more was spent than the budget allows")
            return (Double(spent) / Double(budget.picodollars), used.count)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// What the newest conversation is as JSON: all messages and the last answer.
    var transcriptBytes: Int { provider.transcript }

    /// Bytes that the pages in use take in both databases.
    var usedBytes: Int {
        Int(keptBytes(path + "/baton.db")) + Int(keptBytes(path + "/blobs.db"))
    }
}

/// Keeps the length of the longest conversation that it saw.
private final class Counting: ModelProvider {
    let name = "p"
    private let base: ScriptedProvider
    private let bytes = Mutex(0)

    init(_ base: ScriptedProvider) { self.base = base }

    /// Every answer and everything that was new in each call, as JSON.
    var transcript: Int { bytes.withLock { $0 } }

    func reply(
        to request: ModelRequest,
        onChunk: nonisolated(nonsending) @Sendable (ModelChunk) async -> Void
    ) async throws(ModelError) -> ModelReply {
        let reply = try await base.reply(to: request, onChunk: onChunk)
        // Summaries of what is left out are no part of the conversation.
        guard !request.tools.isEmpty else { return reply }
        let added = request.messages.last.map { $0.json.text.utf8.count } ?? 0
        let size = added + reply.message.json.text.utf8.count
        let isFirst = request.origin?.call == 1
        bytes.withLock { $0 = isFirst ? size : $0 + size }
        return reply
    }
}

/// Gives back what it is given, and more.
private struct Echo: Tool {
    let definition = ToolDefinition(
        name: "echo",
        description: "Echoes",
        inputSchema: ["type": "object", "properties": ["n": ["type": "integer"]]],
        effects: .read,
        isIdempotent: true,
        category: "test"
    )
    let padding: Int

    init(padding: Int) { self.padding = padding }

    /// Letters that differ from call to call, so that compression finds little in them.
    private func text(_ number: Int64) -> String {
        var state = UInt64(truncatingIfNeeded: number)
        let letters = (0..<padding).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return 97 + UInt8(state >> 56) % 26
        }
        return String(decoding: letters, as: UTF8.self)
    }

    func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> Tools.ToolResult {
        let number = arguments["n"]?.intValue ?? 0
        return Tools.ToolResult(output: ["n": .int(number), "text": .string(text(number))])
    }
}
