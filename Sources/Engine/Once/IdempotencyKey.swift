// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names a request, so that it is carried out once however often it comes (spec 6.2). See ``DurableEngine/once(_:)``.
public struct IdempotencyKey: Sendable, Hashable {
    /// How long an answer is kept.
    public static let span = Duration.seconds(86_400)
    /// The longest key, in bytes.
    public static let limit = 255

    /// Who asks; the keys of two principals have nothing to do with each other.
    public var principal: String
    /// As the client chose it.
    public var key: String
    /// Hash of everything that makes the request what it is: method, path and body.
    public var fingerprint: String

    /// Names a request.
    public init(principal: String, key: String, fingerprint: String) {
        self.principal = principal
        self.key = key
        self.fingerprint = fingerprint
    }

    /// Checks the length.
    ///
    /// - Throws: `invalid`.
    func check() throws(EngineError) {
        guard (1...Self.limit).contains(key.utf8.count) else {
            throw EngineError(.invalid, "an idempotency key has 1 to \(Self.limit) bytes")
        }
    }
}
