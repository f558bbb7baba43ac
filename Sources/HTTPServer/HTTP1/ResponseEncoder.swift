// Baton
// SPDX-License-Identifier: Apache-2.0

/// Writes the heads of HTTP/1.1 answers.
struct ResponseEncoder {
    /// How the client learns where the body ends.
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    /// The head, ready to be followed by the body.
    ///
    /// - Parameters:
    ///   - date: The line of the Date header.
    ///   - body: Follows the head at once.
    static func head(
        _ response: HTTPResponse,
        _ framing: Framing,
        isPersistent: Bool,
        isOld: Bool,
        date: [UInt8],
        body: [UInt8] = []
    ) -> [UInt8] {
        let common = response.commonHeaders?.lines ?? []
        var size = 160 + body.count + date.count + common.count
        for field in response.headers.fields { size += field.name.utf8.count + field.value.utf8.count + 4 }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var output = ByteWriter(buffer)
            StatusLine.append(response.status, to: &output)
            for field in response.headers.fields {
                output.append(field.name)
                output.append(": " as StaticString)
                output.append(field.value)
                output.append("\r\n" as StaticString)
            }
            output.append(common)
            output.append(date)
            switch framing {
            case .none, .untilClose: break
            case .length(let count):
                output.append("content-length: " as StaticString)
                output.append(decimal: count)
                output.append("\r\n" as StaticString)
            case .chunked: output.append("transfer-encoding: chunked\r\n" as StaticString)
            }
            if !isPersistent {
                output.append("connection: close\r\n" as StaticString)
            } else if isOld {
                output.append("connection: keep-alive\r\n" as StaticString)
            }
            output.append("\r\n" as StaticString)
            output.append(body)
            count = output.count
        }
    }

    /// A chunk of a chunked body.
    static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 12)
        output.append(contentsOf: String(bytes.count, radix: 16).utf8)
        output.append(contentsOf: lineEnd)
        output.append(contentsOf: bytes)
        output.append(contentsOf: lineEnd)
        return output
    }

    /// The end of a chunked body.
    static func lastChunk(trailers: HTTPHeaders) -> [UInt8] {
        var output = Array("0\r\n".utf8)
        for field in trailers.fields { output.append(contentsOf: "\(field.name): \(field.value)\r\n".utf8) }
        output.append(contentsOf: lineEnd)
        return output
    }

    private static let lineEnd = Array("\r\n".utf8)
}

/// Writes into memory that is large enough.
struct ByteWriter {
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= buffer.count - count, "a head is longer than it was counted")
        guard let source = bytes.baseAddress else { return }
        buffer.baseAddress?.advanced(by: count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    mutating func append(_ text: String) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { append($0) }
        if isDone == nil { append(Array(text.utf8)) }
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(decimal number: Int) {
        if number >= 10 { append(decimal: number / 10) }
        precondition(count < buffer.count, "a head is longer than it was counted")
        buffer[count] = UInt8(48 + number % 10)
        count += 1
    }
}
