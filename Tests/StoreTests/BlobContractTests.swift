// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import Model
import Store
import Testing

@Suite struct BlobContractTests {
    @Test(arguments: Backend.allCases)
    func `bytes of any size come back`(backend: Backend) throws {
        try backend.blobs { store in
            for size in [0, 1, 4097, 128 * 1024, 128 * 1024 + 1, 3_000_001] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
                let blob = try store.put(bytes)
                #expect(blob == BlobRef(hash: SHA256.hex(bytes), size: size))
                #expect(try store.put(bytes) == blob)
                #expect(try store.get(blob) == bytes, "\(size) bytes")
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `what was never stored is missing`(backend: Backend) throws {
        try backend.blobs { store in
            let blob = try store.put([1, 2, 3])
            let wrong = [
                BlobRef(hash: SHA256.hex([4]), size: 1), BlobRef(hash: SHA256.hex([4]), size: 1 << 20),
                BlobRef(hash: "../../etc/passwd", size: 1 << 20), BlobRef(hash: blob.hash.uppercased(), size: 3),
            ]
            for blob in wrong { #expect(code { _ = try store.get(blob) } == .missing, "\(blob)") }
            #expect(code { _ = try store.get(BlobRef(hash: blob.hash, size: 4)) } == .corrupted)
        }
    }
}
