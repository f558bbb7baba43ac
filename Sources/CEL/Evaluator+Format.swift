// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON

extension Evaluator {
    /// Digits after the point that a clause may ask for.
    private static var precisionLimit: Int { 100 }

    /// `text.format(list)`.
    mutating func format(_ value: CELValue, _ node: Node) throws(CELError) -> String {
        guard case .string(let format) = value else { throw unsuitable(.format, value) }
        let list = try evaluate(node)
        guard let arguments = list.elements else { throw unsuitable(.format, list) }
        let bytes = Array(format.utf8)
        try charge(bytes.count / 8)
        var result: [UInt8] = []
        var index = 0
        var used = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            if index < bytes.count, bytes[index] == UInt8(ascii: "%") {
                result.append(byte)
                index += 1
                continue
            }
            let precision = try Self.precision(bytes, &index)
            guard index < bytes.count else { throw .failed("the format ends inside a clause") }
            guard used < arguments.count else { throw .failed("the format needs more than \(arguments.count) values") }
            let text = try clause(bytes[index], precision, arguments[used])
            try charge(1)
            try charge(bytes: text.utf8.count)
            result += text.utf8
            used += 1
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `.3` after the percent sign.
    private static func precision(_ bytes: [UInt8], _ index: inout Int) throws(CELError) -> Int? {
        guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return nil }
        index += 1
        var value = 0
        let start = index
        while index < bytes.count, bytes[index].isDigit {
            value = Swift.min(value * 10 + Int(bytes[index] - 48), precisionLimit + 1)
            index += 1
        }
        guard index > start, value <= precisionLimit else {
            throw .failed("a format takes 0 to \(precisionLimit) digits after the point")
        }
        return value
    }

    private mutating func clause(_ letter: UInt8, _ precision: Int?, _ value: CELValue) throws(CELError) -> String {
        switch Unicode.Scalar(letter) {
        case "s": return try plainText(value, depth: 0)
        case "d":
            switch value {
            case .int, .uint: return try text(of: value) ?? ""
            case .double(let number) where !number.isFinite: return Self.text(of: number)
            default: break
            }
        case "f", "e":
            if let number = Number(value) {
                // Exact digits of large numbers take about a microsecond.
                try charge(20)
                return Self.decimal(number.asDouble, isExponential: letter == UInt8(ascii: "e"), precision ?? 6)
            }
        case "b":
            if case .bool(let value) = value { return value ? "1" : "0" }
            if let text = Self.whole(value, radix: 2) { return text }
        case "o":
            if let text = Self.whole(value, radix: 8) { return text }
        case "x", "X":
            if let text = try hexadecimal(value) { return letter == UInt8(ascii: "X") ? text.uppercased() : text }
        default: throw .failed("a format has no clause `%\(Unicode.Scalar(letter))`")
        }
        throw .failed("the clause `%\(Unicode.Scalar(letter))` does not work on \(article(value.typeName))")
    }

    private static func whole(_ value: CELValue, radix: Int) -> String? {
        switch value {
        case .int(let number): String(number, radix: radix)
        case .uint(let number): String(number, radix: radix)
        default: nil
        }
    }

    private mutating func hexadecimal(_ value: CELValue) throws(CELError) -> String? {
        let bytes: [UInt8]
        switch value {
        case .string(let text): bytes = Array(text.utf8)
        case .bytes(let content): bytes = content
        default: return Self.whole(value, radix: 16)
        }
        try charge(bytes.count / 8)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Rounded half to even, as the C library does.
    private static func decimal(_ number: Double, isExponential: Bool, _ precision: Int) -> String {
        guard number.isFinite else { return text(of: number) }
        // The largest double has 309 digits before the point.
        var buffer = [CChar](repeating: 0, count: 320 + precision)
        let count = withVaList([CInt(precision), number]) {
            vsnprintf(&buffer, buffer.count, isExponential ? "%.*e" : "%.*f", $0)
        }
        return String(decoding: buffer[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What `%s` writes.
    private mutating func plainText(_ value: CELValue, depth: Int) throws(CELError) -> String {
        guard depth <= CELValue.depthLimit else { throw .tooDeep }
        try charge(1)
        switch value {
        case .null: return "null"
        case .type(let name): return name
        case .bytes(let bytes):
            try charge(bytes: bytes.count)
            return Self.replacingInvalid(bytes)
        case .list, .json(.array): return "[\(try plainElements(value, depth).joined(separator: ", "))]"
        case .map, .json(.object): return "{\(try plainEntries(value, depth).joined(separator: ", "))}"
        default:
            guard let text = try text(of: value) else {
                throw .failed("the clause `%s` does not work on \(article(value.typeName))")
            }
            try charge(bytes: text.utf8.count)
            return text
        }
    }

    private mutating func plainElements(_ value: CELValue, _ depth: Int) throws(CELError) -> [String] {
        guard let elements = value.elements else { return [] }
        var parts: [String] = []
        for index in 0..<elements.count { parts.append(try plainText(elements[index], depth: depth + 1)) }
        return parts
    }

    /// In the order of the keys' texts.
    private mutating func plainEntries(_ value: CELValue, _ depth: Int) throws(CELError) -> [String] {
        guard let keys = value.iterated else { return [] }
        var entries: [(key: String, text: String)] = []
        for index in 0..<keys.count {
            let pair = value.pair(index, in: keys)
            let key = try plainText(pair.0, depth: depth + 1)
            entries.append((key, try plainText(pair.1, depth: depth + 1)))
        }
        entries.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return entries.map { "\($0.key): \($0.text)" }
    }

    /// Neighbouring bytes that are no UTF-8 become one U+FFFD.
    private static func replacingInvalid(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var result = ""
        var wasInvalid = false
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                result.unicodeScalars.append(scalar)
                wasInvalid = false
            case .error:
                if !wasInvalid { result += "\u{FFFD}" }
                wasInvalid = true
            case .emptyInput: return result
            }
        }
    }
}
