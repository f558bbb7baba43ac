// Baton
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Comparison of what an attacker must not learn.
public enum ConstantTime {
    /// Whether two values are equal, in a time that depends on their lengths only.
    public static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return CRYPTO_memcmp(left, right, left.count) == 0
    }
}
