// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct ArchiveTests {
    private static let records = (1...50 as ClosedRange<Int64>).map { number in
        StoredRecord(globalSequence: number * 7, record: .sample(run: 3, from: number * 2 - 1, count: 2))
    }

    private func segment() throws -> ArchiveSegment {
        try ArchiveSegment(runKey: 3, start: .start, records: Self.records)
    }

    @Test func `records are packed and unpacked`() throws {
        let segment = try segment()
        #expect(segment.end.sequence == 100)
        let packed = segment.packed()
        let text = Self.records.reduce(0) { $0 + $1.record.body.count }
        #expect(packed.count < text / 3, "\(packed.count) of \(text) bytes")
        #expect(try ArchiveSegment(packed: packed, runKey: 3, from: 1, to: segment.end) == segment)
        let middle = Self.records[10].record.firstSequence
        let start = try ArchiveSegment(runKey: 3, start: .start, records: Array(Self.records[..<10])).end
        let rest = try ArchiveSegment(runKey: 3, start: start, records: Array(Self.records[10...]))
        #expect(rest.end == segment.end)
        #expect(try ArchiveSegment(packed: rest.packed(), runKey: 3, from: middle, to: rest.end) == rest)
    }

    @Test func `records that do not follow on each other are not packed`() {
        var other = Self.records
        other[5].record.runKey = 4
        for wrong in [[], Array(Self.records[1...]), Self.records.reversed(), Self.records + Self.records, other] {
            #expect(code { _ = try ArchiveSegment(runKey: 3, start: .start, records: wrong) } == .corrupted)
        }
    }

    @Test func `fault 7: whatever is changed in an archive is found`() throws {
        let segment = try segment()
        let packed = segment.packed()
        let end = segment.end
        for (bytes, run, first, last) in [
            (packed, 4, 1, end), (packed, 3, 2, end), (packed, 3, 1, .start), (Array(packed.dropLast()), 3, 1, end),
            (Array(packed.dropFirst()), 3, 1, end), ([], 3, 1, end), (packed + [0], 3, 1, end),
            (packed, 3, 1, ChainLink(sequence: end.sequence, hash: SIMD16())),
        ] as [([UInt8], Int64, Int64, ChainLink)] {
            let found = code { _ = try ArchiveSegment(packed: bytes, runKey: run, from: first, to: last) }
            #expect(found == .corrupted, "run \(run), \(bytes.count) bytes")
        }
        for index in packed.indices {
            var flipped = packed
            flipped[index] ^= 1
            // A bit of the frame may mean nothing; what comes out is then what went in.
            if let read = try? ArchiveSegment(packed: flipped, runKey: 3, from: 1, to: end) { #expect(read == segment) }
        }
    }

    @Test func `marks are packed and told apart`() {
        func hash(_ digit: Character) -> String { String(repeating: digit, count: 64) }
        var (marks, logs) = (BlobMarks(), BlobMarks())
        let text = #"{"log":{"hash":"\#(hash("a"))","size":1},"output":{"blob":{"hash":"\#(hash("b"))","size":1}}}"#
        marks.insertHashes(in: Array(text.utf8), exceptLogs: &logs)
        #expect(marks.contains(hash("b")) && !marks.contains(hash("a")))
        #expect(logs.contains(hash("a")) && !logs.contains(hash("b")))
        marks.insert(hash("0"))
        marks.insert(hash("f"))
        #expect(marks.packed.count == 96)
        var copy = BlobMarks()
        copy.insert(packed: marks.packed)
        copy.insert(packed: [1, 2, 3])
        #expect(copy.packed == marks.packed && copy.contains(hash("f")) && !copy.contains(hash("a")))
    }
}
