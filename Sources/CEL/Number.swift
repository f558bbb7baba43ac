// Baton
// SPDX-License-Identifier: Apache-2.0

// Rounding of doubles calls the C library of mathematics, which only this import makes the linker look for.
import Glibc

/// A number of any of the three types, for what works across types.
enum Number {
    case int(Int64)
    case uint(UInt64)
    case double(Double)

    /// nil for anything but a number.
    init?(_ value: CELValue) {
        switch value {
        case .int(let number): self = .int(number)
        case .uint(let number): self = .uint(number)
        case .double(let number): self = .double(number)
        default: return nil
        }
    }

    /// The value as a whole number; nil with a fraction or out of range.
    var exactInt: Int64? {
        switch self {
        case .int(let number): number
        case .uint(let number): Int64(exactly: number)
        case .double(let number): Int64(exactly: number)
        }
    }

    var asDouble: Double {
        switch self {
        case .int(let number): Double(number)
        case .uint(let number): Double(number)
        case .double(let number): number
        }
    }

    /// Compares across types, a double with a double: an int of more than 53 bits is rounded for that, as the public
    /// tests of the language ask for; nil when one of them is NaN.
    func order(_ other: Number) -> Order? {
        switch (self, other) {
        case (.int(let left), .int(let right)): Order(left, right)
        case (.double, _), (_, .double): Self.order(asDouble, other.asDouble)
        default: Order(whole ?? 0, other.whole ?? 0)
        }
    }

    private static func order(_ left: Double, _ right: Double) -> Order? {
        left.isNaN || right.isNaN ? nil : Order(left, right)
    }

    /// The value of an int or uint.
    private var whole: Int128? {
        switch self {
        case .int(let number): Int128(number)
        case .uint(let number): Int128(number)
        case .double: nil
        }
    }
}

extension Number: CustomStringConvertible {
    var description: String {
        switch self {
        case .int(let number): String(number)
        case .uint(let number): "\(number)u"
        case .double(let number): String(number)
        }
    }
}

/// How two values compare.
enum Order {
    case less, equal, greater

    init<Value: Comparable>(_ left: Value, _ right: Value) {
        self = left < right ? .less : left == right ? .equal : .greater
    }

    var reversed: Order {
        switch self {
        case .less: .greater
        case .equal: .equal
        case .greater: .less
        }
    }
}
