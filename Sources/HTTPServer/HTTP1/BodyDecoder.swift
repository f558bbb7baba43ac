// Baton
// SPDX-License-Identifier: Apache-2.0

/// Takes the body of a request out of what comes.
struct BodyDecoder {
    private enum Form {
        case length(left: Int)
        case chunked(ChunkDecoder)
    }

    private var form: Form
    private var discardedCount = 0

    init(_ framing: BodyFraming) {
        switch framing {
        case .none: form = .length(left: 0)
        case .length(let count): form = .length(left: count)
        case .chunked: form = .chunked(ChunkDecoder())
        }
    }

    /// The last byte of the body was seen.
    var isDone: Bool {
        switch form {
        case .length(let left): left == 0
        case .chunked(let decoder): decoder.isDone
        }
    }

    /// How many bytes come, as far as that is known; 0 for chunks.
    var remaining: Int { if case .length(let left) = form { left } else { 0 } }

    /// Reads on and appends what is data. Returns how many bytes belong to the body.
    mutating func decode(
        _ bytes: UnsafeBufferPointer<UInt8>,
        into output: inout [UInt8]
    ) throws(RequestDefect) -> Int {
        switch form {
        case .length(let left):
            let count = min(left, bytes.count)
            output.append(contentsOf: bytes[..<count])
            form = .length(left: left - count)
            return count
        case .chunked(var decoder):
            let count = try decoder.decode(bytes, into: &output)
            form = .chunked(decoder)
            return count
        }
    }

    /// Counts bytes that nobody wanted, and returns how many they are by now.
    mutating func discard(_ count: Int) -> Int {
        discardedCount += count
        return discardedCount
    }
}
