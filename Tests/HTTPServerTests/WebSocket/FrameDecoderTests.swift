// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServer

/// A frame as a client sends it.
func maskedFrame(_ first: UInt8, _ payload: [UInt8], mask: [UInt8] = [1, 2, 3, 4]) -> [UInt8] {
    var bytes = [first]
    switch payload.count {
    case ...125: bytes.append(0x80 | UInt8(payload.count))
    case ...65535: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
    default: bytes += [0x80 | 127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 0xff) }
    }
    return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
}

private func decode(_ pieces: [[UInt8]], limit: Int = 1 << 20) -> Result<[FrameDecoder.Event], WebSocketDefect> {
    var decoder = FrameDecoder(maxMessageBytes: limit)
    var events: [FrameDecoder.Event] = []
    for piece in pieces {
        let result: Result<[FrameDecoder.Event], WebSocketDefect> = piece.withUnsafeBufferPointer { bytes in
            do throws(WebSocketDefect) { return .success(try decoder.decode(bytes)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let more): events += more
        case .failure: return result
        }
    }
    return .success(events)
}

private func code(_ bytes: [UInt8], limit: Int = 1 << 20) -> UInt16? {
    if case .failure(let defect) = decode([bytes], limit: limit) { defect.code.rawValue } else { nil }
}

@Suite struct FrameDecoderTests {
    @Test func `messages are put together the same wherever the bytes are cut`() {
        let long = [UInt8](repeating: 9, count: 300)
        let bytes =
            maskedFrame(0x81, Array("grüße".utf8)) + maskedFrame(0x02, [1, 2]) + maskedFrame(0x89, [7])
            + maskedFrame(0x00, long) + maskedFrame(0x80, []) + maskedFrame(0x8a, []) + maskedFrame(0x81, [])
            + maskedFrame(0x88, [3, 0xe8, 111, 107])
        let events: [FrameDecoder.Event] = [
            .message(.text("grüße")), .ping([7]), .message(.binary([1, 2] + long)), .pong, .message(.text("")),
            .close(.normal),
        ]
        let wrong = (0...bytes.count).filter { cut in
            decode([Array(bytes[..<cut]), Array(bytes[cut...])]) != .success(events)
        }
        #expect(wrong == [])
        #expect(decode(bytes.map { [$0] }) == .success(events))
    }

    @Test func `what breaks the protocol has its code`() {
        let cases: [([UInt8], UInt16)] = [
            ([0x81, 0x01, 65], 1002), (maskedFrame(0xc1, [65]), 1002), (maskedFrame(0xa1, [65]), 1002),
            (maskedFrame(0x83, []), 1002), (maskedFrame(0x8b, []), 1002), (maskedFrame(0x80, []), 1002),
            (maskedFrame(0x01, [65]) + maskedFrame(0x81, [65]), 1002), (maskedFrame(0x09, []), 1002),
            (maskedFrame(0x89, [UInt8](repeating: 0, count: 126)), 1002), (maskedFrame(0x88, [3]), 1002),
            (maskedFrame(0x88, [3, 0xec]), 1002), (maskedFrame(0x88, [3, 0xed]), 1002),
            (maskedFrame(0x88, [0, 1]), 1002),
            (maskedFrame(0x88, [0x13, 0x88]), 1002), (maskedFrame(0x88, [3, 0xe8, 0xff]), 1007),
            (maskedFrame(0x81, [0xc3]), 1007), (maskedFrame(0x81, [0xed, 0xa0, 0x80]), 1007),
            (maskedFrame(0x01, [0xc3]) + maskedFrame(0x80, [0x28]), 1007), ([0x82, 0xfe, 0, 5, 0, 0, 0, 0], 1002),
            ([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0], 1002),
            ([0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0], 1002),
            (maskedFrame(0x82, [UInt8](repeating: 0, count: 1001)), 1009),
            (
                maskedFrame(0x02, [UInt8](repeating: 0, count: 600))
                    + maskedFrame(0x80, [UInt8](repeating: 0, count: 600)), 1009
            ),
        ]
        for (bytes, expected) in cases {
            #expect(code(bytes, limit: 1000) == expected, "\(bytes.prefix(16))")
        }
        #expect(
            code(maskedFrame(0x01, [0xc3]) + maskedFrame(0x80, [0xa4])) == nil,
            "a character may be cut by fragments"
        )
        #expect(code(maskedFrame(0x88, [])) == nil)
    }
}
