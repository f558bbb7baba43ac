// Baton
// SPDX-License-Identifier: Apache-2.0

/// Writes a tar of regular files (POSIX.1-1988 ustar), byte for byte the same for the same files.
///
/// Times, owners and modes are fixed, so nothing but names and content is in it. See decision 0005.
struct TarWriter {
    private(set) var bytes: [UInt8] = []

    /// Adds a file. The name has at most 100 bytes.
    mutating func add(_ name: String, _ content: [UInt8]) {
        precondition(name.utf8.count <= TarHeader.nameLimit)
        bytes += TarHeader.bytes(name: name, size: content.count)
        bytes += content
        pad()
    }

    /// Writes the end.
    mutating func finish() {
        bytes += [UInt8](repeating: 0, count: 2 * TarHeader.size)
    }

    private mutating func pad() {
        let rest = bytes.count % TarHeader.size
        if rest > 0 { bytes += [UInt8](repeating: 0, count: TarHeader.size - rest) }
    }
}

/// The block in front of a file.
enum TarHeader {
    static let size = 512
    static let nameLimit = 100

    static func bytes(name: String, size: Int) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.size)
        func set(_ text: String, _ offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        set(name, 0)
        set("0000644\0", 100)
        set("0000000\0", 108)
        set("0000000\0", 116)
        set(octal(size, digits: 11) + "\0", 124)
        set("00000000000\0", 136)
        set("        ", 148)
        set("0", 156)
        set("ustar\u{0}00", 257)
        set(octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", 148)
        return block
    }

    private static func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
