// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@Suite struct IdentifierTests {
    @Test func `the text form leads back to the id`() {
        var random = SplitMix(seed: 4)
        let bits = [(0, 0), (0, 1), (UInt64.max, UInt64.max), (1 << 63, 0)] as [(UInt64, UInt64)]
        let ids = bits.map(RunID.init) + (0..<1000).map { _ in RunID(high: random.next(), low: random.next()) }
        for id in ids {
            #expect(id.description.utf8.count == 30)
            #expect(RunID(id.description) == id)
        }
        #expect(RunID(high: 0, low: 0).description == "run_00000000000000000000000000")
        #expect(RunID(high: .max, low: .max).description == "run_7zzzzzzzzzzzzzzzzzzzzzzzzz")
        #expect(HumanTaskID(high: 0, low: 31).description == "ht_0000000000000000000000000z")
    }

    @Test func `what is no id of the kind is refused`() {
        let digits = "01jd0000000000000000000000"
        let texts = [
            "", "run_", digits, "ht_\(digits)", "run-\(digits)", "RUN_\(digits)", "run_\(digits)0",
            "run_\(digits.dropLast())", "run_\(digits.uppercased())", "run_8\(digits.dropFirst())",
            "run_\(digits.dropLast())u", "run_\(digits.dropLast())i", "run_\(digits.dropLast())l",
            "run_\(digits.dropLast())o", " run_\(digits)", "run_\(digits) ", "run_\(digits.dropLast(2))é",
        ]
        for text in texts { #expect(RunID(text) == nil, "\(text)") }
        #expect(RunID("run_\(digits)") != nil)
    }

    @Test func `text order is creation order`() {
        var source = IdentifierSource()
        var random = SplitMix(seed: 5)
        var now: Int64 = 1_769_851_800_000
        let ids = (0..<5000).map { _ in
            now += .random(in: 0...2, using: &random)
            return source.next(RunKind.self, at: .init(milliseconds: now), entropy: (random.next(), random.next()))
        }
        #expect(isRising(ids))
        #expect(isRising(ids.map(\.description)))
        #expect(ids.last.map { Int64($0.high >> 16) } == now, "the time is in the id")
    }

    @Test func `ids rise when the clock steps back`() {
        var source = IdentifierSource()
        var random = SplitMix(seed: 6)
        let times: [Int64] = [1000, 999, 1, 0, -5, 1000, 1001, 500, 1002]
        let ids = times.map {
            source.next(RunKind.self, at: .init(milliseconds: $0), entropy: (random.next(), random.next()))
        }
        #expect(isRising(ids))
        #expect(ids.map { $0.high >> 16 } == [1000, 1000, 1000, 1000, 1000, 1000, 1001, 1001, 1002])
    }

    @Test func `a hundred thousand ids of one millisecond are different and rise, whatever the entropy`() {
        for entropy in [(0, 0), (UInt64.max, UInt64.max)] as [(UInt64, UInt64)] {
            var source = IdentifierSource()
            let now = Timestamp(milliseconds: 1_769_851_800_000)
            let ids = (0..<100_000).map { _ in source.next(RunKind.self, at: now, entropy: entropy) }
            #expect(Set(ids).count == 100_000)
            #expect(isRising(ids))
        }
    }

    private func isRising<Value: Comparable>(_ values: [Value]) -> Bool {
        zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    }
}
