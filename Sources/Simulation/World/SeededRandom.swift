// Baton
// SPDX-License-Identifier: Apache-2.0

/// Random numbers from a seed (SplitMix64): the same on every machine, for ever.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The same seed gives the same numbers.
    public init(seed: UInt64) {
        state = seed
    }

    /// A sequence of its own for a purpose, so that drawing more for one leaves the others as they are.
    init(seed: UInt64, for purpose: String) {
        var mixed = SeededRandom(seed: seed)
        state = mixed.next() ^ Self.hash(purpose)
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number of the range; its small bias does not matter here.
    mutating func draw(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// A span in milliseconds.
    mutating func span(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// True that many times of a thousand.
    mutating func happens(_ perMille: Int) -> Bool {
        perMille > 0 && draw(0...999) < perMille
    }

    /// One of them; there must be one.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[draw(0...elements.count - 1)]
    }

    /// FNV-1a, because the hashes of the standard library differ from process to process.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
