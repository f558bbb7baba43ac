// Baton
// SPDX-License-Identifier: Apache-2.0

/// Hashes of blobs that something names, 32 bytes each: there may be millions.
struct BlobMarks {
    private var digests: Set<SIMD4<UInt64>> = []

    /// Marks the hash of 64 lower-case hexadecimal digits; anything else is no name of a blob.
    mutating func insert(_ hash: String) {
        if let digest = Self.digest(Array(hash.utf8)[...]) { digests.insert(digest) }
    }

    /// Marks every run of exactly 64 hexadecimal digits, whatever stands around it.
    mutating func insertHashes(in bytes: [UInt8]) {
        var start = 0
        for index in 0...bytes.count where index == bytes.count || Self.value(bytes[index]) == nil {
            if index - start == 64, let digest = Self.digest(bytes[start..<index]) { digests.insert(digest) }
            start = index + 1
        }
    }

    func contains(_ hash: String) -> Bool {
        // What is no hash is not ours to remove.
        Self.digest(Array(hash.utf8)[...]).map(digests.contains) ?? true
    }

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
