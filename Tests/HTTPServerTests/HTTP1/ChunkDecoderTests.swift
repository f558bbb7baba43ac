// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServer

/// What comes out, and how many bytes are left over; `nil` for a defect.
private func decode(_ pieces: [[UInt8]]) -> (body: String, isDone: Bool, rest: Int)? {
    var decoder = ChunkDecoder()
    var (output, rest): ([UInt8], Int) = ([], 0)
    for piece in pieces {
        let used = piece.withUnsafeBufferPointer { bytes in
            do throws(RequestDefect) { return try decoder.decode(bytes, into: &output) as Int? } catch { return nil }
        }
        guard let used else { return nil }
        rest += piece.count - used
    }
    return (String(decoding: output, as: UTF8.self), decoder.isDone, rest)
}

@Suite struct ChunkDecoderTests {
    @Test func `a body is read the same wherever it is cut`() {
        let bytes = Array("5;name=value\r\nhello\r\n00A\r\n, wide wor\r\n2\r\nld\r\n0\r\nA: b\r\nC: d\r\n\r\nGET".utf8)
        var wrong: [Int] = []
        for cut in 0...bytes.count {
            let result = decode([Array(bytes[..<cut]), Array(bytes[cut...])])
            if result?.body != "hello, wide world" || result?.isDone != true || result?.rest != 3 { wrong.append(cut) }
        }
        #expect(wrong == [])
        let single = decode(bytes.map { [$0] })
        #expect(single?.body == "hello, wide world")
        #expect(single?.rest == 3)
    }

    @Test func `what is no chunk is refused`() {
        let cases = [
            "x\r\n", "\r\n", ";a\r\n", "5\nhello\r\n", "5\r\nhello!\r\n", "5\r\nhello\n", "5\rhello", "-1\r\n",
            "+1\r\n", "0x1\r\n",
            " 5\r\n", "5 \r\n", "1000000000000\r\n", "5;\u{0}\r\n", "0\r\nA b\r\n\r\n", "0\r\nA: b\n\r\n", "0\r\n\n",
            "5;\(String(repeating: "a", count: 300))\r\n", "0\r\nA: \(String(repeating: "a", count: 9000))\r\n\r\n",
        ]
        let taken = cases.filter { decode([Array($0.utf8)]) != nil }
        #expect(taken == [])
    }
}
