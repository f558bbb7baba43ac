// Baton
// SPDX-License-Identifier: Apache-2.0

public import Cryptography
internal import JSON
internal import Model

/// Keys that sign access tokens, by version. Tokens of an older version stay valid while its key is here.
public struct SigningKeys: Sendable {
    let current: Int
    let keys: [Int: [UInt8]]

    /// Derives them from the keys of the installation.
    public init(_ ring: Keyring) {
        self.init(ring.derived(for: "baton access tokens"), current: ring.current)
    }

    init(_ keys: [Int: [UInt8]], current: Int) {
        (self.keys, self.current) = (keys, current)
    }
}

/// A JSON Web Token (RFC 7519) in the one form that is ever issued: HS256, and a header that follows from type and key.
///
/// The header is compared, not interpreted, so there is no algorithm that a token could choose.
struct SignedToken {
    /// What a token is for; also its audience.
    enum Use: String {
        case access = "at+jwt"
        case feed = "feed+jwt"

        var audience: String { self == .access ? "baton" : "baton.feed" }
    }

    static let issuer = "baton"
    /// Clocks of several servers may differ.
    private static let leeway: Int64 = 30

    let claims: JSONObject

    private static func header(_ use: Use, _ version: Int) -> String {
        Base64.encode(Array(#"{"alg":"HS256","typ":"\#(use.rawValue)","kid":"\#(version)"}"#.utf8))
    }

    /// Signs claims; adds `iss`, `aud`, `iat`, `nbf`, `exp` and `jti`.
    static func issue(
        _ use: Use,
        _ claims: JSONObject,
        keys: SigningKeys,
        at now: Timestamp,
        lifetime: Duration
    ) -> String {
        let seconds = now.milliseconds / 1000
        var claims = claims
        claims["iss"] = .string(issuer)
        claims["aud"] = .string(use.audience)
        claims["iat"] = .int(seconds)
        claims["nbf"] = .int(seconds)
        claims["exp"] = .int(seconds + lifetime.components.seconds)
        claims["jti"] = .string(Base64.encode(SecureRandom.bytes(9)))
        let text = header(use, keys.current) + "." + Base64.encode(JSONValue.object(claims).bytes())
        let code = HMACSHA256.code(Array(text.utf8), key: keys.keys[keys.current] ?? [])
        return text + "." + Base64.encode(code)
    }

    /// Checks a token of that use; `nil` when anything about it is wrong.
    init?(_ text: String, _ use: Use, keys: SigningKeys, at now: Timestamp) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 4096, parts.count == 3,
            let key = keys.keys.first(where: { parts[0] == Self.header(use, $0.key) })?.value,
            let signature = Base64.decode(parts[2])
        else { return nil }
        let signed = Array("\(parts[0]).\(parts[1])".utf8)
        guard ConstantTime.isEqual(signature, HMACSHA256.code(signed, key: key)),
            let body = Base64.decode(parts[1]), let value = try? JSONValue(parsing: body),
            case .object(let claims) = value
        else { return nil }
        let seconds = now.milliseconds / 1000
        guard claims["iss"]?.stringValue == Self.issuer, claims["aud"]?.stringValue == use.audience,
            let end = claims["exp"]?.intValue, seconds < end,
            let start = claims["nbf"]?.intValue, seconds >= start - Self.leeway
        else { return nil }
        self.claims = claims
    }
}
