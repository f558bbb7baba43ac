// Baton
// SPDX-License-Identifier: Apache-2.0

// Rounding is in the mathematics library, which only this import links.
import Glibc

/// The shortest decimal that reads as a given double: `digits × 10^exponent`, the last digit not zero.
struct Decimal {
    private(set) var digits: UInt64
    private(set) var exponent: Int

    /// Takes a finite double above zero.
    @inline(__always)
    init(_ double: Double) {
        if let short = Self.short(double) { self = short } else { self.init(slow: double) }
    }

    /// Takes an integer above zero.
    init(_ int: UInt64) {
        self = Decimal(digits: int, exponent: 0).trimmed()
    }

    private init(digits: UInt64, exponent: Int) {
        self.digits = digits
        self.exponent = exponent
    }

    /// The number of decimal digits.
    @inline(__always)
    static func digitCount(_ number: UInt64) -> Int {
        // 1233 / 4096 is just above log10(2).
        let guess = ((64 - (number | 1).leadingZeroBitCount) * 1233) >> 12
        return guess + (number >= powers[guess] ? 1 : 0)
    }

    private static let powers: [UInt64] = (0..<20).map { exponent in
        (0..<exponent).reduce(1) { power, _ in power * 10 }
    }

    /// Finds decimals of at most 15 digits and 6 places.
    ///
    /// Different decimals of at most 15 digits are different doubles, so one that reads as the double is the only one
    /// and the shortest; quotient and double agree exactly when it does, since both operands are exact (Clinger 1990).
    @inline(__always)
    private static func short(_ double: Double) -> Decimal? {
        guard double < 1e15, double >= 1e-3 else { return nil }
        var places = 0
        while places <= 6 {
            let power = PowersOfTen.exact[places]
            let scaled = (double * power).rounded()
            guard scaled < 1e15 else { return nil }
            if scaled / power == double { return Decimal(digits: UInt64(scaled), exponent: -places).trimmed() }
            places += 1
        }
        return nil
    }

    /// Without zeros at the end.
    @inline(__always)
    private func trimmed() -> Decimal {
        var result = self
        while result.digits % 10 == 0 {
            result.digits /= 10
            result.exponent += 1
        }
        return result
    }

    /// The standard library's description is the shortest; this takes it apart.
    @inline(never)
    private init(slow double: Double) {
        digits = 0
        exponent = 0
        var places = 0
        var isFraction = false
        var power: Int?
        var isNegative = false
        for byte in double.description.utf8 {
            switch byte {
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"): power = 0
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            default:
                let digit = Int(byte) - 0x30
                if let value = power {
                    power = value * 10 + digit
                } else {
                    digits = digits * 10 + UInt64(digit)
                    if isFraction { places += 1 }
                }
            }
        }
        exponent = (isNegative ? -(power ?? 0) : power ?? 0) - places
        self = trimmed()
    }
}
