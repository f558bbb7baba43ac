// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
public import Model

/// The headers of Standard Webhooks 1.0: who sends what is proven by HMAC-SHA256 of `id.timestamp.body`.
public enum WebhookSignature {
    /// How far clocks may be apart.
    public static let tolerance = Duration.seconds(300)

    /// The headers of a message.
    ///
    /// - Parameters:
    ///   - id: The same for every attempt; without a point.
    ///   - keys: Each signs: the new one and, for a time, the one before.
    public static func headers(
        id: String,
        at time: Timestamp,
        body: [UInt8],
        keys: [WebhookKey]
    ) -> [(name: String, value: String)] {
        let seconds = String(time.milliseconds / 1000)
        let signatures = keys.map { "v1," + Base64.encode(code(id, seconds, body, $0), .standard, isPadded: true) }
        return [
            ("webhook-id", id), ("webhook-timestamp", seconds),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }

    static func code(_ id: String, _ seconds: String, _ body: [UInt8], _ key: WebhookKey) -> [UInt8] {
        HMACSHA256.code(Array("\(id).\(seconds).".utf8) + body, key: key.bytes)
    }
}
