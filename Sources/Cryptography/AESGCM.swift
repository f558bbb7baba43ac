// Baton
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) by OpenSSL: nobody without the key can read or change what is sealed.
public enum AESGCM {
    /// The length of a key.
    public static let keyLength = 32
    private static let nonceLength = 12
    private static let tagLength = 16

    /// Seals `bytes` under a random nonce; `context` is not stored, but opening needs the same.
    ///
    /// - Parameter key: 32 bytes, used for at most 2^32 values.
    /// - Returns: Nonce, ciphertext and tag: 28 bytes more than `bytes`.
    public static func seal(_ bytes: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8] {
        precondition(key.count == keyLength, "a key of AES-256 has 32 bytes")
        let nonce = SecureRandom.bytes(nonceLength)
        let cipher = Cipher()
        var tag = [UInt8](repeating: 0, count: tagLength)
        var output = [UInt8](repeating: 0, count: bytes.count)
        var count: Int32 = 0
        // Only allocation failure can make these calls fail; there is no state to recover then.
        let isDone =
            EVP_EncryptInit_ex(cipher.context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_EncryptUpdate(cipher.context, nil, &count, context, Int32(context.count)) == 1
            && EVP_EncryptUpdate(cipher.context, &output, &count, bytes, Int32(bytes.count)) == 1
            && EVP_EncryptFinal_ex(cipher.context, nil, &count) == 1
            && EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        precondition(isDone, "AES-256-GCM failed")
        return nonce + output + tag
    }

    /// Opens what seal(_:key:context:) gave; `nil` when the key or the context is another, or a byte was changed.
    public static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard key.count == keyLength, sealed.count >= nonceLength + tagLength else { return nil }
        let nonce = Array(sealed.prefix(nonceLength))
        let bytes = Array(sealed.dropFirst(nonceLength).dropLast(tagLength))
        var tag = Array(sealed.suffix(tagLength))
        let cipher = Cipher()
        var output = [UInt8](repeating: 0, count: bytes.count)
        var count: Int32 = 0
        let isDone =
            EVP_DecryptInit_ex(cipher.context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_DecryptUpdate(cipher.context, nil, &count, context, Int32(context.count)) == 1
            && EVP_DecryptUpdate(cipher.context, &output, &count, bytes, Int32(bytes.count)) == 1
            && EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1
            && EVP_DecryptFinal_ex(cipher.context, nil, &count) == 1
        return isDone ? output : nil
    }
}

/// A cipher's context.
private struct Cipher: ~Copyable {
    let context: OpaquePointer

    init() {
        guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("EVP_CIPHER_CTX_new failed") }
        self.context = context
    }

    deinit {
        // Wipes the key as well.
        EVP_CIPHER_CTX_free(context)
    }
}
