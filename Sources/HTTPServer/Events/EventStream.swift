// Baton
// SPDX-License-Identifier: Apache-2.0

/// Server-sent events (HTML standard 9.2) to one client.
public struct EventStream: Sendable {
    private let writer: ResponseWriter

    init(_ writer: ResponseWriter) {
        self.writer = writer
    }

    /// Sends an event; returns once not too many bytes wait for the client.
    ///
    /// - Parameters:
    ///   - data: May have line breaks of any kind; they all arrive as line feeds.
    ///   - event: Its type, without line breaks; `nil` for "message".
    ///   - id: What the client says in `Last-Event-ID` when it comes back; without line breaks and NUL.
    /// - Throws: `HTTPStreamError` with code `connectionClosed`, `timeout` or `cancelled`.
    public func send(_ data: String, event: String? = nil, id: String? = nil) async throws(HTTPStreamError) {
        try await writer.write(Self.encode(data, event: event, id: id))
    }

    /// Sends an event that is encoded already.
    public func send(_ event: EncodedEvent) async throws(HTTPStreamError) {
        try await writer.write(event.bytes)
    }

    /// Tells the client how long to wait before it comes back after a break.
    public func setRetry(_ delay: Duration) async throws(HTTPStreamError) {
        try await writer.write("retry: \(delay.milliseconds)\n\n")
    }

    /// Sends something that clients overlook.
    public func comment(_ text: String = "") async throws(HTTPStreamError) {
        try await writer.write(Self.lines(of: Array(text.utf8)).flatMap { Array(": ".utf8) + $0 + [10] } + [10])
    }

    /// The event as it is sent.
    static func encode(_ data: String, event: String?, id: String?) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(data.utf8.count + 32)
        // A line break here would be the start of another field.
        if let event { output += Array("event: ".utf8) + oneLine(event) + [10] }
        if let id { output += Array("id: ".utf8) + oneLine(id) + [10] }
        for line in lines(of: Array(data.utf8)) { output += Array("data: ".utf8) + line + [10] }
        output.append(10)
        return output
    }

    private static func oneLine(_ text: String) -> [UInt8] {
        text.utf8.filter { $0 != 10 && $0 != 13 && $0 != 0 }
    }

    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 10 || byte == 13 {
                lines.append(bytes[start..<index])
                if byte == 13, index + 1 < bytes.count, bytes[index + 1] == 10 { index += 1 }
                start = index + 1
            }
            index += 1
        }
        lines.append(bytes[start...])
        return lines
    }
}

/// An event as it is sent, made once for any number of clients.
public struct EncodedEvent: Sendable {
    /// Its lines, the empty one at the end included.
    public let bytes: [UInt8]

    /// Encodes an event as ``EventStream/send(_:event:id:)`` does.
    public init(_ data: String, event: String? = nil, id: String? = nil) {
        bytes = EventStream.encode(data, event: event, id: id)
    }
}

extension HTTPResponse {
    /// A stream of server-sent events.
    ///
    /// The handler finds where a client was in the header `Last-Event-ID`.
    ///
    /// - Parameters:
    ///   - keepAlive: After this time without an event an empty comment is sent.
    ///   - produce: Runs in the task of the handler, after it returned; ends the stream by returning or throwing. Cancelled
    ///     when the client goes away.
    public static func events(
        headers: HTTPHeaders = HTTPHeaders(),
        keepAlive: Duration = .seconds(15),
        produce: @escaping @Sendable (EventStream) async throws -> Void
    ) -> HTTPResponse {
        let stream = ResponseStream(length: nil, produce: { try await produce(EventStream($0)) })
        return .events(stream, headers: headers, keepAlive: keepAlive)
    }

    /// A stream with what all streams of events have.
    static func events(_ stream: ResponseStream, headers: HTTPHeaders, keepAlive: Duration) -> HTTPResponse {
        var (stream, headers) = (stream, headers)
        headers["content-type"] = "text/event-stream"
        headers["cache-control"] = headers["cache-control"] ?? "no-store"
        // Proxies that collect answers would keep events back.
        headers["x-accel-buffering"] = "no"
        stream.keepAlive = ResponseStream.KeepAlive(interval: keepAlive, bytes: Array(":\n\n".utf8))
        return HTTPResponse(status: 200, headers: headers, body: .stream(stream))
    }
}
