// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension Evaluator {
    /// The value as JSON; what the expression put together is counted first, so that a value that holds a large
    /// one many times is refused before anyone writes it out.
    mutating func boundedJSON(_ value: CELValue) throws(CELError) -> JSONValue {
        switch value {
        case .list, .map, .optional: try measure(value)
        default: break
        }
        return try value.json()
    }

    /// Canonical JSON (RFC 8785).
    mutating func canonicalText(_ value: CELValue) throws(CELError) -> String {
        try measure(value)
        return String(decoding: try value.json().canonicalBytes(), as: UTF8.self)
    }

    /// A value inside longer text: strings as they are, the rest as JSON; null is an error.
    mutating func interpolated(_ value: CELValue) throws(CELError) -> String {
        switch value {
        case .null: throw .failed("null cannot be put into text; write default(…, \"\")")
        case .list, .map, .json: return try canonicalText(value)
        default:
            guard case .string(let text) = try value.json() else { return try canonicalText(value) }
            try charge(bytes: text.utf8.count)
            return text
        }
    }

    /// Counts everything in a value, so that it can be written out; refuses what is nested too deeply to be written.
    private mutating func measure(_ value: CELValue, depth: Int = 0) throws(CELError) {
        guard depth <= CELValue.depthLimit else { throw .tooDeep }
        try charge(1)
        switch value {
        case .string(let text): try charge(bytes: text.utf8.count)
        case .bytes(let bytes): try charge(bytes: bytes.count)
        case .optional(let content?): try measure(content, depth: depth + 1)
        case .list(let values):
            for value in values { try measure(value, depth: depth + 1) }
        case .map(let entries):
            for (key, value) in entries {
                try measure(key)
                try measure(value, depth: depth + 1)
            }
        case .json(.array(let values)):
            for value in values { try measure(CELValue(value), depth: depth + 1) }
        case .json(.object(let object)):
            for member in object.members {
                try charge(bytes: member.key.utf8.count)
                try measure(CELValue(member.value), depth: depth + 1)
            }
        default: break
        }
    }
}
