// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a plain scalar means by the core schema of YAML 1.2 (section 10.3.2): `no` is text, `0o17` a number.
enum YAMLScalar {
    /// The value, or `nil` for a number that JSON cannot hold.
    static func resolve(_ text: String) -> SourceNode.Content? {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first, numberStarts.contains(first) else { return .text(text) }
        return number(text)
    }

    private static let numberStarts = Set("+-.0123456789".utf8)

    private static func number(_ text: String) -> SourceNode.Content? {
        if let value = radix(text, "0o", 8) ?? radix(text, "0x", 16) { return value }
        switch shape(text.utf8) {
        case .none:
            let unsigned = text.utf8.first == UInt8(ascii: ".") ? text[...] : text.dropFirst()
            return infinities.contains(String(unsigned)) || nans.contains(text) ? nil : .text(text)
        case .integer:
            if let value = Int64(text) { return .int(value) }
        case .fraction:
            break
        }
        guard let value = Double(text), value.isFinite else { return nil }
        return .double(value)
    }

    private static let infinities: Set<String> = [".inf", ".Inf", ".INF"]
    private static let nans: Set<String> = [".nan", ".NaN", ".NAN"]

    private static func radix(_ text: String, _ prefix: String, _ radix: Int) -> SourceNode.Content? {
        let digits = text.dropFirst(2)
        guard text.hasPrefix(prefix), digits.utf8.first != UInt8(ascii: "+"), digits.utf8.first != UInt8(ascii: "-")
        else { return nil }
        return Int64(digits, radix: radix).map { .int($0) }
    }

    private enum Shape { case none, integer, fraction }

    /// `[-+]?[0-9]+`, or `[-+]? ( \.[0-9]+ | [0-9]+(\.[0-9]*)? ) ([eE][-+]?[0-9]+)?`.
    private static func shape(_ bytes: String.UTF8View) -> Shape {
        var rest = bytes[...]
        func takeDigits() -> Int {
            let digits = rest.prefix { $0 >= 48 && $0 <= 57 }.count
            rest = rest.dropFirst(digits)
            return digits
        }
        func take(_ choices: String) -> Bool {
            guard let first = rest.first, choices.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("+-")
        var digits = takeDigits()
        if rest.isEmpty { return digits > 0 ? .integer : .none }
        if take(".") { digits += takeDigits() }
        guard digits > 0 else { return .none }
        if take("eE") {
            _ = take("+-")
            guard takeDigits() > 0 else { return .none }
        }
        return rest.isEmpty ? .fraction : .none
    }
}
