// Baton
// SPDX-License-Identifier: Apache-2.0

/// How a whole double looks.
enum DoubleForm {
    /// `1.0`, so that reading it gives a double again.
    case keepingKind
    /// `1`, as ECMAScript and RFC 8785 write it.
    case canonical
}

extension ByteBuffer {
    /// Adds an integer in decimal digits.
    @inline(__always)
    mutating func append(_ int: Int64) {
        reserve(20)
        if int < 0 { appendReserved(UInt8(ascii: "-")) }
        appendReserved(digits: int.magnitude)
    }

    /// Adds decimal digits, at most 20; there is room.
    @inline(__always)
    private mutating func appendReserved(digits number: UInt64) {
        guard number > 9 else { return appendReserved(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)) }
        let size = Decimal.digitCount(number)
        var rest = number
        for place in stride(from: size - 1, through: 0, by: -1) {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            setReserved(place, UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
            rest = quotient
        }
        advanceReserved(size)
    }

    /// Adds the shortest decimal that reads as this double, in ECMAScript's layout; `null` when it is not finite.
    @inline(__always)
    mutating func append(_ double: Double, _ form: DoubleForm) {
        reserve(32)
        guard double.isFinite else { return append("null") }
        guard double != 0 else { return appendZero(double, form) }
        if double < 0 { appendReserved(UInt8(ascii: "-")) }
        let decimal = Decimal(double.magnitude)
        appendReserved(decimal, form)
    }

    private mutating func appendZero(_ zero: Double, _ form: DoubleForm) {
        switch form {
        case .canonical: append("0")
        case .keepingKind: append(zero.sign == .minus ? "-0.0" : "0.0")
        }
    }

    /// ECMAScript `Number::toString`, steps 6 to 10; never more than 26 bytes, for which there is room.
    private mutating func appendReserved(_ decimal: Decimal, _ form: DoubleForm) {
        let size = Decimal.digitCount(decimal.digits)
        let point = size + decimal.exponent
        switch point {
        case size...21:
            appendReserved(digits: decimal.digits)
            appendZeros(point - size)
            if form == .keepingKind { append(".0") }
        case 1..<size:
            appendReserved(digits: decimal.digits)
            insertReserved(UInt8(ascii: "."), before: size - point)
        case -5...0:
            append("0.")
            appendZeros(-point)
            appendReserved(digits: decimal.digits)
        default:
            appendReserved(digits: decimal.digits)
            if size > 1 { insertReserved(UInt8(ascii: "."), before: size - 1) }
            append(point > 0 ? "e+" : "e-")
            appendReserved(digits: UInt64((point - 1).magnitude))
        }
    }

    private mutating func appendZeros(_ size: Int) {
        for _ in 0..<size { append(UInt8(ascii: "0")) }
    }
}
