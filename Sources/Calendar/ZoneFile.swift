// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads the compiled files of the IANA data base (RFC 8536).
enum ZoneFile {
    /// The largest file of the data base has about 4 KiB.
    private static let sizeLimit = 1 << 18

    /// The content of a file; nil when there is none or it is too large.
    static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while bytes.count <= sizeLimit {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return !bytes.isEmpty && bytes.count <= sizeLimit && ferror(file) == 0 ? bytes : nil
    }

    /// The rules in a file of version 2 or later; nil when anything is not as it should be.
    static func parse(_ bytes: [UInt8]) -> TimeZoneRules? {
        var reader = ByteReader(bytes: bytes)
        guard let old = reader.header(), old.version >= UInt8(ascii: "2"), reader.skip(old.size(timeBytes: 4)),
            let header = reader.header(), header.version == old.version
        else { return nil }
        guard header.types > 0, header.characters > 0, header.leaps == 0,
            let transitions = reader.numbers(header.times, bytes: 8), let kinds = reader.numbers(header.times, bytes: 1)
        else { return nil }
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            guard let offset = reader.number(bytes: 4), let isSummer = reader.number(bytes: 1), isSummer < 2,
                let name = reader.number(bytes: 1), name < header.characters, offset.magnitude < 93_600
            else { return nil }
            offsets.append(offset)
        }
        guard reader.skip(header.characters + header.standards + header.universals), let text = reader.footer(),
            zip(transitions, transitions.dropFirst()).allSatisfy({ $0 < $1 }),
            kinds.allSatisfy({ $0 < offsets.count })
        else { return nil }
        var footer: PosixRule?
        if !text.isEmpty {
            guard let rule = PosixRule(text) else { return nil }
            footer = rule
        }
        return TimeZoneRules(
            transitions: transitions,
            offsets: kinds.map { offsets[Int($0)] },
            first: offsets[0],
            footer: footer
        )
    }

    fileprivate struct Header {
        let version: UInt8
        let universals: Int
        let standards: Int
        let leaps: Int
        let times: Int
        let types: Int
        let characters: Int

        /// Bytes of the block after the header.
        func size(timeBytes: Int) -> Int {
            times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standards + universals
        }
    }
}

private struct ByteReader {
    let bytes: [UInt8]
    var index = 0

    mutating func header() -> ZoneFile.Header? {
        guard bytes[index...].starts(with: "TZif".utf8), index + 44 <= bytes.count else { return nil }
        let version = bytes[index + 4]
        index += 20
        var counts: [Int] = []
        for _ in 0..<6 {
            // No count can be larger than the file.
            guard let count = number(bytes: 4), count >= 0, count <= bytes.count else { return nil }
            counts.append(Int(count))
        }
        return ZoneFile.Header(
            version: version,
            universals: counts[0],
            standards: counts[1],
            leaps: counts[2],
            times: counts[3],
            types: counts[4],
            characters: counts[5]
        )
    }

    mutating func skip(_ count: Int) -> Bool {
        guard index + count <= bytes.count else { return false }
        index += count
        return true
    }

    /// Big-endian; signed unless it is one byte.
    mutating func number(bytes count: Int) -> Int64? {
        guard index + count <= bytes.count else { return nil }
        var value: UInt64 = 0
        for byte in bytes[index..<index + count] { value = value << 8 | UInt64(byte) }
        index += count
        return count == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }

    mutating func numbers(_ count: Int, bytes width: Int) -> [Int64]? {
        guard index + count * width <= bytes.count else { return nil }
        return (0..<count).compactMap { _ in number(bytes: width) }
    }

    /// The rest: a text between two line ends.
    mutating func footer() -> String? {
        guard bytes.count - index >= 2, bytes[index] == 10, bytes.last == 10 else { return nil }
        return String(decoding: bytes[(index + 1)..<(bytes.count - 1)], as: UTF8.self)
    }
}
