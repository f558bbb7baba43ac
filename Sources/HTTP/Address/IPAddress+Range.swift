// Baton
// SPDX-License-Identifier: Apache-2.0

extension IPAddress {
    /// The special-purpose range (IANA registries) the address lies in; `nil` for an address of the public internet.
    ///
    /// An IPv6 address that stands for an IPv4 address (mapped, compatible, NAT64, 6to4) counts as that one.
    public var specialRange: String? {
        switch self {
        case .v4(let value): Self.specialRange(v4: value)
        case .v6(let high, let low): Self.specialRange(v6: high, low)
        }
    }

    private static func specialRange(v4 value: UInt32) -> String? {
        for (name, base, length) in v4Ranges where value >> (32 - length) == base >> (32 - length) { return name }
        return nil
    }

    private static func specialRange(v6 high: UInt64, _ low: UInt64) -> String? {
        if high == 0, low == 0 { return "unspecified" }
        if high == 0, low == 1 { return "loopback" }
        for (name, prefix) in embeddings(high, low) {
            guard let inner = specialRange(v4: prefix) else { return name.isRefusedAlone ? name.text : nil }
            return "\(inner) (\(name.text))"
        }
        for (name, base, length) in v6Ranges where high >> (64 - length) == base >> (64 - length) { return name }
        // Everything outside 2000::/3 is not assigned to anyone.
        return high >> 61 == 1 ? nil : "reserved"
    }

    /// The IPv4 address inside, if the form has one; `isRefusedAlone` forms never name a public host.
    private static func embeddings(
        _ high: UInt64,
        _ low: UInt64
    ) -> [(name: (text: String, isRefusedAlone: Bool), address: UInt32)] {
        let lower = UInt32(truncatingIfNeeded: low)
        if high == 0, low >> 32 == 0xffff { return [(("IPv4-mapped", false), lower)] }
        if high == 0, low >> 32 == 0xffff_0000 { return [(("IPv4-translated", true), lower)] }
        if high == 0, low >> 32 == 0 { return [(("IPv4-compatible", true), lower)] }
        if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 { return [(("NAT64", false), lower)] }
        if high >> 16 == 0x0064_ff9b_0001 { return [(("local NAT64", true), lower)] }
        if high >> 48 == 0x2002 { return [(("6to4", false), UInt32(truncatingIfNeeded: high >> 16))] }
        return []
    }

    private static let v4Ranges: [(name: String, base: UInt32, length: UInt32)] = [
        ("unspecified", 0x0000_0000, 8),
        ("private (RFC 1918)", 0x0a00_0000, 8),
        ("private (RFC 1918)", 0xac10_0000, 12),
        ("private (RFC 1918)", 0xc0a8_0000, 16),
        ("shared (RFC 6598)", 0x6440_0000, 10),
        ("loopback", 0x7f00_0000, 8),
        ("link-local", 0xa9fe_0000, 16),
        ("reserved", 0xc000_0000, 24),
        ("documentation", 0xc000_0200, 24),
        ("6to4 relay", 0xc058_6300, 24),
        ("benchmark", 0xc612_0000, 15),
        ("documentation", 0xc633_6400, 24),
        ("documentation", 0xcb00_7100, 24),
        ("multicast", 0xe000_0000, 4),
        ("broadcast", 0xffff_ffff, 32),
        ("reserved", 0xf000_0000, 4),
    ]

    private static let v6Ranges: [(name: String, base: UInt64, length: UInt64)] = [
        ("private (fc00::/7)", 0xfc00_0000_0000_0000, 7),
        ("link-local", 0xfe80_0000_0000_0000, 10),
        ("site-local", 0xfec0_0000_0000_0000, 10),
        ("multicast", 0xff00_0000_0000_0000, 8),
        ("discard-only", 0x0100_0000_0000_0000, 64),
        // Teredo, ORCHID, benchmarking and the other protocol assignments.
        ("reserved (2001::/23)", 0x2001_0000_0000_0000, 23),
        ("documentation", 0x2001_0db8_0000_0000, 32),
        ("documentation", 0x3fff_0000_0000_0000, 20),
    ]
}
