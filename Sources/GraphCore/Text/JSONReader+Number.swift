// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// A number, cut to a whole one and to ``numberLimit``.
    mutating func number() throws(GraphFailure) -> Int64 {
        let isNegative = take(UInt8(ascii: "-"))
        var decimal = Decimal()
        if !take(UInt8(ascii: "0")) { try digits { decimal.add($0, isFraction: false) } }
        if take(UInt8(ascii: ".")) { try digits { decimal.add($0, isFraction: true) } }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            let isSmall = take(UInt8(ascii: "-"))
            if !isSmall { _ = take(UInt8(ascii: "+")) }
            var exponent = 0
            try digits { exponent = min(exponent * 10 + Int($0), 100_000_000) }
            decimal.exponent += isSmall ? -exponent : exponent
        }
        let value = decimal.cut(to: Self.numberLimit)
        return isNegative ? -value : value
    }

    private mutating func digits(_ body: (UInt8) -> Void) throws(GraphFailure) {
        let start = position
        while let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            body(byte - UInt8(ascii: "0"))
            position += 1
        }
        if position == start { throw failure("a digit should be here") }
    }

    private mutating func take(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        position += 1
        return true
    }
}

/// The first digits of a number and how far they are moved. Multiplied without checks, which would need 128 bits and
/// with them a library for WebAssembly; all factors are bounded.
private struct Decimal {
    private var digits: Int64 = 0
    var exponent = 0

    mutating func add(_ digit: UInt8, isFraction: Bool) {
        let fits = digits < 1_000_000_000_000
        if fits { digits = digits &* 10 + Int64(digit) }
        switch (fits, isFraction) {
        case (true, true): exponent -= 1
        case (false, false): exponent += 1
        default: break
        }
    }

    func cut(to limit: Int64) -> Int64 {
        var value = digits
        var left = exponent
        while left < 0, value > 0 {
            value /= 10
            left += 1
        }
        while left > 0, value > 0, value < limit {
            value &*= 10
            left -= 1
        }
        return min(value, limit)
    }
}
