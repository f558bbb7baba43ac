// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Taking over what another process left.
@Suite struct AdoptTests {
    private static let waiting = """
        workflow: patient
        nodes:
          - {id: paid, type: wait, config: {signal: {type: payment}, timeout: 1h, on_timeout: continue}}
          - {id: work, type: tool, depends_on: [paid], config: {tool: noop}}
        """
    private static let working = "workflow: busy\nnodes: [{id: work, type: tool, config: {tool: noop}}]"

    @Test func `runs that wait stay on disk until a signal or a timer wakes them`() async throws {
        let harness = EngineHarness()
        let ids = try await harness.withEngine(echo) { engine in
            var ids: [RunID] = []
            for _ in 0..<300 { ids.append(try await harness.start(Self.waiting, on: engine)) }
            return ids
        }
        harness.clock.advance(.seconds(600))
        // The last record of the log is of another time, so that none of the runs is a recent one.
        try await harness.withEngine(echo) { engine in
            _ = try await engine.wait(for: try await harness.start(Self.working, on: engine))
        }
        let reads = harness.store.runsRead
        try await harness.withEngine(worker: "w2", echo) { engine in
            #expect(try await engine.adopt(nil).count == 300)
            _ = try await engine.wait(for: try await harness.start(Self.working, on: engine))
            #expect(harness.store.runsRead == reads, "a run was read back although nothing woke it")
            #expect(try await engine.signal(.broadcast, type: "payment", dedupeKey: "k", by: "user:a") == 300)
            for id in ids.prefix(150) { #expect(try await engine.wait(for: id).status == .completed) }
        }
    }

    @Test func `runs in flight go on under new fences, however many there are`() async throws {
        let harness = EngineHarness()
        let ids = try await harness.withEngine(slots: 400, hang) { engine in
            var ids: [RunID] = []
            for _ in 0..<400 { ids.append(try await harness.start(Self.working, on: engine)) }
            return ids
        }
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(nil)
            for id in ids { #expect(try await engine.wait(for: id).status == .completed) }
            let state = try harness.state(of: try #require(ids.last), engine)
            #expect(state.root.tasks[0].fence == 2)
        }
    }

    @Test func `a damaged run does not keep the others from going on`() async throws {
        let harness = EngineHarness()
        let ids = try await harness.withEngine(hang) { engine in
            [try await harness.start(Self.working, on: engine), try await harness.start(Self.working, on: engine)]
        }
        harness.store.damage(try #require(try harness.store.run(ids[0])).key)
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(nil)
            #expect(try await engine.wait(for: ids[1]).status == .completed)
            await #expect { try await engine.cancel(ids[0], reason: nil, by: "user:a") } throws: {
                ($0 as? EngineError)?.code == .corrupted
            }
        }
        #expect(harness.stopReasons.withLock { $0 }.isEmpty)
    }

    @Test func `a payload that cannot be read now is no damage`() async throws {
        let harness = EngineHarness()
        let large = JSONValue.string(String(repeating: "x", count: 9000))
        let run = try await harness.withEngine({ _, _ in .completed(large) }) { engine in
            let run = try await harness.start(Self.working, on: engine)
            _ = try await engine.wait(for: run)
            return run
        }
        let key = try #require(try harness.store.run(run)).key
        for (error, code) in [(StoreError.Code.failed, EngineError.Code.unavailable), (.missing, .corrupted)] {
            let reader = RunReader(store: harness.store, blobs: UnreadableBlobs(error: StoreError(error, "as told")))
            #expect { try reader.state(ofRun: key) } throws: { ($0 as? EngineError)?.code == code }
        }
    }
}

private struct UnreadableBlobs: BlobStore {
    let error: StoreError
    func put(_ bytes: [UInt8]) throws(StoreError) -> BlobRef { throw error }
    func get(_ blob: BlobRef) throws(StoreError) -> [UInt8] { throw error }
}
