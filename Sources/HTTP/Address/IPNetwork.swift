// Baton
// SPDX-License-Identifier: Apache-2.0

/// A range of addresses, such as `10.0.0.0/8` or `2001:db8::/32`; a single address is a range of one.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let address: IPAddress
    private let length: Int

    /// Reads an address with an optional length of the prefix. Bits beyond the prefix do not count.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let all = if case .v4 = address { 32 } else { 128 }
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(parts[1]), length <= all else {
                return nil
            }
            self.length = length
        } else {
            length = all
        }
        self.address = address
    }

    /// Whether an address lies in it. An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) counts as IPv4.
    public func contains(_ other: IPAddress) -> Bool {
        switch (address, other.unmapped) {
        case (.v4(let own), .v4(let other)): length == 0 || (own ^ other) >> UInt32(32 - length) == 0
        case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
            length <= 64
                ? length == 0 || (high ^ otherHigh) >> UInt64(64 - length) == 0
                : high == otherHigh && (low ^ otherLow) >> UInt64(128 - length) == 0
        default: false
        }
    }

    /// As it was read, the length always written.
    public var description: String { "\(address)/\(length)" }
}

extension IPAddress {
    /// The IPv4 address that a mapped IPv6 address stands for.
    fileprivate var unmapped: IPAddress {
        guard case .v6(high: 0, let low) = self, low >> 32 == 0xffff else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }
}
