// Baton
// SPDX-License-Identifier: Apache-2.0

/// A message of an event stream (HTML Living Standard, section 9.2).
public struct ServerSentEvent: Sendable, Equatable {
    /// The last `id` that the stream had; empty for none.
    public var id: String
    /// `message` when the stream does not say.
    public var event: String
    /// The `data` lines, joined by line feeds.
    public var data: String

    /// Puts a message together.
    public init(id: String = "", event: String = "message", data: String) {
        (self.id, self.event, self.data) = (id, event, data)
    }
}

/// Why an event stream cannot be read.
public struct ServerSentEventError: Error, Sendable, Equatable {
    /// What is wrong.
    public let message: String
}

/// Reads an event stream, however it is cut into pieces (HTML Living Standard, section 9.2.6).
public struct ServerSentEventParser: Sendable {
    /// A message may not have more bytes than that.
    public static let byteLimit = 16 << 20

    /// The last `id`, for the header `Last-Event-ID`; empty for none.
    public private(set) var lastID = ""
    /// How long the server wants clients to wait before they come back; `nil` when it did not say.
    public private(set) var retry: Duration?

    private var line: [UInt8] = []
    /// The last byte was CR, so that a LF belongs to it.
    private var endedWithReturn = false
    private var isAtStart = true
    private var event = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var id = ""

    /// At the beginning of a stream.
    ///
    /// - Parameter lastID: Of the stream that this one goes on from.
    public init(lastID: String = "") {
        (self.lastID, id) = (lastID, lastID)
    }

    /// Reads on.
    ///
    /// - Returns: The messages that are complete now.
    /// - Throws: When a message has more than ``byteLimit`` bytes.
    public mutating func feed(_ bytes: some Sequence<UInt8>) throws(ServerSentEventError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let belongsToReturn = endedWithReturn && byte == 0x0a
            endedWithReturn = byte == 0x0d
            if belongsToReturn { continue }
            if byte == 0x0a || byte == 0x0d {
                if let event = endLine() { events.append(event) }
            } else {
                line.append(byte)
                guard line.count + data.count <= Self.byteLimit else {
                    throw ServerSentEventError(
                        message: "a message of the event stream has more than \(Self.byteLimit) bytes"
                    )
                }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        if isAtStart {
            isAtStart = false
            if line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else { return dispatch() }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            take(String(decoding: line, as: UTF8.self), [])
            return nil
        }
        // A line that begins with a colon is a comment.
        guard colon > 0 else { return nil }
        var value = line[(colon + 1)...]
        if value.first == 0x20 { value.removeFirst() }
        take(String(decoding: line[..<colon], as: UTF8.self), value)
        return nil
    }

    private mutating func take(_ field: String, _ value: ArraySlice<UInt8>) {
        switch field {
        case "data":
            if hasData { data.append(0x0a) }
            hasData = true
            data += value
        case "event": event = String(decoding: value, as: UTF8.self)
        case "id": if !value.contains(0) { id = String(decoding: value, as: UTF8.self) }
        case "retry":
            if !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }),
                let milliseconds = Int64(String(decoding: value, as: UTF8.self))
            {
                retry = .milliseconds(milliseconds)
            }
        default: break
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        lastID = id
        defer { (event, data, hasData) = ("", [], false) }
        guard hasData else { return nil }
        return ServerSentEvent(
            id: id,
            event: event.isEmpty ? "message" : event,
            data: String(decoding: data, as: UTF8.self)
        )
    }
}
