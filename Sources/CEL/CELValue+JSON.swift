// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar
public import JSON

extension CELValue {
    /// Lists and maps inside each other that can be compared or written as JSON: a document as deep as the JSON
    /// parser allows, which is 256, inside as many brackets as the expression parser allows, which is 32.
    static let depthLimit = 288

    /// The value as JSON.
    ///
    /// Bytes become base 64, timestamps RFC 3339, durations seconds as in `"3.5s"`; keys that are numbers or bools
    /// become their text.
    ///
    /// - Throws: `failed` for types, infinities, NaN, an uint above 2^63 − 1 and keys that are equal as text,
    ///   and more than 288 lists and maps inside each other.
    public func json() throws(CELError) -> JSONValue {
        try json(depth: 0)
    }

    private func json(depth: Int) throws(CELError) -> JSONValue {
        guard depth <= Self.depthLimit else { throw .tooDeep }
        switch self {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .uint(let value):
            guard let signed = Int64(exactly: value) else { throw .failed("\(value)u is too large for JSON") }
            return .int(signed)
        case .double(let value):
            guard value.isFinite else { throw .failed("\(value) has no form in JSON") }
            return .double(value)
        case .string(let value): return .string(value)
        case .bytes(let value): return .string(Base64.encode(value))
        case .list(let values):
            var elements: [JSONValue] = []
            elements.reserveCapacity(values.count)
            for value in values { elements.append(try value.json(depth: depth + 1)) }
            return .array(elements)
        case .map(let entries): return .object(try Self.jsonObject(entries, depth: depth))
        case .timestamp(let seconds, let nanoseconds):
            return .string(RFC3339.text(seconds: seconds, nanoseconds: nanoseconds))
        case .duration(let seconds, let nanoseconds):
            return .string(DurationForm.text(seconds: seconds, nanoseconds: nanoseconds))
        case .type(let name): throw .failed("the type \(name) has no form in JSON")
        case .optional: throw .failed("an optional value has no form in JSON; write orValue(…) or value()")
        case .network(let network): return .string(network.description)
        case .json(let value): return value
        }
    }

    private static func jsonObject(_ entries: [(CELValue, CELValue)], depth: Int) throws(CELError) -> JSONObject {
        var object = JSONObject()
        for (key, value) in entries {
            let name = try key.memberName()
            guard object[name] == nil else { throw .failed("the key \"\(name)\" would be twice in a JSON object") }
            object.append(name, try value.json(depth: depth + 1))
        }
        return object
    }

    private func memberName() throws(CELError) -> String {
        switch normalized {
        case .string(let text): return text
        case .bool(let value): return String(value)
        case .int(let value): return String(value)
        case .uint(let value): return String(value)
        default: throw .failed("a \(typeName) cannot name a member of a JSON object")
        }
    }
}

/// Base 64 (RFC 4648, section 4), written with padding, read with or without.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Nil when the text is not base 64.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        if bytes.count.isMultiple(of: 4) {
            for _ in 0..<2 where bytes.last == UInt8(ascii: "=") { bytes.removeLast() }
        }
        guard bytes.count % 4 != 1 else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 3 / 4)
        var group: UInt32 = 0
        var bits = 0
        for byte in bytes {
            guard let digit = value(of: byte) else { return nil }
            group = group << 6 | digit
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return output
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 65...90: UInt32(byte - 65)
        case 97...122: UInt32(byte - 71)
        case 48...57: UInt32(byte + 4)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
            for index in 0..<4 {
                output.append(index <= count ? digits[Int(group >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
