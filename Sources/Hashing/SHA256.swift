// Baton
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// SHA-256 (FIPS 180-4) by OpenSSL.
public enum SHA256 {
    /// The digest, 32 bytes.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        digest(bytes.span)
    }

    /// The digest, 32 bytes.
    public static func digest(_ bytes: Span<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            bytes.withUnsafeBufferPointer { input in
                // Only allocation failure can make this call fail; there is no state to recover then.
                precondition(
                    EVP_Digest(input.baseAddress, input.count, output.baseAddress, nil, EVP_sha256(), nil) == 1,
                    "EVP_Digest failed"
                )
            }
            count = 32
        }
    }

    /// The digest as 64 lower-case hexadecimal digits.
    public static func hex(_ bytes: [UInt8]) -> String {
        hexadecimal(digest(bytes))
    }

    /// Lower-case hexadecimal digits of `bytes`, two a byte.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: bytes.count * 2) { output in
            for (index, byte) in bytes.enumerated() {
                output[2 * index] = digits[Int(byte >> 4)]
                output[2 * index + 1] = digits[Int(byte & 15)]
            }
            return bytes.count * 2
        }
    }
}
