// Baton
// SPDX-License-Identifier: Apache-2.0

/// A class of characters made ready for looking up: a bit for each ASCII character, sorted ranges for the rest.
struct RegexClass: Sendable {
    private let low: UInt64
    private let high: UInt64
    private let ranges: [ClosedRange<UInt32>]
    private let properties: [RegexProperty.Test]
    private let isNegated: Bool
    private let ignoresCase: Bool
    /// How much work a look with a character outside ASCII is, in visits of a plain instruction.
    let cost: Int

    init(_ set: RegexSet) {
        ranges = RegexSet.merged(set.ranges)
        properties = set.properties
        isNegated = set.isNegated
        ignoresCase = set.ignoresCase
        cost = (properties.count + (ignoresCase ? 4 : 0)) / 2
        var bits: [UInt64] = [0, 0]
        for range in ranges where range.lowerBound < 128 {
            for scalar in range.lowerBound...min(range.upperBound, 127) { bits[Int(scalar / 64)] |= 1 << (scalar % 64) }
        }
        if !properties.isEmpty {
            for scalar in UInt32(0)..<128 where properties.contains(where: { $0.holds(scalar) }) {
                bits[Int(scalar / 64)] |= 1 << (scalar % 64)
            }
        }
        if ignoresCase {
            // Bits 1 to 26 of the upper half are the capital letters, 33 to 58 the small ones.
            let capitals: UInt64 = 0x07FF_FFFE
            bits[1] |= (bits[1] & capitals) << 32 | (bits[1] >> 32 & capitals)
        }
        low = set.isNegated ? ~bits[0] : bits[0]
        high = set.isNegated ? ~bits[1] : bits[1]
    }

    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return low >> scalar & 1 == 1 }
        if scalar < 128 { return high >> (scalar - 64) & 1 == 1 }
        let isInside = ignoresCase ? RegexSet.caseVariants(scalar).contains(where: holds) : holds(scalar)
        return isInside != isNegated
    }

    private func holds(_ scalar: UInt32) -> Bool {
        var first = 0
        var end = ranges.count
        while first < end {
            let middle = (first + end) / 2
            if ranges[middle].upperBound < scalar { first = middle + 1 } else { end = middle }
        }
        if first < ranges.count, ranges[first].lowerBound <= scalar { return true }
        return properties.contains { $0.holds(scalar) }
    }
}
