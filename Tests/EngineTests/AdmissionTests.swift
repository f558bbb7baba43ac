// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing
import Threads

@testable import Engine

/// Keys and caps that runs and tasks share (spec 3.2).
@Suite struct AdmissionTests {
    private static func keyed(_ full: String) -> String {
        """
        workflow: order
        inputs: {id: {type: string, default: a}}
        concurrency: {key: "${ inputs.id }", max: 1, when_full: \(full)}
        nodes: [{id: work, type: tool, config: {tool: noop}}]
        """
    }

    private static func status(_ run: RunID, _ harness: EngineHarness) throws -> RunStatus? {
        try harness.store.run(run)?.status
    }

    @Test func `a run with a taken key waits its turn, says so, and begins when the other ends`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(hang) { engine in
            let yaml = Self.keyed("queue")
            let first = try await harness.start(yaml, on: engine, inputs: ["id": "a"])
            let second = try await harness.start(yaml, on: engine, inputs: ["id": "a"])
            let other = try await harness.start(yaml, on: engine, inputs: ["id": "b"])
            #expect(try Self.status(second, harness) == .queued)
            #expect(try Self.status(other, harness) == .running)
            let state = try harness.state(of: second, engine)
            #expect(state.waitCause(of: TaskRef(node: 0)) == .admission(key: "order/a", maximum: 1))
            _ = try await engine.pause(second, reason: nil, by: "user:a")
            _ = try await engine.resume(second, by: "user:a")
            #expect(try Self.status(second, harness) == .queued)
            _ = try await engine.cancel(first, reason: nil, by: "user:a")
            #expect(try Self.status(second, harness) == .running)
        }
    }

    @Test func `a taken key refuses, cancels the oldest, or cancels the newest`() async throws {
        for (rule, expected) in [
            ("cancel_oldest", RunStatus.cancelled), ("cancel_newest", .running), ("reject", .running),
        ] {
            let harness = EngineHarness()
            try await harness.withEngine(hang) { engine in
                let yaml = Self.keyed(rule)
                let first = try await harness.start(yaml, on: engine, inputs: ["id": "a"])
                if rule == "reject" {
                    await #expect {
                        try await harness.start(yaml, on: engine, inputs: ["id": "a"])
                    } throws: { ($0 as? EngineError)?.code == .conflict }
                } else {
                    let second = try await harness.start(yaml, on: engine, inputs: ["id": "a"])
                    #expect(try Self.status(second, harness) == (rule == "cancel_oldest" ? .running : .cancelled))
                }
                #expect(try Self.status(first, harness) == expected, "\(rule)")
            }
        }
    }

    @Test func `keys are held across a restart`() async throws {
        let harness = EngineHarness()
        let yaml = Self.keyed("queue")
        let (first, second) = try await harness.withEngine(hang) { engine in
            (
                try await harness.start(yaml, on: engine, inputs: ["id": "a"]),
                try await harness.start(yaml, on: engine, inputs: ["id": "a"])
            )
        }
        try await harness.withEngine(worker: "w2", hang) { engine in
            _ = try await engine.adopt(nil)
            let third = try await harness.start(yaml, on: engine, inputs: ["id": "a"])
            #expect(try Self.status(third, harness) == .queued)
            #expect(try Self.status(second, harness) == .queued)
            _ = try await engine.cancel(first, reason: nil, by: "user:a")
            #expect(try Self.status(second, harness) == .running)
            #expect(try Self.status(third, harness) == .queued)
        }
    }

    @Test func `tasks of all runs share the key of their node, and a cancelled one passes it on`() async throws {
        let harness = EngineHarness()
        let yaml = """
            workflow: w
            nodes: [{id: work, type: tool, concurrency: {key: printer, max: 1}, config: {tool: noop}}]
            """
        try await harness.withEngine(hang) { engine in
            let first = try await harness.start(yaml, on: engine)
            let second = try await harness.start(yaml, on: engine)
            let third = try await harness.start(yaml, on: engine)
            #expect(try harness.state(of: second, engine).root.tasks[0].status == .ready)
            let cause = try harness.state(of: second, engine).waitCause(of: TaskRef(node: 0))
            #expect(cause == .permit(LimitKey(.node, "printer"), maximum: 1))
            _ = try await engine.cancel(second, reason: nil, by: "user:a")
            _ = try await engine.cancel(first, reason: nil, by: "user:a")
            #expect(try harness.state(of: third, engine).root.tasks[0].status == .running)
        }
    }

    @Test func `a cap on a tool and on a project holds`() async throws {
        var harness = EngineHarness()
        harness.projectLimit = 3
        harness.toolLimits = ["noop": 2]
        let nodes = (0..<5).map { "{id: t\($0), type: tool, config: {tool: noop}}" }.joined(separator: ", ")
        try await harness.withEngine(hang) { engine in
            let run = try await harness.start("workflow: w\nnodes: [\(nodes)]", on: engine)
            let state = try harness.state(of: run, engine)
            #expect(state.root.tasks.count { $0.status == .running } == 2)
        }
    }

    @Test func `what has waited longest in a lower class gives way to a higher one`() async throws {
        let harness = EngineHarness()
        let release = Mutex2(false)
        let order = Mutex2<[String]>([])
        let execute: Execute = { assignment, cancellation in
            if assignment.node.id == "gate" {
                while !release.withLock({ $0 }), !cancellation.isCancelled { await Task.yield() }
            }
            order.withLock { $0.append(assignment.node.id) }
            return .completed(.null)
        }
        try await harness.withEngine(slots: 1, execute) { engine in
            func one(_ id: String, _ priority: Int?) async throws -> RunID {
                let yaml = "workflow: w\nnodes: [{id: \(id), type: tool, config: {tool: noop}}]"
                var request = StartRequest(
                    graph: try compile(yaml),
                    source: [],
                    inputs: [:],
                    actor: "user:test"
                )
                request.priority = priority
                return try await engine.start(request).id
            }
            _ = try await one("gate", nil)
            let runs = [try await one("bulk", 900), try await one("urgent", 5), try await one("usual", nil)]
            release.withLock { $0 = true }
            for run in runs { _ = try await engine.wait(for: run) }
        }
        #expect(order.withLock { $0 } == ["gate", "urgent", "bulk", "usual"])
    }
}
