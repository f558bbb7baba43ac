// Baton
// SPDX-License-Identifier: Apache-2.0

/// Base 64 (RFC 4648).
public enum Base64 {
    /// The last two of the 64 characters.
    public enum Alphabet: Sendable {
        /// `+` and `/`.
        case standard
        /// `-` and `_`.
        case url
    }

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    static func characters(_ alphabet: Alphabet) -> [UInt8] {
        letters + Array((alphabet == .standard ? "+/" : "-_").utf8)
    }

    /// The text of some bytes, with `=` up to a multiple of four only when asked for.
    public static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .url, isPadded: Bool = false) -> String {
        let characters = characters(alphabet)
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count * 4 + 2) / 3)
        var (bits, count) = (UInt32(0), 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                result.append(characters[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { result.append(characters[Int(bits << UInt32(6 - count) & 63)]) }
        while isPadded && result.count % 4 != 0 { result.append(UInt8(ascii: "=")) }
        return String(decoding: result, as: UTF8.self)
    }

    /// The bytes of a text without padding; `nil` when it is not the one spelling of some bytes.
    public static func decode(_ text: some StringProtocol, _ alphabet: Alphabet = .url) -> [UInt8]? {
        var result: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        let special: (UInt8, UInt8) = alphabet == .standard ? (0x2b, 0x2f) : (0x2d, 0x5f)
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case 65...90: value = byte - 65
            case 97...122: value = byte - 71
            case 48...57: value = byte + 4
            case special.0: value = 62
            case special.1: value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // A whole character too many, or bits that say nothing: another text stands for the same bytes.
        guard count < 6, bits & (1 << UInt32(count) - 1) == 0 else { return nil }
        return result
    }
}
