// Baton
// SPDX-License-Identifier: Apache-2.0

/// The forms of names (spec 3.1).
enum Name {
    static let idRule = "ids are a letter or `_`, then up to 63 letters, digits, `_` or `-`"
    static let definitionRule = "names are a letter or `_`, then up to 199 letters, digits, `_`, `-`, `.` or `/`"

    static func isID(_ text: String) -> Bool { matches(text, limit: 64) }

    /// An id that expressions can hold as it is.
    static func isIdentifier(_ text: String) -> Bool { isID(text) && !text.utf8.contains(UInt8(ascii: "-")) }

    static func isDefinition(_ text: String) -> Bool { matches(text, limit: 200, extra: "./") }

    /// May stand in an id after its first letter.
    static func isIDByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (byte >= 48 && byte <= 57) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private static func matches(_ text: String, limit: Int, extra: String = "") -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= limit, isLetter(first) || first == UInt8(ascii: "_")
        else { return false }
        return text.utf8.allSatisfy { isIDByte($0) || extra.utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= 97 && (byte | 32) <= 122 }
}
