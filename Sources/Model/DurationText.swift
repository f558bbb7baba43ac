// Baton
// SPDX-License-Identifier: Apache-2.0

/// Durations as documents write them: `250ms`, `10s`, `1h30m`, `2d`, or ISO 8601 (`PT10S`).
extension Duration {
    /// Whole milliseconds; fractions are dropped.
    public var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Reads the text form; `nil` when it is not one, is negative, or passes 100 years.
    public init?(text: String) {
        let bytes = Array(text.utf8)
        let milliseconds = bytes.first == UInt8(ascii: "P") ? Self.iso8601(bytes) : Self.units(bytes)
        guard let milliseconds, milliseconds <= 100 * 366 * 86_400_000 else { return nil }
        self = .milliseconds(Int64(milliseconds))
    }

    /// The shortest text form in whole units, largest first: `1h30m`, `250ms`, `0s`.
    public var text: String {
        var rest = milliseconds
        guard rest != 0 else { return "0s" }
        var result = rest < 0 ? "-" : ""
        rest = abs(rest)
        for (name, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
            as [(String, Int64)]
        where rest >= size {
            result += "\(rest / size)\(name)"
            rest %= size
        }
        return result
    }

    private static func units(_ bytes: [UInt8]) -> Double? {
        let sizes: [(name: String, size: Double)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
        ]
        return sum(bytes[...], sizes)
    }

    private static func iso8601(_ bytes: [UInt8]) -> Double? {
        let halves = bytes.dropFirst().split(
            separator: UInt8(ascii: "T"),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let dates = halves.first, halves.count == 1 || !halves[1].isEmpty else { return nil }
        var total = 0.0
        if !dates.isEmpty {
            guard let days = sum(dates, [("W", 7 * 86_400_000), ("D", 86_400_000)]) else { return nil }
            total += days
        }
        if halves.count == 2 {
            guard let times = sum(halves[1], [("H", 3_600_000), ("M", 60_000), ("S", 1000)]) else { return nil }
            total += times
        }
        return dates.isEmpty && halves.count == 1 ? nil : total
    }

    /// Adds up `number unit` pairs; each unit at most once and in falling order.
    private static func sum(_ bytes: ArraySlice<UInt8>, _ sizes: [(name: String, size: Double)]) -> Double? {
        var rest = bytes
        var total = 0.0
        var next = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0 == UInt8(ascii: ".") || ($0 >= 48 && $0 <= 57) }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !($0 >= 48 && $0 <= 57) }
            rest = rest.dropFirst(unit.count)
            guard let first = digits.first, first != UInt8(ascii: "."), digits.last != UInt8(ascii: "."),
                let number = Double(String(decoding: digits, as: UTF8.self)),
                let index = sizes.firstIndex(where: { $0.name.utf8.elementsEqual(unit) }), index >= next
            else { return nil }
            total += number * sizes[index].size
            next = index + 1
        }
        return next == 0 ? nil : total
    }
}
