// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Values with their types, as `{"t": type, "v": value}`.
///
/// `int` and `uint` are decimal text, `double` is text (`NaN`, `Infinity` and `-Infinity` allowed), `bytes` is base 64,
/// `list` holds typed values, `map` pairs of them, `timestamp` and `duration` are text as in the JSON form of protocol
/// buffers, `type` is a name, `optional` holds a typed value or null, and addresses and blocks are text as `net.IP`
/// and `net.CIDR`.
enum TypedValue {
    /// Reads a typed value.
    static func decode(_ json: JSONValue) throws(CELError) -> CELValue {
        guard case .object(let object) = json, case .string(let type)? = object["t"] else {
            throw CELError(code: .failed, message: "a typed value is {\"t\": …, \"v\": …}")
        }
        let content = object["v"] ?? .null
        if let value = try scalar(type, content) { return value }
        guard let value = try composite(type, content) else {
            throw CELError(code: .failed, message: "wrong value of the type `\(type)`")
        }
        return value
    }

    private static func scalar(_ type: String, _ value: JSONValue) throws(CELError) -> CELValue? {
        switch (type, value) {
        case ("null", _): return .null
        case ("bool", .bool(let value)): return .bool(value)
        case ("int", .string(let text)): return Int64(text).map { .int($0) }
        case ("int", .int(let value)): return .int(value)
        case ("uint", .string(let text)): return UInt64(text).map { .uint($0) }
        case ("uint", .int(let value)): return UInt64(exactly: value).map { .uint($0) }
        case ("double", .string(let text)): return double(text).map { .double($0) }
        case ("double", .int(let value)): return .double(Double(value))
        case ("double", .double(let value)): return .double(value)
        case ("string", .string(let text)): return .string(text)
        case ("bytes", .string(let text)): return try convert("base64.decode", text)
        case ("type", .string(let name)): return .type(name)
        case ("timestamp", .string(let text)): return try convert("timestamp", text)
        case ("duration", .string(let text)): return try convert("duration", text)
        case ("net.IP", .string(let text)): return try convert("ip", text)
        case ("net.CIDR", .string(let text)): return try convert("cidr", text)
        default: return nil
        }
    }

    private static func double(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: Double(text)
        }
    }

    /// The language's own way from text to a type.
    private static func convert(_ function: String, _ text: String) throws(CELError) -> CELValue {
        try CELExpression("\(function)(text)").evaluate(in: TextVariable(text: text))
    }

    private static func composite(_ type: String, _ value: JSONValue) throws(CELError) -> CELValue? {
        switch (type, value) {
        case ("list", .array(let values)):
            var elements: [CELValue] = []
            for value in values { elements.append(try decode(value)) }
            return .list(elements)
        case ("map", .array(let pairs)):
            var entries: [(CELValue, CELValue)] = []
            for pair in pairs {
                guard case .array(let parts) = pair, parts.count == 2 else { return nil }
                entries.append((try decode(parts[0]), try decode(parts[1])))
            }
            return .map(entries)
        case ("optional", .null): return .optional(nil)
        case ("optional", _): return .optional(try decode(value))
        default: return nil
        }
    }

    /// Writes a value with its type.
    ///
    /// - Throws: When the text would be larger than about 16 MiB, which a short expression can ask for.
    static func encode(_ value: CELValue) throws(CELError) -> JSONValue {
        var room = 1 << 24
        return try encode(value, &room)
    }

    private static func encode(_ value: CELValue, _ room: inout Int) throws(CELError) -> JSONValue {
        room -= 24 + size(of: value)
        guard room >= 0 else { throw CELError(code: .cost, message: "the result is larger than 16 MiB") }
        switch value {
        case .null: return typed("null", .null)
        case .bool(let value): return typed("bool", .bool(value))
        case .int(let value): return typed("int", .string(String(value)))
        case .uint(let value): return typed("uint", .string(String(value)))
        case .double(let value): return typed("double", .string(text(of: value)))
        case .string(let text): return typed("string", .string(text))
        case .bytes: return typed("bytes", try value.json())
        case .timestamp: return typed("timestamp", try value.json())
        case .duration: return typed("duration", try value.json())
        case .type(let name): return typed("type", .string(name))
        case .network: return typed(value.typeName, try value.json())
        case .optional(nil): return typed("optional", .null)
        case .optional(let content?): return typed("optional", try encode(content, &room))
        case .list(let values):
            var elements: [JSONValue] = []
            for value in values { elements.append(try encode(value, &room)) }
            return typed("list", .array(elements))
        case .map(let entries):
            var pairs: [JSONValue] = []
            for (key, value) in entries { pairs.append(.array([try encode(key, &room), try encode(value, &room)])) }
            return typed("map", .array(pairs))
        case .json(.array(let values)): return try encode(.list(values.map { CELValue($0) }), &room)
        case .json(.object(let object)):
            return try encode(.map(object.members.map { (.string($0.key), CELValue($0.value)) }), &room)
        case .json(let scalar): return try encode(CELValue(scalar), &room)
        }
    }

    private static func size(of value: CELValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        default: 0
        }
    }

    private static func text(of value: Double) -> String {
        value.isNaN ? "NaN" : value.isFinite ? String(value) : value < 0 ? "-Infinity" : "Infinity"
    }

    private static func typed(_ type: String, _ value: JSONValue) -> JSONValue {
        .object(["t": .string(type), "v": value])
    }
}

/// A text under the name `text`.
private struct TextVariable: CELScope {
    let text: String

    func variable(_ name: String) -> CELValue? { .string(text) }
}
