// Baton
// SPDX-License-Identifier: Apache-2.0

/// Hashes of blobs that something names, 32 bytes each: there may be millions.
public struct BlobMarks: Sendable {
    private var digests: Set<SIMD4<UInt64>> = []

    /// No marks.
    public init() {}

    /// Marks the hash of 64 lower-case hexadecimal digits; anything else is no name of a blob.
    public mutating func insert(_ hash: String) {
        if let digest = Self.digest(Array(hash.utf8)[...]) { digests.insert(digest) }
    }

    /// Marks every run of exactly 64 hexadecimal digits, whatever stands around it.
    public mutating func insertHashes(in bytes: [UInt8]) {
        Self.scan(bytes) { digest, _ in digests.insert(digest) }
    }

    /// Marks them likewise, but those of texts that attempts wrote, which stand as `"log":{"hash":"…`, in `logs`.
    public mutating func insertHashes(in bytes: [UInt8], exceptLogs logs: inout BlobMarks) {
        Self.scan(bytes) { digest, isLog in
            if isLog { logs.digests.insert(digest) } else { digests.insert(digest) }
        }
    }

    private static func scan(_ bytes: [UInt8], _ body: (SIMD4<UInt64>, _ isLog: Bool) -> Void) {
        var start = 0
        for index in 0...bytes.count where index == bytes.count || value(bytes[index]) == nil {
            if index - start == 64, let digest = digest(bytes[start..<index]) {
                body(digest, bytes[..<start].ends(with: logKey))
            }
            start = index + 1
        }
    }

    /// Whether something names it.
    public func contains(_ hash: String) -> Bool {
        // What is no hash is not ours to remove.
        Self.digest(Array(hash.utf8)[...]).map(digests.contains) ?? true
    }

    /// The hashes, 32 bytes each, sorted.
    public var packed: [UInt8] {
        let sorted = digests.sorted { left, right in
            for index in 0..<3 where left[index] != right[index] { return left[index] < right[index] }
            return left[3] < right[3]
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sorted.count * 32)
        for digest in sorted {
            for index in 0..<4 { withUnsafeBytes(of: digest[index].bigEndian) { bytes.append(contentsOf: $0) } }
        }
        return bytes
    }

    /// Marks what ``packed`` gave.
    public mutating func insert(packed bytes: [UInt8]) {
        for start in stride(from: 0, to: bytes.count - 31, by: 32) {
            var digest = SIMD4<UInt64>()
            for index in 0..<32 { digest[index / 8] = digest[index / 8] << 8 | UInt64(bytes[start + index]) }
            digests.insert(digest)
        }
    }

    private static let logKey = Array(#""log":{"hash":""#.utf8)

    private static func digest(_ text: ArraySlice<UInt8>) -> SIMD4<UInt64>? {
        guard text.count == 64 else { return nil }
        var digest = SIMD4<UInt64>()
        for (index, byte) in text.enumerated() {
            guard let value = value(byte) else { return nil }
            digest[index / 16] = digest[index / 16] << 4 | UInt64(value)
        }
        return digest
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        default: nil
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with suffix: [UInt8]) -> Bool {
        count >= suffix.count && self.suffix(suffix.count).elementsEqual(suffix)
    }
}
