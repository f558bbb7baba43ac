// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing
import Threads

@testable import Engine

/// Cancelling with grace, and ending at once (spec 3.11).
@Suite struct TerminateTests {
    @Test func `terminate ends a run at once, undoes nothing and is told apart from cancel`() throws {
        let text = """
            workflow: w
            on_failure: compensate
            nodes:
              - {id: done, type: tool, config: {tool: noop}, compensate: {tool: noop}}
              - {id: a, type: tool, config: {tool: noop}, depends_on: [done]}
              - {id: nap, type: wait, config: {for: 1h}}
              - {id: ask, type: human, config: {message: m}}
              - {id: child, type: workflow, config: {workflow: {workflow: c, nodes: [{id: x, type: tool, config: {tool: noop}}]}}}
              - {id: other, type: workflow, config: {on_parent_close: abandon, workflow: {workflow: c, nodes: [{id: x, type: tool, config: {tool: noop}}]}}}
            """
        for isKilled in [true, false] {
            var run = try RunDriver(text)
            try run.complete("done")
            try run.send(isKilled ? .terminate(reason: "hangs") : .cancel(reason: "hangs"), by: "user:a")
            #expect(run.state.status == .cancelled)
            #expect(run.stopped == ["a"] && run.killed == (isKilled ? ["a"] : []))
            #expect(run.terminatedChildren.count == (isKilled ? 1 : 0))
            #expect(run.cancelledChildren.count == (isKilled ? 0 : 1))
            #expect(run.timers.isEmpty)
            #expect(run.events.last?.body == .runCancelled(reason: "hangs", isTerminated: isKilled))
            #expect(throws: Refusal.self) { try run.send(.terminate(reason: nil), by: "user:a") }
            #expect(run.state.compensations.all.map(\.status) == [.pending])
            // It can be undone later, and done again.
            try run.send(.rollBack(to: nil), by: "user:a")
            #expect(run.state.status == .compensating)
        }
    }

    @Test func `terminate ends a rollback where it is, and paused and queued runs`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}, compensate: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}, compensate: {tool: noop}, depends_on: [a]}
            """
        )
        try run.complete("a")
        try run.complete("b")
        try run.send(.rollBack(to: nil), by: "user:a")
        #expect(run.running.count == 1)
        #expect(throws: Refusal.self) { try run.send(.cancel(reason: nil), by: "user:a") }
        try run.send(.terminate(reason: "enough"), by: "user:a")
        #expect(run.state.status == .compensationFailed && run.state.outcome == .completed)
        #expect(run.killed.count == 1)
        #expect(run.state.compensations.all.allSatisfy { $0.status != .running && $0.status != .completed })
        var paused = try RunDriver("workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        try paused.send(.pause(reason: nil), by: "user:a")
        try paused.send(.terminate(reason: nil), by: "user:a")
        #expect(paused.state.status == .cancelled)
    }

    @Test func `attempts learn how long they may take to stop`() async throws {
        for isKilled in [true, false] {
            let harness = EngineHarness()
            let graces = Mutex2<[Duration?]>([])
            let (began, begin) = AsyncStream<Void>.makeStream()
            let execute: Execute = { assignment, control in
                begin.finish()
                let outcome = await hang(assignment, control)
                graces.withLock { $0.append(control.grace) }
                return outcome
            }
            try await harness.withEngine(execute) { engine in
                let run = try await harness.start(
                    "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]",
                    on: engine
                )
                for await _ in began {}
                if isKilled {
                    _ = try await engine.terminate(run, reason: nil, by: "user:a")
                } else {
                    _ = try await engine.cancel(run, reason: nil, by: "user:a")
                }
                while graces.withLock({ $0.isEmpty }) { await Task.yield() }
                #expect(try harness.state(of: run, engine).status == .cancelled)
            }
            #expect(graces.withLock { $0 } == [isKilled ? .zero : .seconds(10)])
        }
    }

    @Test func `a terminated run ends its children in the same commit, a cancelled one cancels them`() throws {
        let text = """
            workflow: w
            nodes: [{id: c, type: workflow, config: {workflow: {workflow: inner, nodes: [{id: x, type: tool, config: {tool: noop}}]}}}]
            """
        for isKilled in [true, false] {
            let world = OperationsWorld()
            let run = try world.start(text)
            _ = world.turn()
            let child = try #require(try world.state(of: run).children.first)
            let order: Command = isKilled ? .terminate(reason: nil) : .cancel(reason: nil)
            try world.ask { $0.control(run, order, by: "user:a", $1) }
            #expect(try world.state(of: child).status == .cancelled && world.stopped == ["x"])
            let events = try world.events(of: child)
            #expect(events.last?.body == .runCancelled(reason: "the run that started it ended", isTerminated: isKilled))
        }
    }
}
