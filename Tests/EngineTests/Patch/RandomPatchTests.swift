// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Random patches at random moments of random runs; the driver compares state, log and snapshot after every turn.
@Suite struct RandomPatchTests {
    private struct World {
        var run: RunDriver
        var random: SeededRandom
        var made = 0
        var applied = 0

        mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(max(count, 1))) }

        /// Ids of nodes of the graph itself.
        var ids: [String] { run.state.graph.definition.nodes.filter { !$0.isCompensation }.map(\.id) }

        mutating func some(of all: [String], _ most: Int) -> [String] {
            var left = all
            return (0..<min(pick(most + 1), all.count)).map { _ in left.remove(at: pick(left.count)) }.sorted()
        }

        mutating func step() throws {
            switch pick(12) {
            case 0...5: try patch()
            case 6 where pick(3) == 0: try run.restart()
            case 7 where pick(2) == 0 && !run.running.isEmpty: try run.fail(run.running[pick(run.running.count)])
            default:
                let running = run.running
                if !running.isEmpty { try run.complete(running[pick(running.count)], ["n": .int(Int64(pick(3)))]) }
            }
        }

        private mutating func patch() throws {
            guard !run.state.hasEnded else { return }
            let change: PatchRequest.Change
            let all = ids
            switch pick(5) {
            case 0 where !all.isEmpty:
                change = .operations([["op": "remove", "path": .string("/nodes/@\(all[pick(all.count)])")]])
            case 1:
                guard let last = run.state.patches.all.last(where: { $0.status == .applied }) else { return }
                change = .undo(last.number)
            case 2:
                change = .operations([PatchTests.replace(all[pick(all.count)], after: some(of: all, 2))])
            default:
                made += 1
                var more: JSONObject = [:]
                if pick(4) == 0 { more["join"] = "any" }
                if pick(4) == 0 { more["group"] = "g" }
                if pick(4) == 0 { more["compensate"] = ["tool": "noop"] }
                change = .operations([PatchTests.add("x\(made)", after: some(of: all, 3), more)])
            }
            let record = try run.patch(change, asksFirst: pick(6) == 0)
            if record.status == .applied { applied += 1 }
            if record.status == .proposed { try run.decide(record.number, pick(3) == 0 ? "reject" : "approve") }
        }
    }

    @Test func `whatever is patched when, the log is the state, and every run ends`() throws {
        var applied = 0
        for seed in UInt64(1)...60 {
            let yaml = """
                workflow: w
                on_failure: \(seed % 2 == 0 ? "continue" : "drain")
                nodes:
                  - {id: a, type: tool, config: {tool: noop}, group: g, compensate: {tool: noop}}
                  - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
                  - {id: c, type: tool, config: {tool: noop}, continue_on_failure: true}
                  - {id: d, type: join, depends_on: [b, c], join: done}
                  - {id: e, type: tool, config: {tool: noop}, depends_on: [d]}
                """
            var world = World(run: try RunDriver(yaml, seed: seed), random: SeededRandom(seed))
            for _ in 0..<60 where !world.run.state.status.isTerminal { try world.step() }
            var left = 2000
            while !world.run.state.status.isTerminal, left > 0 {
                left -= 1
                let run = world.run
                if let next = run.running.first {
                    try world.run.complete(next)
                } else if let task = run.state.allTasks.first(where: { run.state[$0].status == .needsReview }) {
                    // Its executor died too often.
                    try world.run.answer(run.state.name(of: task), "skip")
                } else {
                    break
                }
            }
            #expect(world.run.state.status.isTerminal, "seed \(seed): \(world.run.statuses)")
            applied += world.applied
        }
        #expect(applied > 30, "\(applied)")
    }
}
