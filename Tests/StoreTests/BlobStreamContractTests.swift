// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import Model
import Store
import StoreSQLite
import Synchronization
import TestSupport
import Testing

@Suite struct BlobStreamContractTests {
    private func bytes(_ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) } }

    @Test(arguments: Backend.allCases)
    func `a blob that came in pieces is the blob of all its bytes`(backend: Backend) throws {
        try backend.streams { store in
            for (size, piece) in [(0, 1), (5, 2), (128 * 1024, 1000), (128 * 1024 + 1, 65536), (3_000_001, 300_000)] {
                let all = bytes(size)
                for _ in 0..<2 {
                    let upload = try store.upload()
                    for start in stride(from: 0, to: size, by: piece) {
                        try upload.append(Array(all[start..<min(size, start + piece)]))
                    }
                    #expect(upload.size == size)
                    #expect(try upload.finish() == BlobRef(hash: SHA256.hex(all), size: size), "\(size) bytes")
                    #expect(code { _ = try upload.finish() } == .failed && code { try upload.append([1]) } == .failed)
                }
                #expect(try store.put(all) == BlobRef(hash: SHA256.hex(all), size: size))
                #expect(try store.get(BlobRef(hash: SHA256.hex(all), size: size)) == all, "\(size) bytes")
                try store.check(BlobRef(hash: SHA256.hex(all), size: size))
            }
            #expect(try store.blobs(after: nil, limit: 100).count == 5)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a blob is read from any place`(backend: Backend) throws {
        try backend.streams { store in
            for size in [0, 1000, 400_000] {
                let all = bytes(size)
                let content = try store.open(try store.put(all))
                #expect(content.blob.size == size)
                let cases = [
                    (0, 10), (0, size + 5), (size / 2, 100), (size - 1, 1), (size, 1), (size + 9, 3), (-4, 2), (0, -1),
                ]
                for (offset, count) in cases {
                    let start = min(max(0, offset), size)
                    let expected = Array(all[start..<min(size, start + max(0, count))])
                    #expect(try content.read(at: offset, count: count) == expected, "\(size): \(offset) \(count)")
                }
            }
            let wrong = [
                BlobRef(hash: SHA256.hex([4]), size: 1), BlobRef(hash: SHA256.hex([4]), size: 1 << 20),
                BlobRef(hash: "../../etc/passwd", size: 1 << 20),
            ]
            for blob in wrong { #expect(code { _ = try store.open(blob) } == .missing, "\(blob)") }
            let large = try store.put(bytes(400_000))
            #expect(code { _ = try store.open(BlobRef(hash: large.hash, size: 400_001)) } == .corrupted)
        }
    }

    @Test(arguments: Backend.allCases)
    func `what is not finished leaves nothing, and what is open outlives its removal`(backend: Backend) throws {
        try backend.streams { store in
            for size in [10, 400_000] {
                let cancelled = try store.upload()
                try cancelled.append(bytes(size))
                cancelled.cancel()
                #expect(code { try cancelled.append([1]) } == .failed && code { _ = try cancelled.finish() } == .failed)
                try store.upload().append(bytes(size))
            }
            #expect(try store.blobs(after: nil, limit: 100).isEmpty)
            let blob = try store.put(bytes(400_000))
            let content = try store.open(blob)
            #expect(try store.remove([blob], lastPutBefore: Timestamp(milliseconds: 1)) == [blob])
            #expect(try content.read(at: 399_990, count: 10) == Array(bytes(400_000).suffix(10)))
            #expect(code { _ = try store.open(blob) } == .missing)
        }
    }

    @Test func `a crash in an upload leaves nothing once the store is opened again`() throws {
        let temporary = TemporaryFolder()
        let unfinished = temporary.path + "/blobs/unfinished"
        do {
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteBlobStore(in: folder)
            let upload = try store.upload()
            try upload.append(bytes(400_000))
            #expect(names(in: unfinished).count == 1)
            // As a crash leaves it: the file stays although nobody has it any more.
            link(from: "\(unfinished)/\(names(in: unfinished)[0])", to: "\(unfinished)/left")
            upload.cancel()
            #expect(names(in: unfinished) == ["left"])
            store.close()
        }
        let folder = try DataFolder(locking: temporary.path, command: "test")
        let store = try SQLiteBlobStore(in: folder)
        #expect(names(in: unfinished).isEmpty)
        store.close()
    }
}
