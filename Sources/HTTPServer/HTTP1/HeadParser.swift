// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Bounds of the head of a request.
public struct HeadLimits: Sendable {
    /// Bytes of the whole head; more is answered with 431.
    public var bytes = 65536
    /// Bytes of the request target; more is answered with 414.
    public var targetBytes = 8192
    /// Header fields; more is answered with 431.
    public var fieldCount = 100

    /// The usual bounds: 64 KiB, 8 KiB, 100.
    public init() {}
}

/// How a body is told from what follows it.
enum BodyFraming: Equatable, Sendable {
    case none
    case length(Int)
    case chunked
}

/// The head of an HTTP/1 request and what it means for the connection.
struct HTTP1Head: Equatable, Sendable {
    var head: RequestHead
    var framing: BodyFraming
    /// The client wants to go on using the connection.
    var isPersistent: Bool
    /// The client waits for leave before it sends the body.
    var expectsContinue: Bool
}

/// Reads the head of an HTTP/1.0 or HTTP/1.1 request, line by line, strictly (RFC 9112).
///
/// What other software may understand differently is refused: bare line feeds, folded lines, blanks before colons, more
/// than one length, a length beside chunks.
struct HeadParser {
    private let limits: HeadLimits
    /// Where the line that is looked for starts, and how far there is no end of it.
    private var lineStart = 0
    private var searched = 0
    private var requestLine: (method: String, target: RequestTarget, version: HTTPRequest.Version)?
    private var headers = HTTPHeaders()

    init(limits: HeadLimits) {
        self.limits = limits
    }

    /// Begins with the next head.
    mutating func reset() { self = HeadParser(limits: limits) }

    /// Some of a head was seen.
    var hasStarted: Bool { searched > 0 }

    /// Reads on.
    ///
    /// - Parameter bytes: Everything since the start of the head; with each call the same, and more at the end.
    /// - Returns: The head and how many bytes it has; `nil` when more is needed.
    mutating func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestDefect) -> (head: HTTP1Head, count: Int)? {
        while let end = try nextLineEnd(bytes) {
            let line = UnsafeBufferPointer(rebasing: bytes[lineStart..<end - 1])
            lineStart = end + 1
            searched = lineStart
            if requestLine == nil {
                // One empty line before a request is forgiven (RFC 9112 2.2).
                if line.isEmpty, lineStart == 2 { continue }
                requestLine = try readRequestLine(line)
            } else if line.isEmpty {
                return (try finish(), lineStart)
            } else {
                guard headers.fields.count < limits.fieldCount else {
                    throw .headersTooLarge("The request has more than \(limits.fieldCount) header fields.")
                }
                try FieldLine.read(line, into: &headers)
            }
        }
        return nil
    }

    /// The index of the next line feed, after a carriage return.
    private mutating func nextLineEnd(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestDefect) -> Int? {
        guard let base = bytes.baseAddress, searched < bytes.count else { return nil }
        guard let found = memchr(base + searched, Int32(Characters.lineFeed), bytes.count - searched) else {
            searched = bytes.count
            try checkSize(bytes.count, isWhole: false)
            return nil
        }
        let end = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
        try checkSize(end + 1, isWhole: true)
        guard end > lineStart, bytes[end - 1] == Characters.carriageReturn else {
            throw .malformed("A line of the head ends with a bare line feed.")
        }
        return end
    }

    private func checkSize(_ count: Int, isWhole: Bool) throws(RequestDefect) {
        if requestLine == nil, count > limits.targetBytes + 64 {
            throw .tooLong("The request target has more than \(limits.targetBytes) bytes.")
        }
        if count > limits.bytes { throw .headersTooLarge("The head has more than \(limits.bytes) bytes.") }
    }

    private func readRequestLine(
        _ line: UnsafeBufferPointer<UInt8>
    ) throws(RequestDefect) -> (String, RequestTarget, HTTPRequest.Version) {
        guard let first = line.firstIndex(of: Characters.space), let last = line.lastIndex(of: Characters.space),
            first < last
        else { throw .malformed("The request line is not a method, a target and a version.") }
        let method = line[..<first]
        guard (1...32).contains(method.count), method.allSatisfy(Characters.isToken) else {
            throw .malformed("The method is not a token of 1 to 32 characters.")
        }
        let target = UnsafeBufferPointer(rebasing: line[(first + 1)..<last])
        guard target.count <= limits.targetBytes else {
            throw .tooLong("The request target has more than \(limits.targetBytes) bytes.")
        }
        let version = try readVersion(line[(last + 1)...])
        let name = String(decoding: method, as: UTF8.self)
        guard name != "CONNECT" else { throw .unsupported("This server is no proxy.") }
        let read = try RequestTarget(target)
        guard read.raw != "*" || name == "OPTIONS" else {
            throw .malformed("Only OPTIONS may have * as its target.")
        }
        return (name, read, version)
    }

    private func readVersion(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>
    ) throws(RequestDefect) -> HTTPRequest.Version {
        if bytes.elementsEqual("HTTP/1.1".utf8) { return .http1_1 }
        if bytes.elementsEqual("HTTP/1.0".utf8) { return .http1_0 }
        let isVersion =
            bytes.count == 8 && bytes.prefix(5).elementsEqual("HTTP/".utf8)
            && bytes.dropFirst(5).first.map { (48...57).contains($0) } == true
        guard isVersion else { throw .malformed("The request line does not end with a version of HTTP.") }
        throw RequestDefect(status: 505, code: "version.unsupported", reason: "Only HTTP/1.0 and HTTP/1.1 are spoken.")
    }

    private func finish() throws(RequestDefect) -> HTTP1Head {
        guard let (method, target, version) = requestLine else { throw .malformed("There is no request line.") }
        let host = headers.first("host")
        guard headers.fields.count(where: { $0.name == "host" }) == 1 || host == nil && version == .http1_0 else {
            throw .malformed("The request needs exactly one Host header.")
        }
        if let host, !host.utf8.allSatisfy(Self.isInHost) {
            throw .malformed("The Host header has a character that is in no host.")
        }
        let framing = try BodyFraming(headers, version: version)
        let connection = headers.first("connection") == nil ? [] : headers.list("connection").map { $0.lowercased() }
        let isPersistent =
            version == .http1_1 ? !connection.contains("close") : connection.contains("keep-alive")
        return HTTP1Head(
            head: RequestHead(
                method: method,
                target: target,
                version: version,
                headers: headers,
                authority: target.authority ?? host
            ),
            framing: framing,
            isPersistent: isPersistent,
            expectsContinue: try expectsContinue(version) && framing != .none
        )
    }

    private func expectsContinue(_ version: HTTPRequest.Version) throws(RequestDefect) -> Bool {
        guard let expectation = headers.first("expect"), version == .http1_1 else { return false }
        guard expectation.lowercased() == "100-continue" else {
            throw RequestDefect(status: 417, code: "expectation.failed", reason: "Only 100-continue can be expected.")
        }
        return true
    }

    private static func isInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "-._~:[]%!$&'()*+,;=".utf8.contains(byte)
        }
    }
}

