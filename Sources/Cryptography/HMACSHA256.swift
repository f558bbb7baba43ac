// Baton
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// HMAC (RFC 2104) with SHA-256, by OpenSSL.
public enum HMACSHA256 {
    /// The code of `bytes`, 32 bytes.
    public static func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            // Only allocation failure can make this call fail; there is no state to recover then.
            let result = EVP_Q_mac(
                nil,
                "HMAC",
                nil,
                "SHA256",
                nil,
                key,
                key.count,
                bytes,
                bytes.count,
                output.baseAddress,
                32,
                &count
            )
            precondition(result != nil && count == 32, "EVP_Q_mac failed")
        }
    }

    /// A key of 32 bytes for one purpose, of a key that is uniformly random already (HKDF-Expand, RFC 5869, one block).
    public static func derive(_ purpose: String, from key: [UInt8]) -> [UInt8] {
        code(Array(purpose.utf8) + [1], key: key)
    }
}
