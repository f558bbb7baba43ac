// Baton
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// scrypt (RFC 7914) by OpenSSL: a hash that costs time and memory, for passwords.
public struct Scrypt: Hashable, Sendable {
    /// The binary logarithm of the cost N; 1 to 20.
    public var logarithmOfCost: Int
    /// The block size r; 1 to 32. A hash takes 128 · N · r bytes of memory.
    public var blockSize: Int
    /// How often the work is done; 1 to 16.
    public var parallelism: Int

    /// N = 2^15, r = 8, p = 1: 32 MiB and about a tenth of a second.
    public static let standard = Scrypt(logarithmOfCost: 15, blockSize: 8, parallelism: 1)

    /// Puts parameters together.
    public init(logarithmOfCost: Int, blockSize: Int, parallelism: Int) {
        self.logarithmOfCost = logarithmOfCost
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// Whether all parameters are in their ranges; they may come from a database.
    public var isUsable: Bool {
        (1...20).contains(logarithmOfCost) && (1...32).contains(blockSize) && (1...16).contains(parallelism)
    }

    /// The hash of a password; blocks for its whole time.
    ///
    /// - Returns: `length` bytes; `nil` when the memory is not there or a parameter is out of its range.
    public func hash(_ password: [UInt8], salt: [UInt8], length: Int = 32) -> [UInt8]? {
        guard isUsable else { return nil }
        let memory = UInt64(128) << UInt64(logarithmOfCost) * UInt64(blockSize) + 1 << 20
        var output = [UInt8](repeating: 0, count: length)
        let result = password.withUnsafeBytes { characters in
            EVP_PBE_scrypt(
                characters.baseAddress?.assumingMemoryBound(to: CChar.self),
                characters.count,
                salt,
                salt.count,
                1 << UInt64(logarithmOfCost),
                UInt64(blockSize),
                UInt64(parallelism),
                memory,
                &output,
                length
            )
        }
        return result == 1 ? output : nil
    }
}
