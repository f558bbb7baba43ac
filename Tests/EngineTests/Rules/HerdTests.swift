// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Glibc
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Many things that are due at once after an outage.
@Suite struct HerdTests {
    /// `BATON_HERD` sets how many runs there are; ten thousand take minutes, because each try reads them back.
    private static let runs = getenv("BATON_HERD").flatMap { Int(String(cString: $0)) } ?? 200
    private static let slots = 64

    /// Each run waits a minute and then calls something, which fails at first in every third.
    private static let text = """
        workflow: herd
        nodes:
          - {id: pause, type: wait, config: {for: 1m}}
          - {id: call, type: tool, config: {tool: noop}, depends_on: [pause], retry: {max_attempts: 20, delay: 1s, jitter: 0}}
        """

    @Test func `fault 29: after five minutes without a store all timers are drained at a bounded rate`() throws {
        let store = OutageStore()
        let (blobs, clock) = (MemoryBlobStore(), ManualClock())
        var configuration = EngineConfiguration(worker: "w")
        configuration.slots = Self.slots
        configuration.rowLag = .zero
        configuration.fullDiskPause = .seconds(20)
        let engine = SteppedEngine(
            store: store,
            blobs: blobs,
            clock: clock,
            configuration: configuration,
            seed: 1,
            failStop: { Issue.record("stopped: \($0)") }
        )
        _ = engine.open()
        let graph = try compile(Self.text)
        for number in 1...Self.runs {
            let id = RunID(high: 1, low: UInt64(number))
            engine.start(StartRequest(graph: graph, source: [], inputs: [:], id: id, actor: "user:a")) { _ in }
            if number.isMultiple(of: 1000) { _ = engine.turn() }
        }
        _ = engine.turn()
        clock.advance(.seconds(59))
        _ = engine.turn()

        // All timers come due while nothing can be written.
        store.isDown = true
        let outage = clock.monotonic() + 300_000
        var tries = 0
        while clock.monotonic() < outage {
            let starts = engine.turn().starts
            #expect(starts.isEmpty, "nothing begins before it is written down")
            tries += 1
            clock.advance(.milliseconds(max(engine.idleTime, 1)))
        }
        #expect(tries <= 2 * 300 / 20, "\(tries) turns in an outage of 300 seconds")

        store.isDown = false
        var herd = Herd()
        while herd.completed < Self.runs {
            let (starts, _) = engine.turn()
            herd.begin(starts, at: clock.monotonic())
            try #require(herd.open.count <= Self.slots, "\(herd.open.count) attempts at once")
            // An attempt takes a quarter of a second.
            let ended = herd.take()
            if ended.isEmpty {
                try #require(clock.monotonic() < outage + 3_600_000, "\(herd.completed) of \(Self.runs) after an hour")
                clock.advance(.milliseconds(max(engine.idleTime, 1)))
            } else {
                clock.advance(.milliseconds(250))
            }
            for start in ended {
                let isFirst = start.attempt == 1 && start.run.low.isMultiple(of: 3)
                let error = TaskError(code: "busy", errorClass: .transient, message: "as told")
                let outcome: AttemptOutcome = isFirst ? .failed(error) : .completed(.null)
                if !isFirst { herd.completed += 1 }
                try engine.attemptEnded(start.attemptLease, outcome, blobs: blobs)
            }
        }
        _ = engine.turn()
        #expect(herd.count == Self.runs + Self.runs / 3, "no call is made more often than it must be")
        herd.checkRetries()
        var filter = RunFilter()
        filter.limit = Self.runs
        #expect(try store.runs(filter).allSatisfy { $0.status == .completed })
        #expect(try store.timers(ofRun: nil).isEmpty && store.openTasks(ofRun: nil).isEmpty)
    }

    /// The attempts that were made.
    private struct Herd {
        var open: [Assignment] = []
        var completed = 0
        var count = 0
        /// By second: first attempts and repeated ones.
        private var seconds: [Int64: (firsts: Int, retries: Int)] = [:]

        mutating func begin(_ starts: [Assignment], at now: Int64) {
            open += starts
            count += starts.count
            for start in starts {
                var second = seconds[now / 1000] ?? (0, 0)
                start.attempt == 1 ? (second.firsts += 1) : (second.retries += 1)
                seconds[now / 1000] = second
            }
        }

        mutating func take() -> [Assignment] {
            defer { open = [] }
            return open
        }

        /// Whenever a call is repeated, no more than a fifth of the first attempts of the last minute were, but for the
        /// few that always may be. A minute is counted in sixteen parts, of which the oldest may be over.
        func checkRetries() {
            for second in seconds.keys.sorted() where seconds[second].map({ $0.retries > 0 }) == true {
                let minute = (second - 55...second).compactMap { seconds[$0] }
                let (firsts, retries) = (minute.reduce(0) { $0 + $1.firsts }, minute.reduce(0) { $0 + $1.retries })
                #expect(retries <= max(10, firsts / 4), "\(retries) retries on \(firsts) first attempts to \(second)")
            }
        }
    }

    /// A store that nothing can be written to for a while, as on a full disk.
    private final class OutageStore: RunStoreDecorator {
        let base = MemoryRunStore()
        private let state = Mutex2(false)

        var isDown: Bool {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }

        func commit(_ commit: Commit) throws(StoreError) -> Int64 {
            if isDown { throw StoreError(.full, "as told") }
            return try base.commit(commit)
        }
    }
}
