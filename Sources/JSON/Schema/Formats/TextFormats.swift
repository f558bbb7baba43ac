// Baton
// SPDX-License-Identifier: Apache-2.0

/// Short texts of a fixed form.
enum TextFormats {
    static func isUUID(_ text: String) -> Bool {
        guard text.utf8.count == 36 else { return false }
        return text.utf8.enumerated().allSatisfy { position, byte in
            [8, 13, 18, 23].contains(position) ? byte == UInt8(ascii: "-") : isHexDigit(byte)
        }
    }

    /// A number of levels up, perhaps a shift, then a pointer or `#`.
    static func isRelativePointer(_ text: String) -> Bool {
        var rest = text.utf8[...]
        guard takeNumber(&rest) else { return false }
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
            rest.removeFirst()
            guard takeNumber(&rest) else { return false }
        }
        return rest.elementsEqual("#".utf8) || (try? JSONPointer(String(Substring(rest)))) != nil
    }

    private static func takeNumber(_ rest: inout Substring.UTF8View) -> Bool {
        let digits = rest.prefix { 48...57 ~= $0 }
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
    }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        48...57 ~= byte || 97...102 ~= byte | 0x20
    }

    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        48...57 ~= byte || 97...122 ~= byte | 0x20
    }
}
