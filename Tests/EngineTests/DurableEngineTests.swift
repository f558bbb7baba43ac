// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Glibc
import JSON
import Model
import Store
import Testing

@testable import Engine

/// The loop over a store: what is durable, what happens after a death, a full disk, a failed flush.
@Suite(.timeLimit(.minutes(5))) struct DurableEngineTests {
    private static let chain = """
        workflow: chain
        inputs: {text: {type: string}}
        outputs: {text: "${ nodes.b.output.text }"}
        nodes:
          - {id: a, type: tool, config: {tool: noop, args: {text: "${ inputs.text }!"}}}
          - {id: b, type: tool, config: {tool: noop, args: {text: "${ nodes.a.output.text }?"}}, depends_on: [a]}
        """

    @Test func `a run goes from start to outputs and leaves no rows behind`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "hi"])
            let row = try await harness.wait(for: run, on: engine)
            #expect(row.status == .completed)
            #expect(try harness.state(of: run, engine).outputs?.value == ["text": "hi!?"])
            #expect(try harness.store.openTasks(ofRun: nil).isEmpty)
            #expect(try harness.store.timers(ofRun: nil).isEmpty)
        }
    }

    @Test func `a dead process loses no run and repeats no completed task`() async throws {
        let harness = EngineHarness()
        let done = Mutex2<[String]>([])
        let run = try await harness.withEngine({ assignment, control in
            if assignment.node.id == "b" { return await hang(assignment, control) }
            done.withLock { $0.append(assignment.idempotencyKey) }
            return await echo(assignment, control)
        }) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            _ = try await harness.wait(for: run, on: engine) { $0.endedTasks == 1 }
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
            let row = try await harness.wait(for: run, on: engine)
            #expect(row.status == .completed)
            let state = try harness.state(of: run, engine)
            #expect(state.root.tasks.map(\.attempts) == [1, 2])
            #expect(state.root.tasks[1].lostAttempts == 1)
        }
        #expect(done.withLock { $0 } == ["\(run)/a", "\(run)/b"])
    }

    @Test func `a lease without heartbeat ends and the late result is refused`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine({ assignment, control in
            assignment.attempt == 1 ? await hang(assignment, control) : .completed(["n": 2])
        }) { engine in
            let yaml = "workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}, timeout: 1h}]"
            let run = try await harness.start(yaml, on: engine)
            harness.clock.advance(.seconds(31))
            engine.wake()
            let row = try await harness.wait(for: run, on: engine)
            #expect(row.status == .completed)
            let state = try harness.state(of: run, engine)
            #expect(state.root.tasks[0].fence == 2)
            #expect(state.root.tasks[0].lostAttempts == 1)
        }
    }

    @Test func `an attempt that takes too long is stopped and tried again after the back-off`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine({ assignment, control in
            assignment.attempt == 1 ? await hang(assignment, control) : .completed(1)
        }) { engine in
            let yaml = "workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}, timeout: 2s}]"
            let run = try await harness.start(yaml, on: engine)
            harness.clock.advance(.seconds(3))
            engine.wake()
            _ = try await harness.wait(for: run, on: engine) { $0.status == .waiting }
            harness.clock.advance(.seconds(3))
            engine.wake()
            let row = try await harness.wait(for: run, on: engine)
            #expect(row.status == .completed)
        }
    }

    @Test func `a decision is stored once; the same again is answered, another is refused`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let yaml = "workflow: ask\nnodes: [{id: ask, type: human, config: {message: Go?}}]"
            let run = try await harness.start(yaml, on: engine)
            let open = try harness.store.humanTasks(.pending())
            let id = try #require(open.first?.id)
            async let first = engine.decide(id, approve: true, comment: nil, by: "user:a")
            async let second = engine.decide(id, approve: true, comment: nil, by: "user:a")
            #expect(try await first == second)
            let row = try await harness.wait(for: run, on: engine)
            #expect(row.status == .completed)
            #expect(try await engine.decide(id, approve: true, comment: nil, by: "user:a").status == .approved)
            #expect(try harness.store.run(run)?.lastSequence == row.lastSequence)
            for (approve, actor) in [(false, "user:a"), (true, "user:b")] {
                await #expect { try await engine.decide(id, approve: approve, comment: "no", by: actor) } throws: {
                    ($0 as? EngineError)?.code == .humanTaskClosed
                }
            }
        }
    }

    @Test func `attempts that take no time are made on the engine's thread, and may suspend after all`() async throws {
        var harness = EngineHarness()
        harness.isImmediate = true
        let threads = Mutex2<[String]>([])
        try await harness.withEngine({ assignment, cancellation in
            threads.withLock { $0.append(threadName()) }
            if assignment.node.id == "b" { await Task.yield() }
            return await echo(assignment, cancellation)
        }) { engine in
            for _ in 1...3 {
                let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
                #expect(try await engine.wait(for: run).status == .completed)
            }
        }
        #expect(!threads.withLock(\.isEmpty))
        #expect(Set(threads.withLock { $0 }) == ["baton-engine"])
    }

    @Test func `nothing is answered or begun before it is durable`() async throws {
        let harness = EngineHarness()
        let early = Mutex2<[String]>([])
        try await harness.withEngine({ [store = harness.store] assignment, cancellation in
            let rows = try? store.run(assignment.run).map { try store.records(ofRun: $0.key, after: 0, limit: 100) }
            let log = (rows ?? []).map { String(decoding: $0.record.body, as: UTF8.self) }.joined()
            let start = "\"type\":\"task.started\",\"node\":\"\(assignment.node.id)\""
            if !log.contains(start) { early.withLock { $0.append(assignment.node.id) } }
            return await echo(assignment, cancellation)
        }) { engine in
            for _ in 1...20 {
                let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
                #expect(try harness.store.run(run) != nil)
                let row = try await engine.wait(for: run)
                #expect(try harness.store.run(run)?.status == row.status)
            }
        }
        #expect(early.withLock { $0 }.isEmpty)
    }

    @Test func `rows that lag behind catch up when the run rests`() async throws {
        var harness = EngineHarness()
        harness.rowLag = .seconds(5)
        let yaml =
            Self.chain + """

                  - {id: c, type: tool, config: {tool: noop}, depends_on: [b]}
                """
        try await harness.withEngine({ assignment, cancellation in
            assignment.node.id == "c" ? await hang(assignment, cancellation) : await echo(assignment, cancellation)
        }) { engine in
            let run = try await harness.start(yaml, on: engine, inputs: ["text": "x"])
            let key = try #require(try harness.store.run(run)).key
            while try harness.state(of: run, engine).root.tasks[2].status != .running { await Task.yield() }
            #expect(try harness.store.run(run)?.endedTasks == 0)
            harness.clock.advance(.seconds(6))
            engine.wake()
            _ = try await harness.wait(for: run, on: engine, withoutEvents: true) { $0.endedTasks == 2 }
            #expect(try harness.store.openTasks(ofRun: key).map(\.key.task) == [2])
            _ = try await engine.cancel(run, reason: nil, by: "user:a")
            #expect(try harness.store.openTasks(ofRun: key).isEmpty)
        }
    }

    @Test func `timers survive the process`() async throws {
        let harness = EngineHarness()
        let yaml = "workflow: wait\nnodes: [{id: w, type: wait, config: {for: 1h}}]"
        let run = try await harness.withEngine(echo) { engine in try await harness.start(yaml, on: engine) }
        harness.clock.advance(.seconds(3601))
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(run)
            #expect(try await harness.wait(for: run, on: engine).status == .completed)
        }
    }

    @Test func `a start with a known id gives the first answer, and other content is refused`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let id = RunID(high: 7, low: 7)
            let first = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"], id: id)
            _ = try await harness.wait(for: first, on: engine)
            #expect(try await harness.start(Self.chain, on: engine, inputs: ["text": "x"], id: id) == id)
            #expect(try harness.store.runs(RunFilter()).count == 1)
            await #expect { try await harness.start(Self.chain, on: engine, inputs: ["text": "y"], id: id) } throws: {
                ($0 as? EngineError)?.code == .conflict
            }
        }
    }

    @Test func `neither slots nor max_parallel are ever exceeded`() async throws {
        for (slots, limit, most) in [(3, 100, 3), (64, 2, 2)] {
            let harness = EngineHarness()
            let load = Mutex2((now: 0, peak: 0))
            let nodes = (0..<40).map { "  - {id: n\($0), type: tool, config: {tool: noop}}" }.joined(separator: "\n")
            try await harness.withEngine(
                slots: slots,
                { _, _ in
                    load.withLock { $0 = ($0.now + 1, max($0.peak, $0.now + 1)) }
                    await Task.yield()
                    load.withLock { $0.now -= 1 }
                    return .completed(.null)
                }
            ) { engine in
                let yaml = "workflow: wide\nlimits: {max_parallel: \(limit)}\nnodes:\n\(nodes)"
                let run = try await harness.start(yaml, on: engine)
                #expect(try await harness.wait(for: run, on: engine).status == .completed)
            }
            #expect(load.withLock { $0.peak } <= most)
        }
    }

    @Test func `a full disk refuses the start, and what runs goes on when there is room`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            harness.store.fail(1, with: StoreError(.full, "no room"))
            await #expect { try await harness.start(Self.chain, on: engine, inputs: ["text": "x"]) } throws: {
                ($0 as? EngineError)?.code == .storageFull
            }
            // The start is the second commit, the result of `a` the third.
            harness.store.fail(3, with: StoreError(.full, "no room"))
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            let moves = Task {
                while !Task.isCancelled {
                    harness.clock.advance(.milliseconds(20))
                    engine.wake()
                    await Task.yield()
                }
            }
            let row = try await harness.wait(for: run, on: engine)
            moves.cancel()
            #expect(row.status == .completed)
            #expect(try harness.state(of: run, engine).root.tasks.map(\.attempts) == [1, 1])
        }
        #expect(harness.stopReasons.withLock { $0 }.isEmpty)
    }

    @Test func `control of a run that ended or does not exist is refused`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            _ = try await harness.wait(for: run, on: engine)
            await #expect { try await engine.pause(run, reason: nil, by: "user:a") } throws: {
                ($0 as? EngineError)?.code == .conflict
            }
            await #expect { try await engine.cancel(RunID(high: 9, low: 9), reason: nil, by: "user:a") } throws: {
                ($0 as? EngineError)?.code == .notFound
            }
        }
    }

    @Test func `a subscriber that does not read is cut off and the run does not notice`() async throws {
        let harness = EngineHarness()
        let nodes = (0..<400).map { "  - {id: n\($0), type: tool, config: {tool: noop}}" }.joined(separator: "\n")
        try await harness.withEngine(echo) { engine in
            let events = engine.events(of: nil)
            let run = try await harness.start("workflow: wide\nnodes:\n\(nodes)", on: engine)
            let row = try await harness.wait(for: run, on: engine)
            #expect(row.lastSequence > 512)
            var last: Int64 = 0
            for await case .event(let event) in events {
                #expect(event.globalSequence == last + 1)
                last = event.globalSequence
            }
            #expect(last == 512, "the stream ended at its bound")
        }
    }

    @Test func `events of a run are dense and their order is the order of the log`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let run = try await harness.start(Self.chain, on: engine, inputs: ["text": "x"])
            let row = try await harness.wait(for: run, on: engine)
            var expected: Int64 = 0
            try engine.reader.forEachEvent(ofRun: row.key) { sequence, _, _, _ in
                expected += 1
                #expect(sequence == expected)
            }
            #expect(expected == row.lastSequence)
        }
    }

    @Test func `an engine that stopped refuses what it is asked, and may be stopped again`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            await engine.stop(grace: .zero)
            await #expect { try await engine.adopt(nil) } throws: { ($0 as? EngineError)?.code == .draining }
        }
    }
}

private func threadName() -> String {
    let file = open("/proc/thread-self/comm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(file, &bytes, 16)
    return String(decoding: bytes.prefix(max(0, count - 1)), as: UTF8.self)
}
