// Baton
// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// What a scan of a number has found: `±digits × 10^exponent`.
    private struct Decimal {
        var isNegative = false
        /// All digits as one integer; wraps when there are more than 19.
        var digits = 0 as UInt64
        var digitCount = 0
        var exponent = 0
        /// Whether there is neither fraction nor exponent.
        var isInteger = true
    }

    /// Reads a number; the position is at its first byte.
    @inline(__always)
    mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let decimal = try scanNumber()
        if decimal.isInteger, decimal.digitCount <= 19 {
            if decimal.digits <= UInt64(Int64.max) {
                let magnitude = Int64(bitPattern: decimal.digits)
                return .int(decimal.isNegative ? 0 - magnitude : magnitude)
            }
            if decimal.isNegative, decimal.digits == 1 << 63 { return .int(.min) }
        }
        // Both operands are exact doubles, so one rounding gives the nearest double (Clinger 1990).
        if decimal.digitCount <= 19, decimal.digits <= 1 << 53, -22...22 ~= decimal.exponent {
            let digits = Double(decimal.digits)
            let power = PowersOfTen.exact[abs(decimal.exponent)]
            let magnitude = decimal.exponent < 0 ? digits / power : digits * power
            return .double(decimal.isNegative ? -magnitude : magnitude)
        }
        return .double(try slowDouble(from: start))
    }

    /// The standard library finds the nearest double for any decimal, whatever the locale.
    @inline(never)
    private func slowDouble(from start: Int) throws(JSONError) -> Double {
        let text = String(decoding: UnsafeBufferPointer(start: base + start, count: position - start), as: UTF8.self)
        guard let double = Double(text), double.isFinite else {
            throw failure(.number, at: start, "the number is too large")
        }
        return double
    }

    @inline(__always)
    private mutating func scanNumber() throws(JSONError) -> Decimal {
        var decimal = Decimal()
        if base[position] == UInt8(ascii: "-") {
            decimal.isNegative = true
            position += 1
        }
        let first = position
        try scanDigits(&decimal)
        if base[first] == UInt8(ascii: "0"), decimal.digitCount > 1 {
            throw failure(.syntax, at: first, "a number must not start with 0 and another digit")
        }
        if position < end, base[position] == UInt8(ascii: ".") {
            position += 1
            let before = decimal.digitCount
            try scanDigits(&decimal)
            decimal.exponent = before - decimal.digitCount
            decimal.isInteger = false
        }
        if position < end, base[position] | 0x20 == UInt8(ascii: "e") { try scanExponent(&decimal) }
        return decimal
    }

    /// Reads one digit or more.
    @inline(__always)
    private mutating func scanDigits(_ decimal: inout Decimal) throws(JSONError) {
        let first = position
        while position < end {
            let digit = base[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            decimal.digits = decimal.digits &* 10 &+ UInt64(digit)
            position += 1
        }
        guard position > first else { throw unexpected("a digit") }
        decimal.digitCount += position - first
    }

    private mutating func scanExponent(_ decimal: inout Decimal) throws(JSONError) {
        position += 1
        var isNegative = false
        if position < end, base[position] == UInt8(ascii: "-") || base[position] == UInt8(ascii: "+") {
            isNegative = base[position] == UInt8(ascii: "-")
            position += 1
        }
        var power = Decimal()
        try scanDigits(&power)
        let size = power.digitCount > 9 ? 1_000_000_000 : Int(power.digits)
        decimal.exponent += isNegative ? -size : size
        decimal.isInteger = false
    }
}

/// Powers of ten that a double holds exactly.
enum PowersOfTen {
    static let exact: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
