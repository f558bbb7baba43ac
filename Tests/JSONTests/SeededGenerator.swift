// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// SplitMix64; the same values on every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A value nested at most `depth` deep.
    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &self) {
        case 0: .null
        case 1: .bool(Bool.random(using: &self))
        case 2: .int(Int64(truncatingIfNeeded: next()) >> Int64.random(in: 0..<64, using: &self))
        case 3: .double(anyDouble())
        case 4: .double(Double(Int32.random(in: .min ... .max, using: &self)) / 1_000)
        case 5, 6: .string(text())
        case 7: .array((0..<Int.random(in: 0..<6, using: &self)).map { _ in value(depth: depth - 1) })
        default: .object(object(depth: depth - 1))
        }
    }

    /// Any finite double, every exponent as likely as another.
    mutating func anyDouble() -> Double {
        let double = Double(bitPattern: next())
        return double.isFinite ? double : 0.1
    }

    /// Text with quotes, control characters and scalars of every length.
    mutating func text() -> String {
        let alphabet: [Unicode.Scalar] = ["a", "b", "z", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{1F}", "é", "€", "😀"]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<40, using: &self) { text.append(alphabet.randomElement(using: &self) ?? "a") }
        return String(text)
    }

    private mutating func object(depth: Int) -> JSONObject {
        var object = JSONObject()
        let isLarge = Int.random(in: 0..<20, using: &self) == 0
        for _ in 0..<Int.random(in: 0..<(isLarge ? 40 : 6), using: &self) { object[text()] = value(depth: depth) }
        return object
    }
}

extension [UInt8] {
    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }
}
