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
    ///   - room: Bytes that will be added by the caller.
    static func head(
        _ response: HTTPResponse,
        _ framing: Framing,
        isPersistent: Bool,
        isOld: Bool,
        date: [UInt8],
        room: Int = 0
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(160 + room + response.headers.fields.reduce(0) { $0 + $1.value.utf8.count + 32 })
        StatusLine.append(response.status, to: &output)
        for field in response.headers.fields {
            output.append(contentsOf: field.name.utf8)
            output.append(contentsOf: separator)
            output.append(contentsOf: field.value.utf8)
            output.append(contentsOf: lineEnd)
        }
        output.append(contentsOf: date)
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            output.append(contentsOf: lengthName)
            append(decimal: count, to: &output)
            output.append(contentsOf: lineEnd)
        case .chunked: output.append(contentsOf: chunkedLine)
        }
        if !isPersistent {
            output.append(contentsOf: closeLine)
        } else if isOld {
            output.append(contentsOf: keepAliveLine)
        }
        output.append(contentsOf: lineEnd)
        return output
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
    private static let separator = Array(": ".utf8)
    private static let lengthName = Array("content-length: ".utf8)
    private static let chunkedLine = Array("transfer-encoding: chunked\r\n".utf8)
    private static let closeLine = Array("connection: close\r\n".utf8)
    private static let keepAliveLine = Array("connection: keep-alive\r\n".utf8)

    private static func append(decimal number: Int, to output: inout [UInt8]) {
        if number >= 10 { append(decimal: number / 10, to: &output) }
        output.append(UInt8(48 + number % 10))
    }
}
