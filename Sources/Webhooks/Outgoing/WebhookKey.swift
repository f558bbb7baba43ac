// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography

/// The key that both sides of a webhook share (Standard Webhooks 1.0): 24 to 64 random bytes.
public struct WebhookKey: Sendable, Equatable {
    private static let prefix = "whsec_"
    private static let sizes = 24...64
    let bytes: [UInt8]

    /// A new key.
    public init() { bytes = SecureRandom.bytes(32) }

    /// Reads the text form, which may also come without its prefix; `nil` when it is none.
    public init?(_ text: String) {
        var digits = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
        while digits.last == "=" { digits.removeLast() }
        guard let bytes = Base64.decode(digits, .standard), Self.sizes.contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// `whsec_` and base 64.
    public var text: String { Self.prefix + Base64.encode(bytes, .standard, isPadded: true) }
}
