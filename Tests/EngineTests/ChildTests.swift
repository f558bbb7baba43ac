// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Child runs (spec 3.6 `workflow`).
@Suite struct ChildTests {
    private static func parent(_ rest: String = "") -> String {
        """
        workflow: parent
        outputs: {answer: "${ nodes.ask.output }"}
        nodes:
          - {id: ask, type: workflow\(rest), config: {workflow: {workflow: child, inputs: {n: {type: integer}},
             outputs: {twice: "${ nodes.work.output.n }"},
             nodes: [{id: work, type: tool, config: {tool: noop, args: {n: "${ inputs.n }"}}}]}, inputs: {n: 21}}}
        """
    }

    @Test func `a child's outputs are the task's output, and both ends are one commit`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let id = try await harness.start(Self.parent(), on: engine)
            let row = try await engine.wait(for: id)
            #expect(row.status == .completed)
            let state = try harness.state(of: id, engine)
            #expect(state.outputs?.value == ["answer": ["twice": 21]])
            let child = try #require(state.root.tasks[0].child)
            let childState = try harness.state(of: child, engine)
            #expect(childState.parent == ParentRun(run: id, task: TaskRef(node: 0), depth: 1))
            let ends = try [id, child].map { run in
                let key = try #require(try harness.store.run(run)).key
                return try #require(try harness.store.records(ofRun: key, after: 0, limit: 100).last).record.at
            }
            #expect(ends[0] == ends[1])
        }
    }

    @Test func `a child that fails or is cancelled fails the task`() async throws {
        let harness = EngineHarness()
        let fails: Execute = { _, _ in
            .failed(TaskError(code: "tool.failed", errorClass: .permanent, message: "no"))
        }
        try await harness.withEngine(fails) { engine in
            let id = try await harness.start(Self.parent(), on: engine)
            let row = try await engine.wait(for: id)
            #expect(row.status == .failed)
            let error = try harness.state(of: id, engine).root.tasks[0].error
            #expect(error?.code == "child.failed")
            #expect(error?.message.contains("failed: tool.failed") == true)
        }
        let cancelled = EngineHarness()
        try await cancelled.withEngine(hang) { engine in
            let id = try await cancelled.start(Self.parent(), on: engine)
            let child = try #require(try cancelled.state(of: id, engine).root.tasks[0].child)
            _ = try await engine.cancel(child, reason: nil, by: "user:a")
            #expect(try await engine.wait(for: id).status == .failed)
        }
    }

    @Test func `cancelling the parent cancels the child unless it may stay`() async throws {
        for (rule, expected) in [("cancel", RunStatus.cancelled), ("abandon", .running)] {
            let harness = EngineHarness()
            try await harness.withEngine(hang) { engine in
                let yaml = Self.parent().replacing("inputs: {n: 21}", with: "inputs: {n: 21}, on_parent_close: \(rule)")
                let id = try await harness.start(yaml, on: engine)
                let child = try #require(try harness.state(of: id, engine).root.tasks[0].child)
                _ = try await engine.cancel(id, reason: nil, by: "user:a")
                #expect(try harness.state(of: child, engine).status == expected, "\(rule)")
            }
        }
    }

    @Test func `inputs that do not fit, and a workflow nobody published, fail the task`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let wrong = Self.parent().replacing("inputs: {n: 21}}", with: "inputs: {n: \"${ run.name }\"}}")
            let id = try await harness.start(wrong, on: engine)
            #expect(try await engine.wait(for: id).status == .failed)
            #expect(try harness.state(of: id, engine).root.tasks[0].error?.message.contains("/n") == true)
        }
    }

    @Test func `a detached child goes on by itself and may hold its parent open`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(hang) { engine in
            let text = Self.parent().replacing("outputs: {answer: \"${ nodes.ask.output }\"}\n", with: "")
            let free = text.replacing(
                "inputs: {n: 21}",
                with: "inputs: {n: 21}, detach: true, on_parent_close: abandon"
            )
            let id = try await harness.start(free, on: engine)
            #expect(try await engine.wait(for: id).status == .completed)
            let held = text.replacing("inputs: {n: 21}", with: "inputs: {n: 21}, detach: true, on_parent_close: wait")
            let holder = try await harness.start(held, on: engine)
            let state = try harness.state(of: holder, engine)
            #expect(state.status == .waiting)
            #expect(state.waitReason == .external)
            let child = try #require(state.detached.keys.first)
            _ = try await engine.cancel(child, reason: nil, by: "user:a")
            #expect(try await engine.wait(for: holder).status == .completed)
        }
    }

    @Test func `children are taken over with their parents`() async throws {
        let harness = EngineHarness()
        let id = try await harness.withEngine(hang) { engine in
            try await harness.start(Self.parent(), on: engine)
        }
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(id)
            #expect(try await engine.wait(for: id).status == .completed)
        }
    }

    @Test func `a map may run a workflow for every item`() async throws {
        let harness = EngineHarness()
        let yaml = """
            workflow: parent
            outputs: {all: "${ nodes.each.output.results }"}
            nodes:
              - id: each
                type: map
                config:
                  items: [1, 2, 3]
                  max_parallel: 2
                  inputs: {n: "${ item * 2 }"}
                  workflow:
                    workflow: child
                    inputs: {n: {type: integer}}
                    outputs: {n: "${ nodes.work.output.n }"}
                    nodes: [{id: work, type: tool, config: {tool: noop, args: {n: "${ inputs.n }"}}}]
            """
        try await harness.withEngine(echo) { engine in
            let id = try await harness.start(yaml, on: engine)
            #expect(try await engine.wait(for: id).status == .completed)
            #expect(try harness.state(of: id, engine).outputs?.value["all"] == [["n": 2], ["n": 4], ["n": 6]])
        }
    }
}
