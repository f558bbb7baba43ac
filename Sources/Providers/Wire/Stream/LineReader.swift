// Baton
// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into lines, wherever its pieces end. LF, CR LF and CR end a line.
struct LineReader: Sendable {
    /// No line may be longer.
    static let byteLimit = 16 << 20

    private var line: [UInt8] = []
    private var endedWithReturn = false

    /// The lines that are complete now; `nil` when one is too long.
    mutating func feed(_ bytes: some Collection<UInt8>) -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        for byte in bytes {
            let belongsToReturn = endedWithReturn && byte == 0x0a
            endedWithReturn = byte == 0x0d
            if belongsToReturn { continue }
            if byte == 0x0a || byte == 0x0d {
                lines.append(line)
                line.removeAll(keepingCapacity: true)
            } else {
                line.append(byte)
            }
        }
        return line.count <= Self.byteLimit ? lines : nil
    }

    /// What came after the last line end.
    mutating func rest() -> [UInt8] {
        defer { line = [] }
        return line
    }
}

/// Takes the messages out of an event stream (HTML Living Standard, section 9.2), as far as providers use it.
struct EventReader: Sendable {
    /// The name of the event, empty for none, and its data.
    typealias Message = (event: String, data: [UInt8])

    private var lines = LineReader()
    private var event = ""
    private var data: [UInt8] = []
    private var hasData = false

    /// The messages that are complete now; `nil` when one is too long.
    mutating func feed(_ bytes: some Collection<UInt8>) -> [Message]? {
        guard let lines = lines.feed(bytes) else { return nil }
        var messages: [Message] = []
        for line in lines {
            if let message = take(line) { messages.append(message) }
        }
        return data.count <= LineReader.byteLimit ? messages : nil
    }

    private mutating func take(_ line: [UInt8]) -> Message? {
        guard !line.isEmpty else {
            defer { (event, data, hasData) = ("", [], false) }
            return hasData ? (event, data) : nil
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        var value = line.dropFirst(name.count + 1)
        if value.first == 0x20 { value.removeFirst() }
        if name.elementsEqual("data".utf8) {
            if hasData { data.append(0x0a) }
            hasData = true
            data += value
        } else if name.elementsEqual("event".utf8) {
            event = String(decoding: value, as: UTF8.self)
        }
        return nil
    }
}
