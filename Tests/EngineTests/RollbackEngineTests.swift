// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Rollbacks by the whole engine: what is stored, what a dead process leaves, what comes late.
@Suite(.timeLimit(.minutes(5))) struct RollbackEngineTests {
    private static func chain(_ policy: String, last: String = "tool: noop") -> String {
        """
        workflow: chain
        on_failure: \(policy)
        nodes:
          - {id: a, type: tool, config: {tool: noop, args: {text: a}}, compensate: {tool: noop, args: {it: "${ output }"}}}
          - {id: b, type: tool, config: {tool: noop, args: {text: b}}, compensate: {tool: noop, args: {it: "${ output }"}}, depends_on: [a]}
          - {id: last, type: tool, config: {\(last)}, depends_on: [b]}
        """
    }

    private static let refused = AttemptOutcome.failed(
        TaskError(code: "tool.failed", errorClass: .permanent, message: "no")
    )

    @Test func `a rollback goes on where a dead process left it`() async throws {
        let harness = EngineHarness()
        let done = Mutex2<[String]>([])
        let run = try await harness.withEngine({ assignment, control in
            switch assignment.node.id {
            case "last": return Self.refused
            case "compensate:a": return await hang(assignment, control)
            default:
                done.withLock { $0.append(assignment.idempotencyKey) }
                return await echo(assignment, control)
            }
        }) { engine in
            let run = try await harness.start(Self.chain("compensate"), on: engine)
            let key = try #require(try harness.store.run(run)).key
            _ = try await harness.wait(for: run, on: engine) { row in
                row.status == .compensating
                    && (try? harness.store.openTasks(ofRun: key).contains { $0.status == .running }) == true
                    && (try? harness.state(of: run, engine).status(of: "compensate:a")) == .running
            }
            #expect(try harness.store.run(run)?.outcome == .failed)
            harness.store.fail(harness.store.commits + 1, with: StoreError(.failed, "dead"))
            return run
        }
        try await harness.withEngine(
            worker: "w2",
            { assignment, control in
                done.withLock { $0.append(assignment.idempotencyKey) }
                return await echo(assignment, control)
            }
        ) { engine in
            #expect(try await engine.adopt(nil) == [run])
            let row = try await engine.wait(for: run)
            #expect(row.status == .compensated && row.outcome == .failed && row.endedAt != nil)
            let report = RollbackReport(try harness.state(of: run, engine))
            #expect(report.items.map(\.attempts) == [1, 2])
            #expect(try harness.store.openTasks(ofRun: nil).isEmpty && harness.store.timers(ofRun: nil).isEmpty)
        }
        #expect(done.withLock { $0 } == ["a", "b", "compensate:b", "compensate:a"].map { "\(run)/\($0)" })
    }

    @Test func `a run that ended is undone on request by whoever is asked`() async throws {
        let harness = EngineHarness()
        let run = try await harness.withEngine(echo) { engine in
            let run = try await harness.start(Self.chain("drain"), on: engine)
            #expect(try await engine.wait(for: run).status == .completed)
            return run
        }
        let seen = Mutex2<[JSONValue]>([])
        try await harness.withEngine(
            worker: "w2",
            { assignment, control in
                let outcome = await echo(assignment, control)
                if case .completed(let value, _, _) = outcome { seen.withLock { $0.append(value) } }
                return outcome
            }
        ) { engine in
            await #expect { try await engine.rollBack(run, to: "x", by: "user:a") } throws: {
                ($0 as? EngineError)?.code == .invalid
            }
            _ = try await engine.rollBack(run, by: "user:a")
            let row = try await engine.wait(for: run)
            #expect(row.status == .compensated && row.outcome == .completed)
            await #expect { try await engine.rollBack(run, by: "user:a") } throws: {
                ($0 as? EngineError)?.code == .conflict
            }
        }
        #expect(seen.withLock { $0 } == [["it": ["text": "b"]], ["it": ["text": "a"]]])
    }

    @Test func `an attempt that completes although it was told to stop is undone too`() async throws {
        let harness = EngineHarness()
        let undone = Mutex2<[String]>([])
        let hasBegun = Mutex2(false)
        try await harness.withEngine({ assignment, control in
            switch assignment.node.id {
            case "b":
                hasBegun.withLock { $0 = true }
                _ = await hang(assignment, control)
                return .completed("it happened")
            case let id where id.hasPrefix("compensate:"): undone.withLock { $0.append(id) }
            default: break
            }
            return await echo(assignment, control)
        }) { engine in
            let run = try await harness.start(Self.chain("drain"), on: engine)
            // An attempt that is stopped before it began does nothing that could be undone.
            while !hasBegun.withLock({ $0 }) { await Task.yield() }
            _ = try await engine.cancel(run, reason: nil, by: "user:a")
            let key = try #require(try harness.store.run(run)).key
            _ = try await harness.wait(for: run, on: engine) { _ in
                let records = (try? harness.store.records(ofRun: key, after: 0, limit: 100)) ?? []
                return records.contains {
                    String(decoding: $0.record.body, as: UTF8.self).contains("compensation.late")
                }
            }
            #expect(try harness.store.run(run)?.status == .cancelled)
            _ = try await engine.rollBack(run, by: "user:a")
            #expect(try await engine.wait(for: run).status == .compensated)
        }
        #expect(undone.withLock { $0 } == ["compensate:b", "compensate:a"])
    }

    @Test func `large arguments are stored beside the log`() async throws {
        let harness = EngineHarness()
        let large = JSONValue.string(String(repeating: "x", count: 10_000))
        let seen = Mutex2<[JSONValue]>([])
        try await harness.withEngine({ assignment, control in
            switch assignment.node.id {
            case "a", "b": return .completed(large)
            case "last": return Self.refused
            default:
                if case .tool(_, let template, _) = assignment.node.kind {
                    seen.withLock { $0.append(template.source) }
                }
                return .completed(.null)
            }
        }) { engine in
            let run = try await harness.start(Self.chain("compensate"), on: engine)
            #expect(try await engine.wait(for: run).status == .compensated)
            #expect(try harness.state(of: run, engine).compensations.all.count == 2)
        }
        #expect(seen.withLock { $0 } == [["it": large], ["it": large]])
    }
}

extension RunState {
    fileprivate func status(of name: String) -> TaskStatus? {
        allTasks.first { self.name(of: $0) == name }.map { self[$0].status }
    }
}
