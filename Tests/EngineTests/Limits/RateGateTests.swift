// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Rates
import Store
import Testing

@testable import Engine

/// Rates and the share of retries, in the loop.
@Suite struct RateGateTests {
    private let rate = Rate(units: 2, period: .seconds(1), burst: 3)

    @Test func `a tool starts as often as its rate allows, each start at its instant, and nobody is woken in vain`()
        throws
    {
        let world = QuotaWorld { $0.toolRates = ["noop": Rate(units: 2, period: .seconds(1), burst: 3)] }
        try world.start(nodes: (0..<8).map { "t\($0)" })
        let starts = world.run(for: .seconds(10))
        #expect(starts.map(\.after) == [0, 500, 1000, 1500, 2000, 2500])
        #expect(starts.map(\.nodes.count) == [3, 1, 1, 1, 1, 1])
        #expect(starts.flatMap(\.nodes) == (0..<8).map { "t\($0)" })
        for node in starts.flatMap(\.nodes) { try world.end(node) }
        world.turn()
        #expect(world.leftOver == [:])
    }

    @Test func `a task that waits for its turn says until when, and holds nothing meanwhile`() throws {
        let world = QuotaWorld {
            $0.toolRates = ["noop": Rate(units: 1, period: .seconds(10), burst: 1)]
            $0.projectLimit = 2
        }
        let run = try world.start(nodes: ["a", "b", "c"])
        #expect(world.turn() == ["a"])
        let now = world.clock.wall()
        #expect(try world.cause(of: run, "b") == .rate(bucket: "tool:noop", until: now + .seconds(10)))
        #expect(try world.cause(of: run, "c") == .rate(bucket: "tool:noop", until: now + .seconds(20)))
        #expect(try world.cause(of: run, "b")?.kind == "rate")
        #expect(world.engine.heldThings["claims"] == 1)
        #expect(world.engine.idleTime == 10_000)
        let sentence = try world.cause(of: run, "b")?.sentence(now: now) ?? ""
        #expect(sentence.contains("`noop`") && sentence.contains("in 10s"), "\(sentence)")
        // Cancelled ones leave the line.
        world.control(run, .cancel(reason: nil))
        world.turn()
        #expect(world.leftOver == [:])
    }

    @Test func `buckets outlive the process`() throws {
        let world = QuotaWorld { $0.toolRates = ["noop": Rate(units: 1, period: .seconds(1), burst: 5)] }
        try world.start(nodes: (0..<9).map { "t\($0)" })
        #expect(world.turn().count == 5)
        world.restart()
        // Lost attempts are made again, as often as the rate allows.
        let starts = world.run(for: .seconds(3))
        #expect(starts.map(\.nodes.count).reduce(0, +) == 3, "\(starts)")
        #expect(world.store.buckets().map(\.key) == ["tool:noop"])
    }

    @Test func `over any span no more start than the rate gives, with deaths and slots that are taken`() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            let world = QuotaWorld {
                $0.toolRates = ["noop": rate]
                $0.slots = Int(1 + seed % 5)
            }
            try world.start(nodes: (0..<30).map { "t\($0)" })
            var starts: [Int64] = []
            for _ in 0..<200 {
                starts += world.turn().map { _ in world.clock.monotonic() }
                if !world.open.isEmpty, random.next() % 2 == 0 { try world.end(world.open[0].node.id) }
                if random.next() % 17 == 0 { world.restart() }
                world.clock.advance(.milliseconds(Int64(random.next() % 400)))
            }
            for (index, first) in starts.enumerated() {
                for last in index..<starts.count {
                    let span = starts[last] - first
                    let most = 3 + Int(span * 2 / 1000)
                    try #require(last - index + 1 <= most, "seed \(seed): \(last - index + 1) in \(span) ms")
                }
            }
            #expect(starts.count >= 30, "seed \(seed)")
        }
    }

    @Test func `attempts that a process handed back or lost are no retries`() throws {
        let world = QuotaWorld { $0.retryFloor = 1 }
        try world.start(nodes: (0..<20).map { "t\($0)" })
        #expect(world.turn().count == 20)
        world.engine.release { _ in }
        world.turn()
        for _ in 0..<2 {
            world.restart()
            #expect((world.turn() + world.turn()).count == 20)
        }
    }

    @Test func `who waits for a token is called by class, and then in the order of coming`() throws {
        let world = QuotaWorld { $0.toolRates = ["noop": Rate(units: 1, period: .seconds(1), burst: 1)] }
        try world.start(nodes: ["first"])
        world.turn()
        try world.start(nodes: ["bulk1"], "priority: 900, ")
        world.turn()
        try world.start(nodes: ["bulk2"], "priority: 900, ")
        world.turn()
        try world.start(nodes: ["urgent"], "priority: 5, ")
        let starts = world.run(for: .seconds(5)).flatMap(\.nodes)
        #expect(starts == ["urgent", "bulk1", "bulk2"])
    }

    @Test func `retries wait when they have had their share, and say until when`() throws {
        let world = QuotaWorld {
            $0.retryFloor = 2
            $0.retryWindow = .seconds(16)
        }
        let failure = AttemptOutcome.failed(TaskError(code: "x", errorClass: .transient, message: "no"))
        let nodes = (0..<4).map { "t\($0)" }
        let run = try world.start(nodes: nodes, "retry: {max_attempts: 3, delay: 1s, jitter: 0}, ")
        world.turn()
        for node in nodes { try world.end(node, failure) }
        let starts = world.run(for: .seconds(2))
        #expect(starts.flatMap(\.nodes).count == 2)
        let held = nodes.filter { node in
            if case .retries? = try? world.cause(of: run, node) { true } else { false }
        }
        #expect(held.count == 2)
        #expect(try world.cause(of: run, held[0])?.kind == "retry")
        for node in starts.flatMap(\.nodes) { try world.end(node) }
        #expect(world.run(for: .seconds(20)).flatMap(\.nodes).sorted() == held.sorted())
        for node in held { try world.end(node) }
        world.turn()
        #expect(try world.state(of: run).status == .completed)
        #expect(world.leftOver == [:])
    }
}
