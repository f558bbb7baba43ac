// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography

/// The ways in which a secret's value can stand in a text.
enum SecretSpellings {
    /// No pattern is shorter, or it would be found everywhere.
    static let shortest = 4

    /// Every spelling of a value, each at least ``shortest`` bytes long.
    static func all(of value: [UInt8]) -> Set<[UInt8]> {
        var result: Set<[UInt8]> = [
            value, hexadecimal(value, "0123456789abcdef"), hexadecimal(value, "0123456789ABCDEF"),
        ]
        for alphabet in [Base64.Alphabet.standard, .url] {
            for offset in 0..<3 { result.insert(base64(value, offset, alphabet)) }
        }
        for digits in ["0123456789abcdef", "0123456789ABCDEF"] {
            result.insert(percentEncoded(value, digits, space: nil, keeps: unreserved))
            result.insert(percentEncoded(value, digits, space: UInt8(ascii: "+"), keeps: unreserved))
            result.insert(percentEncoded(value, digits, space: nil, keeps: unreserved.union(marks)))
            result.insert(percentEncoded(value, digits, space: nil, keeps: unreserved.union(marks).union(reserved)))
        }
        result.formUnion(jsonEscaped(value))
        // A key of many lines may be printed with something before each line.
        for line in value.split(separator: UInt8(ascii: "\n")) where line.count >= 16 && line.count < value.count {
            result.insert(Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
        }
        return result.filter { $0.count >= shortest }
    }

    private static func hexadecimal(_ value: [UInt8], _ digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return value.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// The characters that depend on the value alone when it begins `offset` bytes into a group of three.
    private static func base64(_ value: [UInt8], _ offset: Int, _ alphabet: Base64.Alphabet) -> [UInt8] {
        let text = Array(Base64.encode([UInt8](repeating: 0, count: offset) + value, alphabet).utf8)
        let first = (offset * 8 + 5) / 6
        let end = (offset + value.count) * 8 / 6
        return Array(text[first..<max(first, end)])
    }

    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    /// What browsers leave alone in a component.
    private static let marks = Set("!*'()".utf8)
    /// What they leave alone in a whole address.
    private static let reserved = Set(";/?:@&=+$,#".utf8)

    private static func percentEncoded(
        _ value: [UInt8],
        _ digits: String,
        space: UInt8?,
        keeps: Set<UInt8>
    ) -> [UInt8] {
        let digits = Array(digits.utf8)
        return value.flatMap { byte -> [UInt8] in
            if byte == 0x20, let space { return [space] }
            if keeps.contains(byte) { return [byte] }
            return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }

    /// As JSON writers spell text: with and without `\/`, and with everything beyond ASCII as it is or as `\uXXXX`.
    private static func jsonEscaped(_ value: [UInt8]) -> Set<[UInt8]> {
        guard let text = String(validating: value, as: UTF8.self) else { return [] }
        var result: Set<[UInt8]> = []
        for escapesSlash in [false, true] {
            for style in ["plain", "html", "lower", "upper"] {
                result.insert(
                    text.unicodeScalars.flatMap { scalar in escaped(scalar, escapesSlash, style) }
                )
            }
        }
        return result
    }

    private static func escaped(_ scalar: Unicode.Scalar, _ escapesSlash: Bool, _ style: String) -> [UInt8] {
        switch scalar {
        case "\"": return Array(#"\""#.utf8)
        case "\\": return Array(#"\\"#.utf8)
        case "/" where escapesSlash: return Array(#"\/"#.utf8)
        case "\n": return Array(#"\n"#.utf8)
        case "\r": return Array(#"\r"#.utf8)
        case "\t": return Array(#"\t"#.utf8)
        case "\u{8}": return Array(#"\b"#.utf8)
        case "\u{c}": return Array(#"\f"#.utf8)
        case "<" where style == "html", ">" where style == "html", "&" where style == "html": break
        case _ where scalar.value < 0x20: break
        case _ where scalar.value >= 0x7f && (style == "lower" || style == "upper"): break
        default: return Array(String(scalar).utf8)
        }
        return String(scalar).utf16.flatMap { unit in
            let digits = String(UInt32(unit) + 0x10000, radix: 16, uppercase: style == "upper").dropFirst()
            return Array("\\u\(digits)".utf8)
        }
    }
}
