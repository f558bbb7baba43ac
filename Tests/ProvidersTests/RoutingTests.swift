// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Providers
import Testing

@Suite struct RoutingTests {
    private let small = ModelReference(provider: "a", model: "small")
    private let cheap = ModelReference(provider: "b", model: "cheap")
    private let large = ModelReference(provider: "a", model: "large")
    private let start = Timestamp(milliseconds: 1_000_000)

    @Test func `a tier without models falls upward, and downward only when allowed`() {
        var table = TierTable(models: [.small: [small, cheap], .large: [large]])
        #expect(table.candidates(for: ModelTier.local) == [small, cheap])
        #expect(table.candidates(for: ModelTier.small) == [small, cheap])
        #expect(table.candidates(for: ModelTier.medium) == [large, small, cheap])
        #expect(table.candidates(for: ModelTier.large) == [large, small, cheap])
        table.models[.large] = []
        #expect(table.candidates(for: ModelTier.medium).isEmpty)
        table.allowsLower = true
        #expect(table.candidates(for: ModelTier.medium) == [small, cheap])
        #expect(table.candidates(for: cheap) == [cheap, small])
        #expect(table.candidates(for: large) == [large])
    }

    @Test func `the work decides about the tier`() {
        #expect(ModelTier(for: .code, .simple) == .small)
        #expect(ModelTier(for: .code, .complex) == .medium)
        #expect(ModelTier(for: .research, .simple) == .local)
        #expect(ModelTier(for: .asset, .complex) == .local)
        #expect(ModelTier(for: .unknown, .complex) == .small)
        #expect(ModelReference("ollama/hf.co/x/y:Q4")?.model == "hf.co/x/y:Q4")
        #expect(ModelReference("plain") == nil)
        #expect(ModelReference("/m") == nil)
        #expect(ModelReference("p/") == nil)
    }

    @Test func `a circuit opens after five failures, tries once after a minute, and closes on one success`() {
        var circuit = Circuit()
        let first = (1...4).map { _ in circuit.fail(.upstream, at: start) }
        #expect(!first.contains(true))
        let stillPasses = circuit.mayCall(at: start)
        #expect(stillPasses)
        let opened = circuit.fail(.transient, at: start)
        #expect(opened)
        let early = circuit.mayCall(at: start + .seconds(59))
        #expect(!early)
        let trial = circuit.mayCall(at: start + .seconds(60))
        let second = circuit.mayCall(at: start + .seconds(61))
        #expect(trial && !second)
        let reopened = circuit.fail(.upstream, at: start + .seconds(62))
        #expect(reopened)
        let trialAgain = circuit.mayCall(at: start + .seconds(122))
        #expect(trialAgain)
        circuit.succeed()
        #expect(circuit == Circuit())
        let refusals = (1...9).map { _ in circuit.fail(.permanent, at: start) }
        #expect(!refusals.contains(true))
    }

    @Test func `a rate lets a span's calls through at once and then its share`() {
        var bucket = CallBucket(ProviderRate(calls: 3, period: .seconds(60)))
        var waits: [Duration?] = []
        for after in [0, 0, 0, 0, 19, 20, 21, 300] { waits.append(bucket.take(at: start + .seconds(after))) }
        #expect(waits == [nil, nil, nil, .seconds(20), .seconds(1), nil, .seconds(19), nil])
    }

    @Test func `the router falls back, waits when all circuits are open, and says when there is nothing`() {
        var router = ModelRouter(tiers: TierTable(models: [.small: [small, cheap]]))
        let first = router.choose(.tier(.small), at: start)
        #expect(first == .ask(small, isFallback: false))
        let next = router.choose(.tier(.small), excluding: [small], at: start)
        #expect(next == .ask(cheap, isFallback: true))
        for _ in 1...5 { _ = router.fail(small, .upstream, at: start) }
        let other = router.choose(.tier(.small), at: start)
        #expect(other == .ask(cheap, isFallback: true))
        for _ in 1...5 { _ = router.fail(cheap, .upstream, at: start + .seconds(5)) }
        let wait = router.choose(.tier(.small), at: start + .seconds(6))
        #expect(wait == .wait(until: start + .seconds(60)))
        let trial = router.choose(.tier(.small), at: start + .seconds(60))
        #expect(trial == .ask(small, isFallback: false))
        router.succeed(small)
        let again = router.choose(.tier(.small), at: start + .seconds(61))
        #expect(again == .ask(small, isFallback: false))
        let nothing = router.choose(.tier(.large), at: start)
        #expect(nothing == .unavailable)
    }
}
