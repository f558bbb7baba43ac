// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar

/// Durations as text and as a whole number of nanoseconds.
enum DurationForm {
    /// What 64 bits of nanoseconds hold, about 292 years either way; the public tests of the language ask for this.
    static let range: ClosedRange<Int128> = Int128(Int64.min)...Int128(Int64.max)

    /// Seconds as in `3.5s`.
    static func text(seconds: Int64, nanoseconds: Int32) -> String {
        let sign = seconds < 0 || nanoseconds < 0 ? "-" : ""
        return "\(sign)\(seconds.magnitude)\(RFC3339.fraction(nanoseconds))s"
    }

    /// Reads a sequence of decimal numbers with units, for example `-1h30m`, `1.5s`, `250ms`; nil when it is not that.
    static func parse(_ text: String) -> Int128? {
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) { return 0 }
        guard !rest.isEmpty else { return nil }
        var total: Int128 = 0
        while !rest.isEmpty {
            guard let part = takePart(&rest) else { return nil }
            total += part
            guard range.contains(total) else { return nil }
        }
        return isNegative ? -total : total
    }

    /// One number with its unit, in nanoseconds.
    private static func takePart(_ rest: inout Substring.UTF8View) -> Int128? {
        let whole = takeDigits(&rest)
        var fraction: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = takeDigits(&rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty, whole.count <= 18, let unit = takeUnit(&rest) else { return nil }
        var value: Int128 = 0
        for digit in whole { value = value * 10 + Int128(digit - 48) }
        value *= unit
        var place = unit
        var lost: Int128 = 0
        // Digits below a nanosecond are dropped; three more are kept while adding so that units of ns stay exact.
        for digit in fraction.prefix(18) {
            lost += Int128(digit - 48) * place * 1000 / 10
            place /= 10
            if place == 0 { break }
        }
        return value + lost / 1000
    }

    private static func takeDigits(_ rest: inout Substring.UTF8View) -> [UInt8] {
        let digits = rest.prefix { $0 >= 48 && $0 <= 57 }
        rest = rest[digits.endIndex...]
        return Array(digits)
    }

    private static func takeUnit(_ rest: inout Substring.UTF8View) -> Int128? {
        let units: [(String, Int128)] = [
            ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
            ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ]
        guard let (name, scale) = units.first(where: { rest.starts(with: $0.0.utf8) }) else { return nil }
        rest = rest.dropFirst(name.utf8.count)
        return scale
    }
}

extension CELValue {
    /// A duration; nil when out of range.
    static func duration(nanoseconds total: Int128) -> CELValue? {
        guard DurationForm.range.contains(total) else { return nil }
        return .duration(
            seconds: Int64(total / 1_000_000_000),
            nanoseconds: Int32(total % 1_000_000_000)
        )
    }

    /// A timestamp; nil when out of range.
    static func timestamp(nanoseconds total: Int128) -> CELValue? {
        let (quotient, remainder) = total.quotientAndRemainder(dividingBy: 1_000_000_000)
        let seconds = remainder < 0 ? quotient - 1 : quotient
        let rest = remainder < 0 ? remainder + 1_000_000_000 : remainder
        guard let exact = Int64(exactly: seconds), RFC3339.range.contains(exact) else { return nil }
        return .timestamp(seconds: exact, nanoseconds: Int32(rest))
    }
}
