// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads a tar of regular files: what ``TarWriter`` writes, and what `tar` makes of the same files.
///
/// Nothing is ever written under a name from an archive, and all the same a name that leads elsewhere is refused. So are
/// links, devices and sparse files, names given twice, wrong checksums, and anything cut short.
struct TarReader {
    /// The largest archive, in bytes.
    static let byteLimit = 1 << 30
    private static let fileLimit = 1_000_000

    private let bytes: [UInt8]
    private var position = 0
    private var files: [String: Range<Int>] = [:]

    /// The content of every file, by name.
    static func read(_ bytes: [UInt8]) throws(CatalogError) -> [String: ArraySlice<UInt8>] {
        guard bytes.count <= byteLimit else { throw failure("it is larger than 1 GiB") }
        var reader = TarReader(bytes: bytes)
        while try reader.next() {}
        return reader.files.mapValues { bytes[$0] }
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads one entry; `false` at the end.
    private mutating func next() throws(CatalogError) -> Bool {
        guard position < bytes.count else { throw Self.failure("its end is missing: it was cut short") }
        guard bytes.count - position >= TarHeader.size else { throw Self.failure("it was cut short inside a header") }
        let header = bytes[position..<(position + TarHeader.size)]
        if header.allSatisfy({ $0 == 0 }) { return false }
        position += TarHeader.size
        try check(header)
        let name = try name(header)
        guard let size = number(header, 124, 12) else { throw Self.failure("the size of `\(name)` is no number") }
        guard size <= bytes.count - position else { throw Self.failure("`\(name)` is longer than the archive") }
        let content = position..<(position + size)
        position = min(bytes.count, position + (size + TarHeader.size - 1) / TarHeader.size * TarHeader.size)
        switch header[header.startIndex + 156] {
        case 0, UInt8(ascii: "0"): try add(name, content)
        // Folders, and records of times and owners that some programs write, say nothing that matters here.
        case UInt8(ascii: "5"), UInt8(ascii: "x"), UInt8(ascii: "g"): break
        case let type:
            throw Self.failure("`\(name)` is no regular file (type \(String(UnicodeScalar(type)).debugDescription))")
        }
        return true
    }

    private mutating func add(_ name: String, _ content: Range<Int>) throws(CatalogError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains("..") else {
            throw Self.failure("`\(name)` leads out of the archive")
        }
        // `tar -c .` puts this in front.
        let plain = parts.drop { $0 == "." }.joined(separator: "/")
        guard files[plain] == nil else { throw Self.failure("`\(plain)` is there twice") }
        guard files.count < Self.fileLimit else { throw Self.failure("it has more than \(Self.fileLimit) files") }
        files[plain] = content
    }

    private func check(_ header: ArraySlice<UInt8>) throws(CatalogError) {
        let start = header.startIndex
        let isTar = header[(start + 257)...].starts(with: Array("ustar".utf8))
        let sum = header.indices.reduce(0) { sum, index in
            (148..<156).contains(index - start) ? sum + 32 : sum + Int(header[index])
        }
        guard isTar, number(header, 148, 8) == sum else {
            throw Self.failure("it is no tar file, or damaged: the header at byte \(start) does not fit")
        }
    }

    private func name(_ header: ArraySlice<UInt8>) throws(CatalogError) -> String {
        let (name, prefix) = (text(header, 0, 100), text(header, 345, 155))
        // The space of the prefix is used otherwise by GNU tar.
        let isPOSIX = header[header.startIndex + 262] == 0
        return isPOSIX && !prefix.isEmpty ? "\(prefix)/\(name)" : name
    }

    private func text(_ header: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> String {
        String(decoding: header[(header.startIndex + offset)...].prefix(count).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// An octal number that ends with a space or a zero.
    private func number(_ header: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> Int? {
        let field = header[(header.startIndex + offset)...].prefix(count)
        let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        guard !digits.isEmpty, digits.allSatisfy({ (48...55).contains($0) }) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    static func failure(_ reason: String) -> CatalogError {
        CatalogError(.invalid, "the archive cannot be imported: \(reason); nothing was stored")
    }
}
