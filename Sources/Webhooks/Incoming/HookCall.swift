// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
public import JSON
public import Model

/// A call that somebody makes, before it is known who.
public struct HookCall: Sendable {
    /// Why a call is not taken.
    public struct Refusal: Error, Equatable {
        /// One sentence without secrets.
        public let reason: String
    }

    /// Names in lower case, each with its first value.
    public let headers: [String: String]
    /// The bytes as they came.
    public let body: [UInt8]

    /// Puts a call together.
    public init(headers: [String: String], body: [UInt8]) {
        (self.headers, self.body) = (headers, body)
    }

    /// Checks who sent it, in a time that tells nothing of the secrets.
    ///
    /// - Parameter secrets: Each is taken: the new one and, for a time, the one before.
    /// - Returns: What the sender calls the delivery, so that a repeat can be known; `nil` when it says nothing of it.
    /// - Throws: ``Refusal``.
    public func verify(_ kind: HookKind, secrets: [String], at now: Timestamp) throws(Refusal) -> String? {
        switch kind {
        case .standard: return try standard(secrets, now)
        case .github:
            let given = try header("x-hub-signature-256")
            guard given.hasPrefix("sha256=") else { throw Refusal(reason: "X-Hub-Signature-256 has no `sha256=`") }
            try match([String(given.dropFirst(7))], secrets, body)
            return headers["x-github-delivery"]
        case .slack: return try slack(secrets, now)
        case .stripe: return try stripe(secrets, now)
        case .basic:
            let text = try credential("basic")
            let digits = text.reversed().drop { $0 == "=" }.reversed()
            let given = Base64.decode(String(digits), .standard) ?? []
            guard Self.isOne(of: secrets, given) else { throw Refusal(reason: "user or password is wrong") }
            return ownID
        case .apiKey:
            let given = if let key = headers["x-api-key"] { key } else { try credential("bearer") }
            guard Self.isOne(of: secrets, Array(given.utf8)) else { throw Refusal(reason: "the key is wrong") }
            return ownID
        }
    }

    /// What a sender that has no field of its own for that may call the delivery.
    private var ownID: String? { headers["webhook-id"] ?? headers["idempotency-key"] }

    private func standard(_ secrets: [String], _ now: Timestamp) throws(Refusal) -> String? {
        let (id, seconds) = (try header("webhook-id"), try header("webhook-timestamp"))
        try check(seconds, now)
        let given = try header("webhook-signature").split(separator: " ").compactMap { part -> [UInt8]? in
            guard part.hasPrefix("v1,") else { return nil }
            var digits = part.dropFirst(3)
            while digits.last == "=" { digits.removeLast() }
            return Base64.decode(digits, .standard)
        }
        var isRight = false
        for key in secrets.compactMap({ WebhookKey($0) }) {
            let code = WebhookSignature.code(id, seconds, body, key)
            // All of them are looked at, whichever it is.
            for one in given.prefix(16) where ConstantTime.isEqual(one, code) { isRight = true }
        }
        guard isRight else { throw Refusal(reason: "no signature is right") }
        return id
    }

    private func slack(_ secrets: [String], _ now: Timestamp) throws(Refusal) -> String? {
        let (given, seconds) = (try header("x-slack-signature"), try header("x-slack-request-timestamp"))
        try check(seconds, now)
        guard given.hasPrefix("v0=") else { throw Refusal(reason: "X-Slack-Signature has no `v0=`") }
        try match([String(given.dropFirst(3))], secrets, Array("v0:\(seconds):".utf8) + body)
        // Events have an id; a command or a click has none, but its signature is its own.
        return (try? JSONValue(parsing: body))?["event_id"]?.stringValue ?? given
    }

    private func stripe(_ secrets: [String], _ now: Timestamp) throws(Refusal) -> String? {
        var (seconds, signatures) = ("", [String]())
        for part in try header("stripe-signature").split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let name = pair[0].filter { $0 != " " }
            if name == "t" { seconds = String(pair[1]) }
            if name == "v1", signatures.count < 16 { signatures.append(String(pair[1])) }
        }
        try check(seconds, now)
        try match(signatures, secrets, Array("\(seconds).".utf8) + body)
        return (try? JSONValue(parsing: body))?["id"]?.stringValue
    }

    // MARK: Parts

    private func header(_ name: String) throws(Refusal) -> String {
        guard let value = headers[name] else { throw Refusal(reason: "the header \(name) is missing") }
        return value
    }

    private func credential(_ scheme: String) throws(Refusal) -> String {
        let words = try header("authorization").split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == scheme else {
            throw Refusal(reason: "the header authorization is not of the scheme \(scheme)")
        }
        return String(words[1])
    }

    private func check(_ seconds: String, _ now: Timestamp) throws(Refusal) {
        guard seconds.utf8.count <= 12, let time = Int64(seconds), time >= 0 else {
            throw Refusal(reason: "the time of the call is no number of seconds")
        }
        let apart = now - Timestamp(milliseconds: time * 1000)
        guard max(apart, .zero - apart) <= WebhookSignature.tolerance else {
            throw Refusal(reason: "the time of the call is more than 5 minutes away")
        }
    }

    /// Whether one of some signatures in hexadecimal digits is that of the bytes.
    private func match(_ given: [String], _ secrets: [String], _ bytes: [UInt8]) throws(Refusal) {
        var isRight = false
        for secret in secrets {
            let digits = Array(Self.hexadecimal(HMACSHA256.code(bytes, key: Array(secret.utf8))).utf8)
            for one in given where ConstantTime.isEqual(Array(one.lowercased().utf8), digits) { isRight = true }
        }
        guard isRight else { throw Refusal(reason: "no signature is right") }
    }

    private static func isOne(of secrets: [String], _ given: [UInt8]) -> Bool {
        var isRight = false
        // Codes instead of the values, so that not even the length shows.
        let key = SecureRandom.bytes(32)
        let code = HMACSHA256.code(given, key: key)
        for secret in secrets where ConstantTime.isEqual(HMACSHA256.code(Array(secret.utf8), key: key), code) {
            isRight = true
        }
        return isRight
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension HookCall {
    /// The body as JSON: of a form its fields, of other types a text.
    public var value: JSONValue {
        let type =
            headers["content-type"]?.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
        if type == "application/x-www-form-urlencoded" {
            let fields = Self.form(body)
            // Slack and GitHub put their JSON into a field of that name.
            if fields.count == 1, let text = fields["payload"]?.stringValue,
                let inner = try? JSONValue(parsing: Array(text.utf8))
            {
                return inner
            }
            return .object(fields)
        }
        if let json = try? JSONValue(parsing: body) { return json }
        return body.isEmpty ? .null : .string(String(decoding: body, as: UTF8.self))
    }

    private static func form(_ bytes: [UInt8]) -> JSONObject {
        var fields = JSONObject()
        for pair in bytes.split(separator: UInt8(ascii: "&")).prefix(1000) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            fields[decoded(parts[0])] = .string(parts.count == 2 ? decoded(parts[1]) : "")
        }
        return fields
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var (result, rest) = ([UInt8](), bytes)
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
