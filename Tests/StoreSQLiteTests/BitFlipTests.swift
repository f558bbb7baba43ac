// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import TestSupport
import Testing

@testable import StoreSQLite

/// One bit is turned somewhere in a file: what is read is what was written, or the damage is told.
@Suite struct BitFlipTests {
    @Test func `fault 7: a bit flip in any page gives the log as it was or says that it is damaged`() throws {
        let original = TemporaryFolder()
        try withStore(at: original.path) { store in
            for number in 0..<60 {
                var commit = Commit.step(number)
                // A third run that has nothing to do with the damage of the others.
                commit.records.append(
                    LogRecord(
                        runKey: 3,
                        firstSequence: Int64(number) + 1,
                        count: 1,
                        at: Timestamp(milliseconds: 1),
                        body: Array(#"[{"type":"t","n":\#(number)}]"#.utf8)
                    )
                )
                _ = try store.commit(commit)
            }
        }
        let bytes = try readFile(original.path + "/baton.db")
        let expected = try logs(original.path)
        var (damaged, whole, alone) = (0, 0, 0)
        for offset in stride(from: 100, to: bytes.count, by: 997) {
            let temporary = TemporaryFolder()
            var flipped = bytes
            flipped[offset] ^= 1 << UInt8(offset % 8)
            try writeFile(temporary.path + "/baton.db", flipped)
            let found = try logs(temporary.path)
            for (run, log) in found {
                if let log { #expect(log == expected[run], "run \(run), byte \(offset)") }
            }
            let lost = found.values.count { $0 == nil }
            if lost == 0 { whole += 1 } else { damaged += 1 }
            if lost == 1 { alone += 1 }
        }
        #expect(damaged > 20 && whole > 20 && alone > 5, "\(damaged) damaged, \(alone) of them one run, \(whole) whole")
    }

    /// The logs of the three runs; `nil` for one that is said to be damaged.
    private func logs(_ path: String) throws -> [Int64: [StoredRecord]?] {
        var logs: [Int64: [StoredRecord]?] = [:]
        var store: SQLiteRunStore?
        let error = failure { store = try SQLiteRunStore.openFrozen(path) }
        for run in [1, 2, 3] as [Int64] {
            var records: [StoredRecord]?
            let broken = error ?? failure { records = try store?.records(ofRun: run, after: 0, limit: 1000) }
            if let broken { #expect([.corrupted, .failed, .newer].contains(broken.code), "\(broken)") }
            // A page that is lost may take rows at the end with it; their number tells.
            logs[run] = .some(records?.count == 60 ? records : nil)
        }
        store?.close()
        return logs
    }

    @Test func `fault 7: a bit flip in a blob is told, and other blobs are read`() throws {
        let temporary = TemporaryFolder()
        let folder = try DataFolder(locking: temporary.path, command: "test")
        let blobs = try SQLiteBlobStore(in: folder)
        let contents = (0..<8 as Range<UInt8>).map { [UInt8](repeating: $0, count: $0 % 2 == 0 ? 9000 : 140_000) }
        let put = try contents.map { try blobs.put($0) }
        blobs.close()
        folder.unlock()
        let small = try readFile(temporary.path + "/blobs.db")
        for (offset, seed) in stride(from: 100, to: small.count, by: 1777).enumerated() {
            var flipped = small
            flipped[seed] ^= 4
            try writeFile(temporary.path + "/blobs.db", flipped)
            var store: SQLiteBlobStore?
            let error = failure { store = try SQLiteBlobStore.openFrozen(temporary.path) }
            for (blob, content) in zip(put, contents) {
                var bytes: [UInt8]?
                let broken = error ?? failure { bytes = try store?.get(blob) }
                if broken == nil { #expect(bytes == content, "byte \(seed), turn \(offset)") }
            }
            store?.close()
        }
        try writeFile(temporary.path + "/blobs.db", small)
        let store = try SQLiteBlobStore.openFrozen(temporary.path)
        defer { store.close() }
        let path = BlobFiles(reading: temporary.path + "/blobs").path(of: put[1])
        var large = try readFile(path)
        large[70_000] ^= 1
        try writeFile(path, large)
        #expect(failure { _ = try store.get(put[1]) }?.code == .corrupted)
        #expect(failure { try store.check(put[1]) }?.code == .corrupted)
        for index in [0, 2, 3, 4, 5, 6, 7] { #expect(try store.get(put[index]) == contents[index]) }
    }
}
