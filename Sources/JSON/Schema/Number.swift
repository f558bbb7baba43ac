// Baton
// SPDX-License-Identifier: Apache-2.0

/// A number for exact comparison between integers and doubles.
enum Number {
    case int(Int64)
    case double(Double)

    /// `nil` when the value is not a number.
    init?(_ value: JSONValue) {
        switch value {
        case .int(let int): self = .int(int)
        case .double(let double): self = .double(double)
        default: return nil
        }
    }

    /// Compares without rounding either side.
    static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.int(let left), .int(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.int(let int), .double(let double)): order(int, double) < 0
        case (.double(let double), .int(let int)): order(int, double) > 0
        }
    }

    /// Negative when the integer is smaller, positive when it is larger.
    private static func order(_ int: Int64, _ double: Double) -> Int {
        let floor = double.rounded(.down)
        guard let whole = Int64(exactly: floor) else { return double > 0 ? -1 : 1 }
        if int != whole { return int < whole ? -1 : 1 }
        return double > floor ? -1 : 0
    }

    /// Whether this is a whole multiple of a number above zero, both taken as the decimals they are written as; so 0.3 is
    /// a multiple of 0.1.
    func isMultiple(of unit: Number) -> Bool {
        guard let number = decimal, let unit = unit.decimal else { return decimal == nil }
        let shift = number.exponent - unit.exponent
        var rest = number.digits % unit.digits
        if shift >= 0 {
            for _ in 0..<shift where rest != 0 {
                let product = rest.multipliedFullWidth(by: 10)
                rest = unit.digits.dividingFullWidth((product.high % unit.digits, product.low)).remainder
            }
            return rest == 0
        }
        // The digits end in no zero, so they divide by no power of ten.
        return false
    }

    /// The magnitude as a decimal; `nil` for zero.
    private var decimal: Decimal? {
        switch self {
        case .int(let int): int == 0 ? nil : Decimal(int.magnitude)
        case .double(let double): double == 0 || !double.isFinite ? nil : Decimal(double.magnitude)
        }
    }
}
