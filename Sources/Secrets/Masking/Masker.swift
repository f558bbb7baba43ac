// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Replaces secrets in what leaves an executor: text, JSON, bytes.
///
/// A value is found as it is, in base 64 (both alphabets, at every alignment), in hexadecimal digits, URL-encoded and
/// escaped as in JSON; of a value of several lines every long line is found by itself. Values of less than 4 bytes are
/// not looked for.
public struct Masker: Sendable {
    /// What stands in place of a secret; of several that overlap it stands once.
    public static let mask = "[secret]"

    /// Whether there is nothing to mask.
    public let isEmpty: Bool
    private let automaton: PatternAutomaton

    /// A masker for some values; costs time and memory in proportion to their sizes, so keep it while they stay.
    public init(_ values: some Sequence<[UInt8]>) {
        var patterns: Set<[UInt8]> = []
        for value in values where value.count >= SecretSpellings.shortest {
            patterns.formUnion(SecretSpellings.all(of: value))
        }
        isEmpty = patterns.isEmpty
        automaton = PatternAutomaton(patterns)
    }

    /// Masks bytes that come in pieces.
    public func stream() -> MaskingStream { MaskingStream(automaton) }

    /// Masks bytes.
    public func mask(_ bytes: [UInt8]) -> [UInt8] {
        guard !isEmpty else { return bytes }
        var stream = stream()
        return stream.mask(bytes) + stream.finish()
    }

    /// Masks text.
    public func mask(_ text: String) -> String {
        guard !isEmpty, finds(text) else { return text }
        return String(decoding: mask(Array(text.utf8)), as: UTF8.self)
    }

    /// Masks every text in a value, names of members too, and numbers that spell a secret, which become text.
    public func mask(_ value: JSONValue) -> JSONValue {
        guard !isEmpty else { return value }
        switch value {
        case .null, .bool: return value
        case .int, .double:
            let text = value.text
            return finds(text) ? .string(mask(text)) : value
        case .string(let text): return .string(mask(text))
        case .array(let elements): return .array(elements.map(mask))
        case .object(let object):
            return .object(JSONObject(members: object.map { .init(key: mask($0.key), value: mask($0.value)) }))
        }
    }

    /// Whether a secret stands in the text.
    public func finds(_ text: String) -> Bool {
        var state = PatternAutomaton.start
        for byte in text.utf8 {
            state = automaton.next(state, byte)
            if automaton.match(state) > 0 { return true }
        }
        return false
    }
}
