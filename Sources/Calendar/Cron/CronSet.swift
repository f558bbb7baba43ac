// Baton
// SPDX-License-Identifier: Apache-2.0

/// Small numbers, 0 to 63.
struct CronSet: Hashable, Sendable {
    private var bits: UInt64 = 0

    func contains(_ value: Int64) -> Bool { bits >> UInt64(value) & 1 == 1 }

    mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }

    mutating func insert(_ values: StrideThrough<Int>) {
        for value in values { insert(value) }
    }

    /// Replaces a value by another that means the same.
    mutating func replace(_ value: Int, by other: Int) {
        guard contains(Int64(value)) else { return }
        bits &= ~(1 << UInt64(value))
        insert(other)
    }

    /// The smallest one that is not below `value`.
    func first(from value: Int64) -> Int64? {
        guard value < 64 else { return nil }
        let rest = bits >> UInt64(value)
        return rest == 0 ? nil : value + Int64(rest.trailingZeroBitCount)
    }

    /// The smallest one; a set that was read is never empty.
    var first: Int64 { Int64(bits.trailingZeroBitCount) }
}
