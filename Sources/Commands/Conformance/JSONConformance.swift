// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Cases of JSON texts: `{"id", "text_base64"}` gives `{"id", "ok", "canonical", "error"}`.
enum JSONConformance {
    static func answer(_ object: JSONObject) throws -> JSONObject {
        guard let text = try ConformanceError.member("text_base64", of: object).stringValue,
            let bytes = decode(text)
        else { throw ConformanceError(description: "\"text_base64\" is no base 64") }
        do {
            // RFC 8259 allows names to repeat; what is canonical then, RFC 8785 does not say.
            let limits = JSONLimits(maxDepth: 1_024, allowsDuplicateNames: true)
            let value = try JSONValue(parsing: bytes, limits: limits)
            guard (try? JSONValue(parsing: bytes, limits: JSONLimits(maxDepth: 1_024))) != nil else {
                return ["ok": true]
            }
            let canonical = String(decoding: value.canonicalBytes(roundsIntegers: true), as: UTF8.self)
            return ["ok": true, "canonical": .string(canonical)]
        } catch {
            return ["ok": false, "error": .string("\(error)")]
        }
    }

    /// The bytes of base 64 with or without `=` at the end (RFC 4648); `nil` when it is none.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = 0 as UInt32
        var bits = 0
        for letter in text.utf8 where letter != UInt8(ascii: "=") {
            guard let value = value(of: letter) else { return nil }
            rest = rest << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: rest >> UInt32(bits)))
        }
        return bits < 6 ? bytes : nil
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
