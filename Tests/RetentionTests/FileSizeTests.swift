// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Retention
import Store
import StoreSQLite
import TestSupport
import Testing

@Suite struct FileSizeTests {
    /// Runs lie mixed in the table, as they do when many are in flight, and two thirds of them go.
    @Test func `after retention the files are at most 1.3 times what they hold`() throws {
        let temporary = TemporaryFolder()
        let folder = try DataFolder(locking: temporary.path + "/data", command: "test")
        var options = SQLiteRunStore.Options()
        options.durability = .relaxed
        let clock = ShelfClock()
        let runs = try SQLiteRunStore(in: folder, options)
        let blobs = try SQLiteBlobStore(in: folder, durability: .relaxed) { clock.now }
        let shelf = Shelf(runs, runs, blobs, clock)
        let count: Int64 = 600
        for round in 0..<12 as Range<Int64> {
            for key in 1...count { try shelf.add(to: key, .running, value: try shelf.put(value(key, round))) }
        }
        for key in 1...count where key % 3 != 0 { try shelf.add(to: key, .completed) }
        shelf.wait(days: 100)
        runs.compact()
        blobs.compact()
        let before = try sizes(temporary.path)
        let report = try shelf.sweep(stepSize: 500)
        #expect(report.deletedRuns == 400)
        #expect(try shelf.audit().isEmpty)
        runs.compact()
        blobs.compact()
        try runs.verify()
        blobs.close()
        runs.close()
        folder.unlock()
        let after = try sizes(temporary.path)
        // A backup has no free room, so its size is that of what is alive.
        let manifest = try FolderBackup(at: temporary.path + "/copy").create(of: temporary.path + "/data", program: "")
        for (index, file) in manifest.files.enumerated() {
            let ratio = Double(after[index]) / Double(file.size)
            #expect(ratio <= 1.3, "\(file.path): \(before[index]) before, \(after[index]) after, \(file.size) alive")
            // An eighth of a file may be free.
            #expect(after[index] * 10 < before[index] * 7)
        }
    }

    private func value(_ key: Int64, _ round: Int64) -> String {
        String(repeating: "\(key).\(round) ", count: 800)
    }

    private func sizes(_ path: String) throws -> [Int64] {
        ["baton.db", "blobs.db"].map { name in
            var status = stat()
            return stat("\(path)/data/\(name)", &status) == 0 ? Int64(status.st_size) : 0
        }
    }
}
