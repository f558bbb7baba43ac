// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Outputs that are used again (spec 6.9).
@Suite(.timeLimit(.minutes(5))) struct CacheTests {
    private static func workflow(_ name: String, _ cache: String, n: Int = 1) -> String {
        """
        workflow: \(name)
        inputs: {n: {type: integer, default: \(n)}}
        outputs: {n: "${ nodes.b.output.n }"}
        nodes:
          - {id: a, type: tool, config: {tool: noop, args: {n: "${ inputs.n }"}}, cache: \(cache)}
          - {id: b, type: tool, depends_on: [a], config: {tool: noop, args: {n: "${ nodes.a.output.n }"}}}
        """
    }

    /// Names of the nodes that were executed, for each run.
    private func runs(
        _ harness: EngineHarness,
        _ engine: DurableEngine,
        _ calls: Mutex2<[String]>,
        _ yaml: String,
        _ n: Int
    ) async throws -> [String] {
        calls.withLock { $0 = [] }
        let run = try await harness.start(yaml, on: engine, inputs: ["n": .int(Int64(n))])
        #expect(try await engine.wait(for: run).status == .completed)
        #expect(try harness.state(of: run, engine).outputs?.value == ["n": .int(Int64(n))])
        return calls.withLock { $0 }
    }

    private func counting(_ calls: Mutex2<[String]>) -> Execute {
        { assignment, control in
            calls.withLock { $0.append(assignment.node.id) }
            return await echo(assignment, control)
        }
    }

    @Test func `the same call gives its output without an attempt, within its scope and its time`() async throws {
        let harness = EngineHarness()
        let calls = Mutex2<[String]>([])
        try await harness.withEngine(counting(calls)) { engine in
            func called(_ name: String, _ cache: String, _ n: Int) async throws -> [String] {
                try await runs(harness, engine, calls, Self.workflow(name, cache), n)
            }
            let project = "{ttl: 1h}"
            #expect(try await called("one", project, 1) == ["a", "b"])
            #expect(try await called("one", project, 1) == ["b"])
            #expect(try await called("two", project, 1) == ["b"], "a project is shared by its workflows")
            #expect(try await called("one", project, 2) == ["a", "b"], "other arguments")
            #expect(try await called("one", "{ttl: 1h, scope: workflow}", 1) == ["a", "b"])
            #expect(try await called("one", "{ttl: 1h, scope: workflow}", 1) == ["b"])
            #expect(try await called("two", "{ttl: 1h, scope: workflow}", 1) == ["a", "b"])
            for _ in 1...2 { #expect(try await called("one", "{ttl: 1h, scope: run}", 1) == ["a", "b"]) }
            let totals = try harness.store.cacheTotals()
            #expect(totals.entries == 6 && totals.hits == 3)
            harness.clock.advance(.seconds(3601))
            #expect(try await called("one", project, 1) == ["a", "b"], "its time is over")
        }
    }

    @Test func `a hit is told by an event with its origin, and has no attempt`() async throws {
        let harness = EngineHarness()
        let calls = Mutex2<[String]>([])
        try await harness.withEngine(counting(calls)) { engine in
            let yaml = Self.workflow("w", "{ttl: 1h}")
            let first = try await harness.start(yaml, on: engine, inputs: ["n": 1])
            _ = try await engine.wait(for: first)
            let second = try await harness.start(yaml, on: engine, inputs: ["n": 1])
            _ = try await engine.wait(for: second)
            let task = try harness.state(of: second, engine).root.tasks[0]
            #expect(task.status == .completed && task.attempts == 0 && task.cachedFrom == first)
            let row = try #require(try harness.store.run(second))
            var types: [EventType] = []
            try engine.reader.forEachEvent(ofRun: row.key) { _, _, event, graph in
                if event.task.map({ graph.nodes[$0.node].id }) == "a" { types.append(event.body.type) }
            }
            #expect(types == [.taskCached, .taskCompleted])
            let replay = RunID(high: 4, low: 4)
            _ = try await engine.replay(ReplayRequest(second, .freeze, id: replay, actor: "user:a"))
            let report = try engine.reader.replayReport(ofRun: try #require(try harness.store.run(replay)).key)
            #expect(report.isSame, "\(report.json.text)")
        }
    }

    @Test func `failures are not kept, large outputs are, and the code behind a call is part of its key`() async throws
    {
        var harness = EngineHarness()
        let fails = Mutex2(true)
        let count = Mutex2(0)
        let text = JSONValue.string(String(repeating: "x", count: 9000))
        let yaml = "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, cache: {ttl: 1h}}]"
        let execute: Execute = { _, _ in
            count.withLock { $0 += 1 }
            let error = TaskError(code: "tool.failed", errorClass: .permanent, message: "no")
            return fails.withLock { $0 } ? .failed(error) : .completed(text)
        }
        for version in ["1", "2"] {
            harness.version = version
            try await harness.withEngine(execute) { engine in
                func run() async throws -> RunStatus {
                    try await engine.wait(for: try await harness.start(yaml, on: engine)).status
                }
                var statuses: [RunStatus] = []
                if version == "1" { statuses.append(try await run()) }
                fails.withLock { $0 = false }
                for _ in 1...3 { statuses.append(try await run()) }
                #expect(statuses == (version == "1" ? [.failed] : []) + [.completed, .completed, .completed])
            }
        }
        #expect(count.withLock { $0 } == 3)
    }

    @Test func `entries go by what is asked for, and when there is too much`() async throws {
        var harness = EngineHarness()
        harness.cacheLimit = 2000
        let calls = Mutex2<[String]>([])
        try await harness.withEngine(counting(calls)) { engine in
            for n in 1...4 {
                _ = try await runs(harness, engine, calls, Self.workflow("w\(n)", "{ttl: 1h, scope: workflow}"), n)
            }
            var selection = CacheSelection()
            selection.workflow = "w2"
            #expect(try await engine.invalidateCache(selection) == 1)
            #expect(try harness.store.cacheTotals().entries == 3)
            selection = CacheSelection()
            selection.key = try #require(try harness.store.cache(CacheFilter()).first).key.hash.prefix(12).description
            #expect(try await engine.invalidateCache(selection) == 1)
            #expect(try await engine.invalidateCache(CacheSelection()) == 2)
            for n in 1...200 {
                harness.clock.advance(.milliseconds(1))
                _ = try await runs(harness, engine, calls, Self.workflow("w", "{ttl: 1h}"), n)
            }
            #expect(try harness.store.cacheTotals().bytes <= 2200)
            #expect(try await runs(harness, engine, calls, Self.workflow("w", "{ttl: 1h}"), 200) == ["b"])
            #expect(try await runs(harness, engine, calls, Self.workflow("w", "{ttl: 1h}"), 1) == ["a", "b"])
        }
    }
}
