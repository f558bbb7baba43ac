// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import JSON
public import Model

extension Payload {
    /// A value as a payload; when it is too large for an event also the bytes (canonical JSON) that have to be durable
    /// before an event names it.
    static func of(_ value: JSONValue) -> (payload: Payload, bytes: [UInt8]?) {
        guard value.isLargerThan(Payload.inlineLimit) else { return (Payload(inline: value), nil) }
        let bytes = value.canonicalBytes()
        return (Payload(value: value, storedAs: BlobRef(ofBytes: bytes)), bytes)
    }

    /// How an event names the value: `{"value": …}` or `{"blob": {"hash", "size"}}`.
    var json: JSONObject {
        if let blob { ["blob": blob.json] } else { ["value": value] }
    }
}

extension BlobRef {
    /// `{"hash": "…", "size": n}`.
    var json: JSONValue { ["hash": .string(hash), "size": .int(Int64(size))] }

    /// Names bytes.
    init(ofBytes bytes: [UInt8]) {
        self.init(hash: SHA256.hex(bytes), size: bytes.count)
    }

    init?(json: JSONValue?) {
        guard let hash = json?["hash"]?.stringValue, let size = json?["size"]?.intValue else { return nil }
        self.init(hash: hash, size: Int(size))
    }
}

extension TaskError {
    /// `{code, class, message, details?, retry_after_ms?}`, as expressions and APIs see it.
    public var json: JSONValue {
        var result: JSONObject = [
            "code": .string(code), "class": .string(errorClass.rawValue), "message": .string(message),
        ]
        if let details { result["details"] = details }
        if let retryAfter { result["retry_after_ms"] = .int(retryAfter.milliseconds) }
        return .object(result)
    }

    init?(json: JSONValue?) {
        guard let json, let code = json["code"]?.stringValue, let message = json["message"]?.stringValue,
            let errorClass = json["class"]?.stringValue.flatMap(ErrorClass.init)
        else { return nil }
        self.init(
            code: code,
            errorClass: errorClass,
            message: message,
            details: json["details"],
            retryAfter: json["retry_after_ms"]?.intValue.map(Duration.milliseconds)
        )
    }
}

extension JSONValue {
    /// Whether the value's compact JSON is surely or probably longer than `limit` bytes. Counts without writing, and
    /// stops as soon as the answer is known.
    func isLargerThan(_ limit: Int) -> Bool {
        var left = limit
        return !takeSize(&left)
    }

    private func takeSize(_ left: inout Int) -> Bool {
        switch self {
        case .null, .bool: left -= 5
        case .int, .double: left -= 20
        case .string(let text): left -= text.utf8.count + 2
        case .array(let items):
            left -= 2
            for item in items {
                left -= 1
                guard left >= 0, item.takeSize(&left) else { return false }
            }
        case .object(let object):
            left -= 2
            for member in object.members {
                left -= member.key.utf8.count + 4
                guard left >= 0, member.value.takeSize(&left) else { return false }
            }
        }
        return left >= 0
    }
}
