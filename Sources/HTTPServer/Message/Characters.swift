// Baton
// SPDX-License-Identifier: Apache-2.0

/// The alphabets of RFC 9110 and RFC 9112.
enum Characters {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// `tchar`: names of headers and methods.
    static func isToken(_ byte: UInt8) -> Bool {
        token[Int(byte)]
    }

    /// What the value of a field may hold: visible ASCII, blanks, and bytes above ASCII.
    static func isInValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7f) || byte == tab
    }

    /// What a request target may hold: visible ASCII without the sign of a fragment.
    static func isInTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#")
    }

    /// The value of a hexadecimal digit.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }

    private static let token: [Bool] = (0...255).map { (byte: UInt8) in
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
