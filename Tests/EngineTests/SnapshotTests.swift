// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Engine

/// Snapshots save time and change nothing else.
@Suite(.timeLimit(.minutes(5))) struct SnapshotTests {
    private static let loop = """
        workflow: loop
        outputs: {last: "${ nodes.again.output.last }"}
        nodes:
          - id: again
            type: loop
            config:
              max_iterations: 400
              body: {nodes: [{id: step, type: tool, config: {tool: noop, args: {n: "${ iteration }"}}}]}
        """

    private func reader(_ harness: EngineHarness) -> RunReader {
        RunReader(store: harness.store, blobs: harness.blobs)
    }

    @Test func `a long run has snapshots, and without them every state is the same`() async throws {
        let harness = EngineHarness()
        let run = try await harness.withEngine({ assignment, control in
            assignment.place == [399] ? await hang(assignment, control) : await echo(assignment, control)
        }) { engine in
            let run = try await harness.start(Self.loop, on: engine)
            _ = try await harness.wait(for: run, on: engine) { $0.lastSequence >= 1600 }
            return run
        }
        let key = try #require(try harness.store.run(run)).key
        let sequences = try harness.store.snapshotSequences(ofRun: key)
        #expect((4...13).contains(sequences.count), "\(sequences)")
        let moments = [1, 2, 127] + sequences + sequences.map { $0 + 1 } + [1600]
        let under = try moments.map { try reader(harness).state(ofRun: key, at: $0) }
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(nil)
            _ = try await harness.wait(for: run, on: engine)
        }
        let kept = try harness.store.snapshotSequences(ofRun: key)
        #expect(kept.count == 1 && kept[0] >= 1000, "what has ended keeps few: \(kept)")
        let quick = try moments.map { try reader(harness).state(ofRun: key, at: $0) }
        let last = try reader(harness).state(ofRun: key)
        #expect(last.status == .completed && last.lastSequence > 1605, "with the takeover")
        #expect(quick == under)

        var commit = Commit()
        commit.staleSnapshots = [StaleSnapshots(runKey: key, before: .max)]
        _ = try harness.store.commit(commit)
        for (moment, state) in zip(moments, quick) {
            #expect(state.lastSequence == moment)
            #expect(try reader(harness).state(ofRun: key, at: moment) == state, "event \(moment)")
        }
        #expect(try reader(harness).state(ofRun: key) == last)
        for moment in [0, -1, last.lastSequence + 1] as [Int64] {
            #expect { try reader(harness).state(ofRun: key, at: moment) } throws: {
                ($0 as? EngineError)?.code == .notFound
            }
        }
    }

    @Test func `a damaged snapshot is passed over, also when a process takes the run over`() async throws {
        let harness = EngineHarness()
        let run = try await harness.withEngine({ assignment, control in
            assignment.place == [300] ? await hang(assignment, control) : await echo(assignment, control)
        }) { engine in
            let run = try await harness.start(Self.loop, on: engine)
            _ = try await harness.wait(for: run, on: engine) { $0.lastSequence > 1203 }
            return run
        }
        let key = try #require(try harness.store.run(run)).key
        let expected = try reader(harness).state(ofRun: key)
        let sequences = try harness.store.snapshotSequences(ofRun: key)
        let missing = BlobRef(hash: String(repeating: "0", count: 64), size: 7)
        let damages: [SnapshotRow.Content] = [.inline(Array("{".utf8)), .inline([]), .blob(missing)]
        var commit = Commit()
        commit.snapshots = zip(sequences.suffix(3), damages).map { sequence, content in
            SnapshotRow(runKey: key, sequence: sequence, content: content, takenAt: harness.clock.wall())
        }
        // What belongs to another event is as useless as what cannot be read.
        let older = try reader(harness).state(ofRun: key, at: 100)
        let bytes = SnapshotEncoder.encode(older).bytes
        commit.snapshots.append(
            SnapshotRow(runKey: key, sequence: sequences[0], content: .inline(bytes), takenAt: harness.clock.wall())
        )
        _ = try harness.store.commit(commit)
        #expect(try reader(harness).state(ofRun: key) == expected)
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(nil)
            let row = try await harness.wait(for: run, on: engine)
            #expect(row.status == .completed)
        }
    }

    @Test func `large states and large values are blobs, and a run is taken over from them`() async throws {
        let yaml = """
            workflow: large
            nodes:
              - id: all
                type: map
                config:
                  items: "${ inputs.items }"
                  max_parallel: 50
                  body: {nodes: [{id: one, type: tool, config: {tool: noop, args: {item: "${ item }"}}}]}
            inputs: {items: {type: array}}
            """
        let harness = EngineHarness()
        // Nothing that packs well.
        var random = SeededRandom(1)
        let items = (0..<120).map { number in
            JSONValue.string(
                String(
                    decoding: (0..<(number == 7 ? 9000 : 2000)).map { _ in
                        UInt8.random(in: 97...122, using: &random)
                    },
                    as: UTF8.self
                )
            )
        }
        let run = try await harness.withEngine({ assignment, control in
            assignment.place == [119] ? await hang(assignment, control) : await echo(assignment, control)
        }) { engine in
            let run = try await harness.start(yaml, on: engine, inputs: ["items": .array(items)])
            let key = try #require(try harness.store.run(run)).key
            while try harness.state(of: run, engine).maps.first?.value.ended != 119 { await Task.yield() }
            let row = try #require(try harness.store.snapshot(ofRun: key, atMost: .max))
            guard case .blob = row.content else { throw CompileFailure(description: "the state is in the row") }
            return run
        }
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(nil)
            _ = try await harness.wait(for: run, on: engine)
            let results = try harness.state(of: run, engine).root.tasks[0].output?.value["results"]
            #expect(results == .array(items.map { ["item": $0] }))
        }
    }

    @Test func `snapshots are written when the tail outgrows the state, and when the run waits`() {
        var plan = SnapshotPlan()
        plan.grow(events: 127, bytes: 20_000)
        #expect(!plan.isDue(tasks: 40, isWaiting: false))
        #expect(plan.isDue(tasks: 40, isWaiting: true))
        plan.grow(events: 1, bytes: 200)
        #expect(plan.isDue(tasks: 40, isWaiting: false))
        #expect(!plan.isDue(tasks: 10_000, isWaiting: true), "the state is larger")
        plan.grow(events: 872, bytes: 39_800)
        #expect(plan.isDue(tasks: 10_000, isWaiting: false), "1,000 events")
        #expect(!plan.isDue(tasks: 100_000, isWaiting: false), "it would be 27 times what the tail has")
        let answers = [plan.isWorth(240_001), plan.isWorth(240_000)]
        #expect(answers == [false, true])
        let gone = plan.add(1000, known: { [200, 500] })
        #expect(gone == [])
        #expect(!plan.isDue(tasks: 1, isWaiting: true))
        plan.grow(events: 128, bytes: 239_999)
        #expect(!plan.isDue(tasks: 1, isWaiting: false), "the state that was written last is larger")
    }

    @Test func `what has ended keeps snapshots that are far apart`() {
        let cases: [(sequences: [Int64], end: Int64, kept: [Int64])] = [
            ([], 2000, []), ([131, 260, 477], 500, []), ([999], 1_000_000, []), ([1000], 1000, [1000]),
            ([500, 1200, 1900, 2200, 9000, 9500], 9600, [1200, 2200, 9000]),
        ]
        for (sequences, end, kept) in cases {
            var plan = SnapshotPlan()
            let gone = plan.end(at: end, known: { sequences })
            #expect(plan.kept == kept && gone == sequences.filter { !kept.contains($0) }, "\(sequences)")
        }
        var short = SnapshotPlan()
        #expect(short.end(at: 31, known: { [7] }) == [], "nobody asks the store about a run as short as this")
    }

    @Test func `old snapshots are thinned out to a number that hardly grows`() {
        var plan = SnapshotPlan()
        var kept: Set<Int64> = []
        for sequence in stride(from: Int64(1000), through: 1_000_000, by: 1000) {
            kept.insert(sequence)
            for gone in plan.add(sequence, known: { [] }) { kept.remove(gone) }
        }
        #expect(kept == Set(plan.kept ?? []))
        #expect(kept.count < 80, "\(kept.count)")
        var last: Int64 = 0
        for sequence in kept.sorted() {
            #expect(sequence - last <= max(1000, (1_000_000 - sequence) / 8), "from \(last) to \(sequence)")
            last = sequence
        }
    }
}
