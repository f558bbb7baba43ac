// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// A request to the API of a server.
public struct APIRequest: Sendable {
    /// In upper case.
    public var method: String
    /// From the root, without a query: `/v1/runs`. Parts that are names are encoded by ``path(_:)``.
    public var path: String
    /// In order; names may repeat.
    public var query: [(name: String, value: String)]
    /// Names and values; `authorization` is added by the transport.
    public var headers: [(name: String, value: String)] = []
    /// `nil` sends no body.
    public var body: [UInt8]?
    /// Of the body.
    public var contentType = "application/json"
    /// From the call to the last byte; of a stream, to the head.
    public var timeout: Duration = .seconds(60)
    /// Sent without saying who asks, as `login` is.
    public var isPublic = false

    /// A request, with a JSON body if there is one.
    public init(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)] = [],
        json: JSONValue? = nil
    ) {
        (self.method, self.path, self.query) = (method, path, query)
        body = json?.bytes()
    }

    /// Path and query, encoded.
    public var target: String {
        guard !query.isEmpty else { return path }
        let items = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
        return "\(path)?\(items.joined(separator: "&"))"
    }

    /// A path of those parts, each of them encoded: `/v1/runs/run_…`.
    public static func path(_ parts: String...) -> String {
        parts.map { "/" + encoded($0) }.joined()
    }

    /// Everything but unreserved characters as `%XX` (RFC 3986, section 2.3).
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
