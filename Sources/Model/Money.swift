// Baton
// SPDX-License-Identifier: Apache-2.0

/// An amount in USD, exact to a millionth of a millionth: spec 3.1 allows 12 fraction digits and no binary fractions.
public struct Money: Sendable, Hashable, Comparable {
    /// Millionths of a millionth of a dollar. The largest amount is about nine million dollars.
    public let picodollars: Int64

    /// Nothing.
    public static let zero = Money(picodollars: 0)

    /// An amount in millionths of a millionth of a dollar.
    public init(picodollars: Int64) {
        self.picodollars = picodollars
    }

    /// Reads decimal text: digits, and a point with one to twelve more. `nil` for anything else, a sign included, and
    /// for more than ``picodollars`` holds.
    public init?(text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.allSatisfy(Self.isDigit) else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard parts.count == 1 || !fraction.isEmpty, fraction.count <= 12, fraction.allSatisfy(Self.isDigit) else {
            return nil
        }
        let digits = Array(whole) + fraction + Array(repeating: UInt8(ascii: "0"), count: 12 - fraction.count)
        guard let amount = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        picodollars = amount
    }

    /// Decimal text without needless zeros: `0.5`.
    public var text: String {
        let (whole, rest) = picodollars.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000_000)
        var digits = String(rest)
        digits = String(repeating: "0", count: 12 - digits.utf8.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (picodollars < 0 ? "-" : "") + "\(whole)" + (digits.isEmpty ? "" : ".\(digits)")
    }

    /// The smaller amount comes first.
    public static func < (left: Money, right: Money) -> Bool { left.picodollars < right.picodollars }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
}
