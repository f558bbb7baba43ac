// Baton
// SPDX-License-Identifier: Apache-2.0

/// Takes a chunked body apart (RFC 9112 7.1), strictly.
struct ChunkDecoder {
    private enum Step {
        case size(value: Int, digits: Int)
        case extensions(value: Int)
        case sizeEnd(value: Int)
        case data(left: Int)
        case dataReturn
        case dataEnd
        case trailer
        case done
    }

    /// Bytes of the trailer section.
    private static let trailerLimit = 8192
    /// Bytes of one size line with its extensions, which are skipped.
    private static let lineLimit = 256

    private var step = Step.size(value: 0, digits: 0)
    private var lineCount = 0
    private var line: [UInt8] = []
    private var trailerCount = 0
    private(set) var trailers = HTTPHeaders()

    /// The last byte of the body was seen.
    var isDone: Bool { if case .done = step { true } else { false } }

    /// Reads on and appends what is data.
    ///
    /// - Returns: How many bytes belong to the body; less than all only at its end.
    mutating func decode(
        _ bytes: UnsafeBufferPointer<UInt8>,
        into output: inout [UInt8]
    ) throws(RequestDefect) -> Int {
        var index = 0
        while index < bytes.count {
            switch step {
            case .done: return index
            case .data(let left):
                let count = min(left, bytes.count - index)
                output.append(contentsOf: bytes[index..<index + count])
                index += count
                step = count == left ? .dataReturn : .data(left: left - count)
            default:
                try read(bytes[index])
                index += 1
            }
        }
        return index
    }

    private mutating func read(_ byte: UInt8) throws(RequestDefect) {
        switch step {
        case .size(let value, let digits): try readSize(byte, value, digits)
        case .extensions(let value):
            try count()
            if byte == Characters.carriageReturn {
                step = .sizeEnd(value: value)
            } else if !Characters.isInValue(byte) {
                throw .malformed("A chunk extension has a control character.")
            }
        case .sizeEnd(let value):
            try expect(byte, Characters.lineFeed)
            lineCount = 0
            step = value == 0 ? .trailer : .data(left: value)
        case .dataReturn:
            try expect(byte, Characters.carriageReturn)
            step = .dataEnd
        case .dataEnd:
            try expect(byte, Characters.lineFeed)
            step = .size(value: 0, digits: 0)
        case .trailer: try readTrailer(byte)
        case .data, .done: break
        }
    }

    private mutating func readSize(_ byte: UInt8, _ value: Int, _ digits: Int) throws(RequestDefect) {
        if let digit = Characters.hexValue(byte) {
            guard digits < 12 else { throw .malformed("The size of a chunk has more than 12 digits.") }
            step = .size(value: value << 4 | Int(digit), digits: digits + 1)
            return
        }
        guard digits > 0 else { throw .malformed("A chunk has no size.") }
        switch byte {
        case Characters.carriageReturn: step = .sizeEnd(value: value)
        case UInt8(ascii: ";"): step = .extensions(value: value)
        default: throw .malformed("The size of a chunk is not hexadecimal.")
        }
    }

    private mutating func readTrailer(_ byte: UInt8) throws(RequestDefect) {
        trailerCount += 1
        guard trailerCount <= Self.trailerLimit else {
            throw .headersTooLarge("The trailers have more than \(Self.trailerLimit) bytes.")
        }
        guard byte == Characters.lineFeed else { return line.append(byte) }
        guard line.last == Characters.carriageReturn else {
            throw .malformed("A line of the trailers ends with a bare line feed.")
        }
        line.removeLast()
        guard !line.isEmpty else {
            step = .done
            return
        }
        let result: Result<HTTPHeaders, RequestDefect> = line.withUnsafeBufferPointer { line in
            var fields = trailers
            do throws(RequestDefect) {
                try FieldLine.read(line, into: &fields)
                return .success(fields)
            } catch { return .failure(error) }
        }
        trailers = try result.get()
        line.removeAll()
    }

    private mutating func count() throws(RequestDefect) {
        lineCount += 1
        if lineCount > Self.lineLimit { throw .malformed("The extensions of a chunk are longer than 256 bytes.") }
    }

    private func expect(_ byte: UInt8, _ wanted: UInt8) throws(RequestDefect) {
        if byte != wanted { throw .malformed("A chunk does not end where its size says, or with a bare line feed.") }
    }
}