extension BodyFraming {
    /// Reads the fields that frame a body; refuses everything that two readers could understand differently.
    fileprivate init(_ headers: HTTPHeaders, version: HTTPRequest.Version) throws(RequestDefect) {
        let length = headers.first("content-length")
        guard headers.first("transfer-encoding") != nil else {
            guard let length else {
                self = .none
                return
            }
            guard headers.values("content-length").count == 1 else {
                throw .malformed("The request has more than one Content-Length.")
            }
            guard (1...18).contains(length.utf8.count), length.utf8.allSatisfy({ (48...57).contains($0) }),
                let count = Int(length)
            else { throw .malformed("Content-Length is not a number of 1 to 18 digits.") }
            self = count == 0 ? .none : .length(count)
            return
        }
        guard length == nil else {
            throw .malformed("The request has both Content-Length and Transfer-Encoding.")
        }
        guard version == .http1_1 else { throw .malformed("HTTP/1.0 has no Transfer-Encoding.") }
        let codings = headers.list("transfer-encoding").map { $0.lowercased() }
        guard codings.last == "chunked", codings.dropLast().allSatisfy({ $0 != "chunked" }) else {
            if !codings.contains("chunked") {
                throw .unsupported("Of transfer encodings only chunked is understood.")
            }
            throw .malformed("The transfer encoding does not end with one chunked.")
        }
        guard codings.count == 1 else { throw .unsupported("Of transfer encodings only chunked is understood.") }
        self = .chunked
    }
}

/// One header or trailer field.
enum FieldLine {
    /// Adds a field to the headers.
    static func read(
        _ line: UnsafeBufferPointer<UInt8>,
        into headers: inout HTTPHeaders
    ) throws(RequestDefect) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else {
            throw .malformed("A header has no name or no colon.")
        }
        // Refuses blanks before the colon and lines that go on from the one before, too.
        guard line[..<colon].allSatisfy(Characters.isToken) else {
            throw .malformed("The name of a header has a character that is in no token.")
        }
        var (start, end) = (colon + 1, line.count)
        while start < end, line[start] == Characters.space || line[start] == Characters.tab { start += 1 }
        while end > start, line[end - 1] == Characters.space || line[end - 1] == Characters.tab { end -= 1 }
        guard line[start..<end].allSatisfy(Characters.isInValue) else {
            throw .malformed("The value of a header has a control character.")
        }
        let name = String(unsafeUninitializedCapacity: colon) { buffer in
            for index in 0..<colon { buffer[index] = Characters.lowercase(line[index]) }
            return colon
        }
        headers.append(lowercase: name, String(decoding: line[start..<end], as: UTF8.self))
    }
}
