// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography

/// Names of sessions that need no table: each says its version, and a code proves that it was made here for that client.
///
/// A session carries nothing but its version, so one that outlives the process goes on, and none is ever lost. It gives no
/// access: every request shows its own credentials.
public struct SessionTokens: Sendable {
    private let keys: [Int: [UInt8]]
    private let current: Int

    /// - Parameters:
    ///   - keys: By version.
    ///   - current: The version of the one that is used for new sessions.
    public init(_ keys: [Int: [UInt8]], current: Int) {
        (self.keys, self.current) = (keys, current)
    }

    /// With a key that nobody else has.
    public init() {
        var random = SystemRandomNumberGenerator()
        self.init([1: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }], current: 1)
    }

    /// A new session.
    ///
    /// - Parameter client: Whose it is; only the same client can use it.
    public func make(_ version: String, for client: String) -> String {
        var random = SystemRandomNumberGenerator()
        let text = "\(version)_\(String(random.next(), radix: 16))"
        return "\(text)_\(code(text, client, keys[current] ?? []))"
    }

    /// The version of a session; `nil` for one that was not made here for that client.
    public func version(of session: String, for client: String) -> String? {
        let parts = session.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, session.utf8.count <= 200 else { return nil }
        let text = "\(parts[0])_\(parts[1])"
        let isOurs = keys.values.contains {
            ConstantTime.isEqual(Array(code(text, client, $0).utf8), Array(parts[2].utf8))
        }
        return isOurs ? String(parts[0]) : nil
    }

    private func code(_ text: String, _ client: String, _ key: [UInt8]) -> String {
        Base64.encode(HMACSHA256.code(Array("\(text)\n\(client)".utf8), key: key))
    }
}
