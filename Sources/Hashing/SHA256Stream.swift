// Baton
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// SHA-256 of bytes that come in pieces, such as those of a file too large for the memory.
public struct SHA256Stream: ~Copyable {
    private let context: OpaquePointer

    /// Begins with no bytes.
    public init() {
        // Only allocation failure can make these calls fail; there is no state to recover then.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("EVP_DigestInit failed")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Takes the next bytes in.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "EVP_DigestUpdate failed")
    }

    /// The digest of everything taken in, 32 bytes.
    public consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            precondition(EVP_DigestFinal_ex(context, output.baseAddress, nil) == 1, "EVP_DigestFinal failed")
            count = 32
        }
    }
}
