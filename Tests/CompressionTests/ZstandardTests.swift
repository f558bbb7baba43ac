// Baton
// SPDX-License-Identifier: Apache-2.0

import Compression
import Testing

@Suite struct ZstandardTests {
    private static let samples: [[UInt8]] = [
        [], [0], Array("abc".utf8), [UInt8](repeating: 7, count: 1_000_000),
        (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) },
    ]

    @Test func `what is packed is unpacked, and what repeats gets small`() throws {
        for bytes in Self.samples {
            #expect(try Zstandard.decompress(Zstandard.compress(bytes), limit: bytes.count) == bytes)
        }
        #expect(Zstandard.compress(Self.samples[3]).count < 1000)
    }

    @Test func `damage is found and limits are kept`() throws {
        let bytes = Self.samples[4]
        let frame = Zstandard.compress(bytes)
        #expect(throws: Zstandard.Failure.tooLarge) { try Zstandard.decompress(frame, limit: bytes.count - 1) }
        for broken in [[], [1, 2, 3], Array(frame.dropLast()), Array(frame.dropFirst()), frame + [0]] {
            #expect(throws: Zstandard.Failure.self) { try Zstandard.decompress(broken, limit: 1 << 30) }
        }
        var found = 0
        for index in stride(from: 0, to: frame.count, by: frame.count / 50) {
            var flipped = frame
            flipped[index] ^= 0x10
            if (try? Zstandard.decompress(flipped, limit: 1 << 20)) != bytes { found += 1 }
        }
        #expect(found >= 50, "every changed byte shows")
    }
}
