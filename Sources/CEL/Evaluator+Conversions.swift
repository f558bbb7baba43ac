// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar
import JSON

extension Evaluator {
    /// The functions named after types.
    mutating func convert(_ function: Function, _ value: CELValue) throws(CELError) -> CELValue {
        if value.typeName == function.rawValue { return value }
        if case .string(let text) = value {
            try charge(bytes: text.utf8.count)
            guard let result = Self.parse(function, text) else {
                throw .failed("`\(function.rawValue)` cannot read the text \(value.shortText)")
            }
            return result
        }
        if case .bytes(let bytes) = value { try charge(bytes: bytes.count) }
        guard let result = try convertOther(function, value) else { throw unsuitable(function, value) }
        return result
    }

    private static func parse(_ function: Function, _ text: String) -> CELValue? {
        switch function {
        case .int: text.hasPrefix("+") ? nil : Int64(text).map { .int($0) }
        case .uint: text.hasPrefix("+") || text.hasPrefix("-") ? nil : UInt64(text).map { .uint($0) }
        case .double: double(text).map { .double($0) }
        case .bool:
            switch text {
            case "true", "True", "TRUE", "t", "1": .bool(true)
            case "false", "False", "FALSE", "f", "0": .bool(false)
            default: nil
            }
        case .bytes: .bytes(Array(text.utf8))
        case .timestamp:
            RFC3339.parse(text).map { .timestamp(seconds: $0.seconds, nanoseconds: $0.nanoseconds) }
        case .duration: DurationForm.parse(text).flatMap { .duration(nanoseconds: $0) }
        default: nil
        }
    }

    /// Decimal digits with point and exponent, `NaN`, `Infinity` and `-Infinity`.
    private static func double(_ text: String) -> Double? {
        switch text {
        case "NaN": return .nan
        case "Infinity", "+Infinity", "inf", "+inf", "Inf", "+Inf": return .infinity
        case "-Infinity", "-inf", "-Inf": return -.infinity
        default:
            guard text.utf8.allSatisfy({ $0.isDigit || "+-.eE".utf8.contains($0) }), let value = Double(text) else {
                return nil
            }
            return value.isFinite ? value : nil
        }
    }

    private func convertOther(_ function: Function, _ value: CELValue) throws(CELError) -> CELValue? {
        switch (function, value) {
        case (.int, .timestamp(let seconds, _)): return .int(seconds)
        case (.timestamp, .timestamp), (.duration, .duration): return value
        case (.timestamp, .int(let seconds)):
            guard RFC3339.range.contains(seconds) else { throw .failed("the time is out of range") }
            return .timestamp(seconds: seconds, nanoseconds: 0)
        case (.int, _), (.uint, _):
            return try Number(value).map { (number) throws(CELError) in try whole(function, number) }
        case (.double, _): return Number(value).map { .double($0.asDouble) }
        case (.string, _): return try text(of: value).map { .string($0) }
        default: return nil
        }
    }

    /// Fractions are cut off.
    private func whole(_ function: Function, _ number: Number) throws(CELError) -> CELValue {
        let result: CELValue?
        switch number {
        case .int(let value): result = UInt64(exactly: value).map { .uint($0) }
        case .uint(let value): result = Int64(exactly: value).map { .int($0) }
        case .double(let value) where function == .int:
            // Both ends are refused, the lower one because it may be a rounded smaller number.
            result = value > -0x1p63 && value < 0x1p63 ? .int(Int64(value)) : nil
        case .double(let value): result = value >= 0 && value < 0x1p64 ? .uint(UInt64(value)) : nil
        }
        guard let result else { throw .failed("\(number) does not fit \(article(function.rawValue))") }
        return result
    }

    /// The text of a scalar; nil for types that have none.
    func text(of value: CELValue) throws(CELError) -> String? {
        switch value {
        case .bool(let value): return String(value)
        case .int(let value): return String(value)
        case .uint(let value): return String(value)
        case .double(let value): return Self.text(of: value)
        case .string(let value): return value
        case .bytes(let value):
            guard let text = String(validating: value, as: UTF8.self) else { throw .failed("the bytes are not UTF-8") }
            return text
        case .timestamp(let seconds, let nanoseconds):
            return RFC3339.text(seconds: seconds, nanoseconds: nanoseconds)
        case .duration(let seconds, let nanoseconds):
            return DurationForm.text(seconds: seconds, nanoseconds: nanoseconds)
        case .network(let network): return network.description
        default: return nil
        }
    }

    /// As canonical JSON writes it; infinities and NaN by name.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value < 0 ? "-Infinity" : "Infinity" }
        return String(decoding: JSONValue.double(value).canonicalBytes(), as: UTF8.self)
    }
}
