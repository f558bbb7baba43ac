// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model
import Store
import Synchronization
import Telemetry
import Testing
import Threads

@testable import EngineTelemetry

/// The engine with a recorder as its observer.
@Suite(.timeLimit(.minutes(1))) struct EngineTelemetryTests {
    private struct Tool: NodeExecutor {
        let execute: @Sendable (Assignment) -> AttemptOutcome

        func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
            execute(assignment)
        }
    }

    /// Keeps what an engine commits.
    private final class Tape: CommitObserver {
        let commits = Mutex([ObservedCommit]())
        func committed(_ commit: ObservedCommit) { commits.withLock { $0.append(commit) } }
    }

    private struct Both: CommitObserver {
        let tape: Tape
        let recorder: EngineRecorder
        func committed(_ commit: ObservedCommit) {
            tape.committed(commit)
            recorder.committed(commit)
        }
    }

    private static let compiler: Compiler = {
        let tool = try? Registry.Tool(name: "noop", input: ["type": "object"])
        return Compiler(registry: Registry(tools: tool.map { [$0] } ?? []))
    }()

    private struct World {
        let engine: DurableEngine
        let registry: MetricsRegistry
        let recorder: EngineRecorder
        let tape: Tape

        func start(_ yaml: String) async throws -> RunID {
            let result = compiler.compile(text: Array(yaml.utf8), fileName: "test.yaml")
            let graph = try #require(result.graph, "\(result.diagnostics.map(\.message))")
            let request = StartRequest(graph: graph, source: Array(yaml.utf8), inputs: [:], actor: "user:test")
            return try await engine.start(request).id
        }

        /// The lines of the metrics by name and labels.
        func metrics() async -> [String: Double] {
            await recorder.flush()
            var values: [String: Double] = [:]
            for line in String(decoding: registry.text(), as: UTF8.self).split(separator: "\n") where line.first != "#"
            {
                guard let space = line.lastIndex(of: " ") else { continue }
                values[String(line[..<space].dropFirst("baton_".count))] = Double(line[line.index(after: space)...])
            }
            return values
        }
    }

    private func withEngine(
        _ store: MemoryRunStore = MemoryRunStore(),
        _ body: (World) async throws -> Void
    ) async throws {
        let registry = MetricsRegistry()
        let (recorder, tape) = (EngineRecorder(metrics: registry, store: store), Tape())
        let engine = DurableEngine(
            store: store,
            blobs: MemoryBlobStore(),
            executors: ["tool": Tool(execute: Self.flaky)],
            observer: Both(tape: tape, recorder: recorder),
            configuration: EngineConfiguration(worker: "w1"),
            failStop: { Issue.record("\($0)") }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run() }
            do {
                try await body(World(engine: engine, registry: registry, recorder: recorder, tape: tape))
            } catch {
                await engine.stop(grace: .zero)
                throw error
            }
            await engine.stop(grace: .zero)
        }
    }

    private static let pair = """
        workflow: pair
        nodes:
          - {id: a, type: tool, config: {tool: noop}, retry: {max_attempts: 3, delay: 1ms}}
          - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
        """

    private static let flaky: @Sendable (Assignment) -> AttemptOutcome = { assignment in
        let error = TaskError(code: "net.lost", errorClass: .transient, message: "a secret")
        return assignment.node.id == "a" && assignment.attempt == 1 ? .failed(error) : .completed(["n": 1])
    }

    @Test func `what ended is counted by how it ended`() async throws {
        try await withEngine { world in
            let run = try await world.start(Self.pair)
            _ = try await world.engine.wait(for: run)
            let metrics = await world.metrics()
            let expected: [(String, Double)] = [
                (#"runs_total{status="completed"}"#, 1), (#"tasks_total{kind="tool",status="completed"}"#, 2),
                (#"task_attempts_total{class="succeeded"}"#, 2), (#"task_attempts_total{class="transient"}"#, 1),
                ("task_run_seconds_count", 3), ("task_queue_seconds_count", 3), ("run_duration_seconds_count", 1),
                ("ready_oldest_seconds", 0), ("stuck_runs", 0), ("cache_hits_total", 0), ("leases_expired_total", 0),
                ("unobserved_commits_total", 0),
            ]
            for (name, value) in expected { #expect(metrics[name] == value, "\(name): \(metrics)") }
            #expect((metrics["commit_seconds_count"] ?? 0) >= 3 && (metrics["commit_batch_size_sum"] ?? 0) >= 8)
            #expect(!metrics.keys.contains { $0.hasPrefix("runs_open") }, "\(metrics)")
        }
    }

    @Test func `what is open is known, also after a restart`() async throws {
        let store = MemoryRunStore()
        let yaml = """
            workflow: ask
            nodes: [{id: q, type: human, config: {kind: approval, title: "Go?", message: "?"}}]
            """
        let expected: [(String, Double)] = [
            (#"runs_open{state="waiting",reason="human"}"#, 2), (#"human_tasks_open{kind="approval"}"#, 2),
        ]
        var runs: [RunID] = []
        try await withEngine(store) { world in
            for _ in 0..<2 { runs.append(try await world.start(yaml)) }
            let metrics = await world.metrics()
            for (name, value) in expected { #expect(metrics[name] == value, "\(name): \(metrics)") }
            #expect(metrics["human_task_age_seconds"].map { $0 >= 0 && $0 < 60 } == true)
        }
        try await withEngine(store) { world in
            _ = try await world.engine.adopt(nil)
            // The recorder reads the store on a thread of its own, before it counts a commit.
            _ = try await world.engine.pause(runs[0], reason: nil, by: "user:a")
            let metrics = await world.metrics()
            #expect(metrics[#"runs_open{state="waiting",reason="human"}"#] == 1, "\(metrics)")
            #expect(metrics[#"runs_open{state="paused",reason=""}"#] == 1, "\(metrics)")
            #expect(metrics[#"human_tasks_open{kind="approval"}"#] == 2, "\(metrics)")
            _ = try await world.engine.cancel(runs[1], reason: nil, by: "user:a")
            let later = await world.metrics()
            #expect(later[#"runs_total{status="cancelled"}"#] == 1, "\(later)")
            #expect(later[#"human_tasks_open{kind="approval"}"#] == 1, "\(later)")
        }
    }

    @Test func `budgets show what of them is used`() async throws {
        try await withEngine { world in
            let limit = BudgetLimit(money: Money(text: "2"))
            try await world.engine.setBudget(BudgetScope(.project, "default"), limit, by: "user:a")
            let metrics = await world.metrics()
            #expect(metrics[#"budget_used_ratio{scope="project:default"}"#] == 0, "\(metrics)")
        }
    }

    @Test func `a run is a trace with a span for each attempt`() async throws {
        try await withEngine { world in
            let run = try await world.start(Self.pair)
            let row = try await world.engine.wait(for: run)
            var tracer = RunSpans()
            await world.recorder.flush()
            let spans = world.tape.commits.withLock { $0 }.flatMap { tracer.take($0) }
            #expect(spans.map(\.name) == ["task a", "task a", "task b", "run pair"])
            #expect(spans.allSatisfy { $0.trace == Span.Trace(high: run.high, low: run.low) })
            #expect(Set(spans.map(\.id)).count == 4 && !spans.contains { $0.id == 0 })
            #expect(spans.dropLast().allSatisfy { $0.parent == spans[3].id } && spans[3].parent == nil)
            #expect(spans[0].status == .failed("net.lost") && spans[1].status == .good && spans[3].status == .good)
            #expect(spans[0].attributes["baton.attempt"] == 1 && spans[1].attributes["baton.attempt"] == 2)
            #expect(spans[0].attributes["baton.outcome"] == "transient")
            #expect(spans[3].start == row.createdAt && spans[3].end == row.endedAt)
            #expect(spans[0].id == RunSpans.attemptID(run, TaskRef(node: 0), attempt: 1))
            #expect(tracer.openCount == 0)
            // Contents stay where they are.
            #expect(!spans.contains { "\($0)".contains("secret") })
        }
    }
}
