// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct FuzzTests {
    @Test func `damaged documents never crash and what is read survives`() throws {
        var generator = SeededGenerator(state: 3)
        let seeds = [
            Array(#"{"a":[1,-2.5e3,"x\n\u00e9\ud83d\ude00é"],"b":{"c":null,"d":true},"e":""}"#.utf8),
            Array(#"[0.1,12345678901234567890,"abcdefghijklmnop",[[[]]],{"k":{"k":{}}},false]"#.utf8),
            Array("{\((0..<20).map { "\"k\($0)\":\($0)" }.joined(separator: ","))}".utf8),
        ]
        let bytes =
            Array(#"{}[],:"\0123456789.eE+-tfnul "#.utf8) + [0x00, 0x0A, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
        var read = 0
        for round in 0..<30_000 {
            var document = seeds[round % seeds.count]
            for _ in 0...(round % 3) { mutate(&document, bytes, &generator) }
            guard let value = try? JSONValue(parsing: document) else { continue }
            read += 1
            let again = try JSONValue(parsing: value.bytes())
            if again != value { Issue.record("\(document.text) is read as \(value)") }
        }
        #expect(read > 1_000)
    }

    private func mutate(_ document: inout [UInt8], _ bytes: [UInt8], _ generator: inout SeededGenerator) {
        let position = Int(generator.next() % UInt64(document.count))
        let byte = bytes[Int(generator.next() % UInt64(bytes.count))]
        switch generator.next() % 8 {
        case 0...3: document[position] = byte
        case 4, 5: document.insert(byte, at: position)
        case 6 where document.count > 1: document.remove(at: position)
        default: document.removeLast(min(document.count - 1, position / 4))
        }
    }
}
