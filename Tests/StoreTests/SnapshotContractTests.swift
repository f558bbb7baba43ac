// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct SnapshotContractTests {
    private func row(_ run: Int64, _ sequence: Int64, _ content: SnapshotRow.Content = .inline([])) -> SnapshotRow {
        SnapshotRow(runKey: run, sequence: sequence, content: content, takenAt: Timestamp(milliseconds: sequence))
    }

    @Test(arguments: Backend.allCases)
    func `the newest snapshot before an event is found`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.snapshot(ofRun: 1, atMost: .max) == nil)
            let blob = BlobRef(hash: String(repeating: "a", count: 64), size: 5000)
            let rows = [
                row(1, 10, .inline(Array(repeating: 7, count: SnapshotRow.inlineLimit))), row(1, 20, .blob(blob)),
                row(1, 30, .inline([])), row(2, 15, .inline([0, 255])),
            ]
            var commit = Commit()
            commit.snapshots = [rows[2], rows[0], rows[3], rows[1]]
            _ = try store.commit(commit)
            let cases: [(run: Int64, atMost: Int64, found: SnapshotRow?)] = [
                (1, .max, rows[2]), (1, 30, rows[2]), (1, 29, rows[1]), (1, 20, rows[1]), (1, 19, rows[0]),
                (1, 9, nil), (2, .max, rows[3]), (2, 14, nil), (3, .max, nil),
            ]
            for (run, atMost, found) in cases {
                #expect(try store.snapshot(ofRun: run, atMost: atMost) == found, "run \(run), at most \(atMost)")
            }
            for (run, sequences) in [(1, [10, 20, 30]), (2, [15]), (3, [])] as [(Int64, [Int64])] {
                #expect(try store.snapshotSequences(ofRun: run) == sequences, "run \(run)")
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `a snapshot is replaced, and older ones are dropped after new ones are written`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.snapshots = [row(1, 10), row(1, 20), row(2, 10)]
            _ = try store.commit(commit)
            commit.snapshots = [row(1, 20, .inline([1])), row(1, 30)]
            commit.staleSnapshots = [
                StaleSnapshots(runKey: 1, before: 20), StaleSnapshots(runKey: 9, before: 20),
                StaleSnapshots(runKey: 2, before: 10),
            ]
            _ = try store.commit(commit)
            #expect(try store.snapshot(ofRun: 1, atMost: 19) == nil)
            #expect(try store.snapshot(ofRun: 1, atMost: 20) == row(1, 20, .inline([1])))
            #expect(try store.snapshot(ofRun: 2, atMost: 10) == row(2, 10))
            commit.snapshots = [row(1, 40), row(1, 50)]
            commit.staleSnapshots = [StaleSnapshots(runKey: 1, after: 20, before: 50)]
            _ = try store.commit(commit)
            #expect(try store.snapshotSequences(ofRun: 1) == [20, 50], "what stands between goes, the ends stay")
            commit.snapshots = [row(1, 40)]
            commit.staleSnapshots = [StaleSnapshots(runKey: 1, before: .max), StaleSnapshots(runKey: 2, before: .max)]
            _ = try store.commit(commit)
            #expect(try store.snapshot(ofRun: 1, atMost: .max) == nil, "removing wins")
            #expect(try store.snapshot(ofRun: 2, atMost: .max) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `what rows name blobs by is told page by page`(backend: Backend) throws {
        try backend.runs { store in
            let blob = BlobRef(hash: String(repeating: "b", count: 64), size: 9)
            var commit = Commit()
            // More rows than a page holds.
            commit.snapshots = (1...1200).map { row(Int64($0), 1, .inline(Array("s\($0)".utf8))) }
            commit.snapshots.append(row(2000, 1, .blob(blob)))
            commit.outbox = [.init(kind: "k", target: "t", body: Array("m".utf8))]
            commit.signals = [.sample("a", "1", at: 1)]
            commit.cache = [.sample("a", "h")]
            commit.idempotency = [.sample("u", "k", expires: 1)]
            _ = try store.commit(commit)
            var expected = commit.snapshots.dropLast().map { "s\($0.runKey)" } + ["m"]
            expected += [commit.signals[0].payload, commit.cache[0].output, commit.idempotency[0].answer].map {
                String(decoding: $0, as: UTF8.self)
            }
            var (texts, lists) = ([String](), [BlobRef]())
            var position: BlobNamePage.Position?
            repeat {
                let page = try store.blobNames(after: position)
                for name in page.names {
                    switch name {
                    case .text(let bytes): texts.append(String(decoding: bytes, as: UTF8.self))
                    case .list(let blob): lists.append(blob)
                    }
                }
                position = page.next
            } while position != nil
            #expect(texts.sorted() == expected.sorted())
            #expect(lists == [blob])
        }
    }
}
