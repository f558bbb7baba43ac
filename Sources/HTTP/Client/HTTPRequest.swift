// Baton
// SPDX-License-Identifier: Apache-2.0

/// A request that ``HTTPClient`` sends.
public struct HTTPRequest: Sendable {
    /// In upper case.
    public var method: String
    /// The whole URL, with its query.
    public var url: String
    /// Names and values in order; names may repeat.
    public var headers: [(name: String, value: String)]
    /// `nil` sends no body.
    public var body: [UInt8]?
    /// How many redirects are followed [0–5]; the answer after the last one is returned as it is.
    public var redirectLimit: Int
    /// The largest body, after decompression.
    public var byteLimit: Int
    /// From the call to the last byte, redirects and name resolution included.
    public var timeout: Duration
    /// Names of headers, in lower case, that redirects to another origin go without; those whose names sound like
    /// credentials always do.
    public var credentialHeaders: Set<String> = []
    /// What forbids the request besides the policy of the client, which it cannot widen; asked about each redirect too.
    public var refusal: (@Sendable (_ url: HTTPURL, _ method: String) -> String?)?

    /// A request with the bounds of the `http` node kind.
    public init(
        method: String = "GET",
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        redirectLimit: Int = 0,
        byteLimit: Int = 10 << 20,
        timeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.redirectLimit = redirectLimit
        self.byteLimit = byteLimit
        self.timeout = timeout
    }

    /// The value of the first header with that name, in any case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Why the request cannot be put on a wire; `nil` if it can.
    var defect: String? {
        guard !method.isEmpty, method.utf8.count <= 32, method.utf8.allSatisfy(Self.isToken) else {
            return "\"\(method)\" is no method"
        }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else { return "\"\(name)\" is no header name" }
            guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == 9 }) else {
                return "the value of header \(name) has a line break or another control character"
            }
            guard !Self.ownHeaders.contains(name.lowercased()) else {
                return "header \(name) is set by the client itself"
            }
        }
        let size = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        return size <= 65536 ? nil : "the headers have \(size) bytes, more than 65536"
    }

    /// What the framing of a message rests on.
    private static let ownHeaders: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect",
        "keep-alive", "proxy-connection", "proxy-authorization",
    ]

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
