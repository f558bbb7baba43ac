// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Retry, rerun and fork through the loop: what is durable, what is read back, what a process finds after another one.
@Suite(.timeLimit(.minutes(5))) struct DerivedRunTests {
    private static let chain = """
        workflow: chain
        inputs: {text: {type: string}}
        outputs: {text: "${ nodes.c.output.text }"}
        nodes:
          - {id: a, type: tool, config: {tool: noop, args: {text: "${ inputs.text }a"}}}
          - {id: b, type: tool, config: {tool: noop, args: {text: "${ nodes.a.output.text }b"}}, depends_on: [a]}
          - {id: c, type: tool, config: {tool: noop, args: {text: "${ nodes.b.output.text }c"}}, depends_on: [b]}
        """

    /// Fails at `node` while the switch is on.
    private func failing(_ node: String, _ isBroken: Mutex2<Bool>) -> Execute {
        { assignment, control in
            guard assignment.node.id == node, isBroken.withLock({ $0 }) else { return await echo(assignment, control) }
            return .failed(TaskError(code: "tool.failed", errorClass: .permanent, message: "broken"))
        }
    }

    private func events(_ harness: EngineHarness, _ run: RunID) throws -> [(Int64, Event)] {
        let key = try #require(try harness.store.run(run)).key
        var events: [(Int64, Event)] = []
        try RunReader(store: harness.store, blobs: harness.blobs).forEachEvent(ofRun: key) { number, _, event, _ in
            events.append((number, event))
        }
        return events
    }

    @Test func `a failed run is reopened and goes on, also in another process`() async throws {
        let harness = EngineHarness()
        let isBroken = Mutex2(true)
        let run = try await harness.withEngine(failing("b", isBroken)) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            #expect(try await engine.wait(for: run).status == .failed)
            isBroken.withLock { $0 = false }
            _ = try await engine.retry(run, by: "user:a")
            let row = try await engine.wait(for: run)
            #expect(row.status == .completed && row.error == nil)
            #expect(try harness.state(of: run, engine).outputs?.value == ["text": "xabc"])
            isBroken.withLock { $0 = true }
            let other = try await harness.start(Self.chain, on: engine, inputs: ["text": "y"])
            _ = try await engine.wait(for: other)
            return other
        }
        // Told by a process that drives nothing, driven by another one.
        try await harness.withEngine(slots: 0, worker: "w2", echo) { engine in
            _ = try await engine.retry(run, tasks: [TaskName(node: "b")], by: "user:a")
            #expect(try harness.store.run(run)?.status == .running)
        }
        try await harness.withEngine(worker: "w3", echo) { engine in
            let adopted = try await engine.adopt(nil)
            #expect(adopted == [run])
            #expect(try await engine.wait(for: run).status == .completed)
        }
        #expect(try harness.store.openTasks(ofRun: nil).isEmpty)
    }

    @Test func `a fork shares the log of its origin, and is read as one`() async throws {
        let harness = EngineHarness()
        let keys = Mutex2<[String]>([])
        let (run, fork, second) = try await harness.withEngine({ assignment, control in
            keys.withLock { $0.append(assignment.idempotencyKey) }
            return await echo(assignment, control)
        }) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            _ = try await engine.wait(for: run)
            let moment = try #require(try events(harness, run).first { $0.1.body.type == .taskCompleted }).0
            var request = DeriveRequest(run, .fork(at: moment), actor: "user:a")
            request.outputs = ["a": ["text": "other"]]
            let fork = try await engine.derive(request).id
            #expect(try await engine.wait(for: fork).status == .completed)
            #expect(try harness.state(of: fork, engine).outputs?.value == ["text": "otherbc"])
            var again = DeriveRequest(fork, .fork(at: moment + 5), actor: "user:a")
            again.inputs = ["text": "z"]
            let second = try await engine.derive(again).id
            #expect(try await engine.wait(for: second).status == .completed)
            return (run, fork, second)
        }
        #expect(keys.withLock { $0 }.filter { $0.contains("\(fork)") } == ["\(fork)/b", "\(fork)/c"])
        let reader = RunReader(store: harness.store, blobs: harness.blobs)
        let origin = try events(harness, run)
        let all = try events(harness, fork)
        #expect(all.map(\.0) == Array(1...Int64(all.count)))
        let shared = try #require(all.firstIndex { $0.1.body.type == .runForked })
        #expect(all[..<shared].map(\.1) == origin[..<shared].map(\.1))
        let key = try #require(try harness.store.run(fork)).key
        let own = try harness.store.records(ofRun: key, after: 0, limit: 100)
        #expect(own.first?.record.firstSequence == 1)
        let before = try reader.state(ofRun: key, at: Int64(shared))
        #expect(before.id == run)
        #expect(try reader.state(ofRun: key, at: Int64(shared + 1)).id == fork)
        let derivation = try reader.state(ofRun: key).derivation
        #expect(derivation == Derivation(kind: .fork, origin: run, sequence: Int64(shared)))
        // A fork of a fork reads through both.
        let last = try #require(try harness.store.run(second)).key
        #expect(try reader.segments(ofRun: last).map(\.run) == [run, fork, second])
        #expect(try events(harness, second).map(\.0) == Array(1...Int64(events(harness, second).count)))
        #expect(try reader.state(ofRun: last).inputs.value == ["text": "z"])
        let originKey = try #require(try harness.store.run(run)).key
        #expect(try harness.store.pins(onRun: originKey).map(\.runKey) == [key])
    }

    @Test func `what a fork takes over survives a process, with its timers, requests and attempts`() async throws {
        let yaml = """
            workflow: waits
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: ask, type: human, config: {message: Go?}}
              - {id: rest, type: wait, config: {for: 10m}}
              - {id: b, type: tool, depends_on: [ask, rest], config: {tool: noop}}
            """
        let harness = EngineHarness()
        let (run, fork) = try await harness.withEngine(hang) { engine in
            let run = try await harness.start(yaml, on: engine)
            let fork = try await engine.derive(DeriveRequest(run, .fork(at: nil), actor: "user:a")).id
            _ = try await engine.cancel(run, reason: nil, by: "user:a")
            return (run, fork)
        }
        let key = try #require(try harness.store.run(fork)).key
        #expect(
            try harness.store.timers(ofRun: key).map(\.kind).sorted { $0.rawValue < $1.rawValue } == [
                .humanExpiry, .humanReminder, .wait,
            ]
        )
        let requests = try harness.store.humanTasks(.pending())
        #expect(requests.map(\.run) == [fork], "the one of the origin was cancelled with it")
        try await harness.withEngine(worker: "w2", echo) { engine in
            #expect(try await engine.adopt(nil) == [fork])
            _ = try await engine.decide(requests[0].id, approve: true, comment: nil, by: "user:a")
            // An attempt still in flight would take longer than it may when the clock is moved.
            _ = try await harness.wait(for: fork, on: engine) { $0.status == .waiting }
            harness.clock.advance(.seconds(601))
            engine.wake()
            #expect(try await engine.wait(for: fork).status == .completed)
        }
        #expect(try harness.store.openTasks(ofRun: nil).isEmpty && harness.store.timers(ofRun: nil).isEmpty)
        #expect(try harness.store.run(run)?.status == .cancelled)
    }

    @Test func `a rerun is a run of its own, or the same in place`() async throws {
        let harness = EngineHarness()
        let isBroken = Mutex2(true)
        let keys = Mutex2<[String]>([])
        try await harness.withEngine({ assignment, control in
            keys.withLock { $0.append(assignment.idempotencyKey) }
            return await failing("c", isBroken)(assignment, control)
        }) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            _ = try await engine.wait(for: run)
            isBroken.withLock { $0 = false }
            let rerun = try await engine.derive(DeriveRequest(run, .rerun(from: "b"), actor: "user:a")).id
            #expect(try await engine.wait(for: rerun).status == .completed)
            #expect(try harness.state(of: rerun, engine).root.tasks.map(\.isReused) == [true, false, false])
            #expect(try harness.store.run(run)?.status == .failed)
            _ = try await engine.rerunInPlace(run, from: "b", by: "user:a")
            #expect(try await engine.wait(for: run).status == .completed)
            let expected = ["a", "b", "c"].map { "\(run)/\($0)" } + ["b", "c"].map { "\(rerun)/\($0)" }
            #expect(keys.withLock { $0 } == expected + ["\(run)/b#2", "\(run)/c"])
            for (way, code) in [
                (DeriveRequest.Way.rerun(from: "nothing"), EngineError.Code.invalid), (.fork(at: 99), .notFound),
                (.fork(at: nil), .conflict),
            ] {
                await #expect { try await engine.derive(DeriveRequest(run, way, actor: "user:a")) } throws: {
                    ($0 as? EngineError)?.code == code
                }
            }
        }
    }

    @Test func `the same request again gives the same run, and inputs that do not fit are refused`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            _ = try await engine.wait(for: run)
            var request = DeriveRequest(run, .rerun(from: "b"), actor: "user:a")
            request.id = RunID(high: 7, low: 7)
            let first = try await engine.derive(request)
            _ = try await engine.wait(for: first.id)
            #expect(try await engine.derive(request).id == first.id)
            let count = try harness.store.lastRunKey()
            request.way = .rerun(from: "c")
            let cases: [(JSONObject, EngineError.Code)] = [
                ([:], .conflict), (["text": 7], .invalid), (["other": 1], .invalid),
            ]
            for (change, code) in cases {
                request.inputs = change
                if !change.isEmpty { request.id = nil }
                await #expect { try await engine.derive(request) } throws: { ($0 as? EngineError)?.code == code }
            }
            #expect(try harness.store.lastRunKey() == count)
        }
    }

    @Test func `a fork from the midst of a turn takes the whole turn`() async throws {
        let yaml = """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: x, type: transform, depends_on: [a], config: {expr: 1 + 1}}
              - {id: b, type: tool, depends_on: [x], config: {tool: noop}}
            """
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let run = try await harness.start(yaml, on: engine)
            _ = try await engine.wait(for: run)
            let all = try events(harness, run)
            let completed = try #require(all.first { $0.1.body.type == .taskCompleted }).0
            let started = try #require(all.last { $0.1.body.type == .taskStarted }).0
            #expect(started == completed + 2)
            let fork = try await engine.derive(DeriveRequest(run, .fork(at: completed), actor: "user:a")).id
            _ = try await engine.wait(for: fork)
            #expect(try harness.state(of: fork, engine).derivation?.sequence == started)
        }
    }

    @Test func `a fork may give nodes that had not ended another configuration, and is replayed with it`() async throws
    {
        let harness = EngineHarness()
        let isBroken = Mutex2(true)
        let fork = try await harness.withEngine(failing("b", isBroken)) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            _ = try await engine.wait(for: run)
            isBroken.withLock { $0 = false }
            let failed = try #require(try events(harness, run).first { $0.1.body.type == .taskFailed }).0
            // The event before the failure: `b` was in flight, `c` had not begun.
            var request = DeriveRequest(run, .fork(at: failed - 1), actor: "user:a")
            request.configuration = [
                "b": ["args": ["text": "${ nodes.a.output.text }-"]],
                "c": ["args": ["text": "${ nodes.b.output.text }!"]],
            ]
            let fork = try await engine.derive(request).id
            #expect(try await engine.wait(for: fork).status == .completed)
            let state = try harness.state(of: fork, engine)
            #expect(state.outputs?.value == ["text": "xa-!"])
            #expect(state.patches.all.map(\.status) == [.applied])
            #expect(state.patches.all.first?.change?.changed == ["b", "c"])
            #expect(try harness.state(of: run, engine).patches.all.isEmpty, "the origin is as it was")
            let refused: [(String, JSONObject, EngineError.Code)] = [
                ("a", ["args": ["text": "other"]], .conflict), ("nothing", [:], .invalid),
                ("b", ["tool": nil], .invalid),
                ("b", ["toool": "noop"], .invalid),
            ]
            for (node, config, code) in refused {
                request.configuration = [node: config]
                await #expect("\(node) \(config)") { try await engine.derive(request) } throws: {
                    ($0 as? EngineError)?.code == code
                }
            }
            return fork
        }
        try await harness.withEngine(worker: "w2", echo) { engine in
            let request = ReplayRequest(fork, .freeze, id: RunID(high: 8, low: 8), actor: "user:a")
            let replay = try await engine.replay(request).id
            #expect(try await engine.wait(for: replay).status == .completed)
            let key = try #require(try harness.store.run(replay)).key
            let reader = RunReader(store: harness.store, blobs: harness.blobs)
            #expect(try reader.replayReport(ofRun: key).isSame)
            #expect(try reader.state(ofRun: key).outputs?.value == ["text": "xa-!"])
        }
    }
}
