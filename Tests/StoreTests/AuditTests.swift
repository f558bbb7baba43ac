// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@Suite struct AuditTests {
    private static let day: Int64 = 24 * 3_600_000

    /// A run with one record of those events, `at` days after the beginning.
    private func commit(_ key: Int64, _ events: [String], at day: Int64 = 10) -> Commit {
        var commit = Commit()
        commit.records = [
            LogRecord(
                runKey: key,
                firstSequence: 1,
                count: events.count,
                at: Timestamp(milliseconds: day * Self.day),
                body: Array("[\(events.joined(separator: ","))]".utf8)
            )
        ]
        var row = RunRow.sample(key)
        row.lastSequence = Int64(events.count)
        commit.runs = [row]
        return commit
    }

    private func name(_ blob: BlobRef, _ key: String) -> String {
        #"{"type":"t","data":{"x":[{"\#(key)":{"hash":"\#(blob.hash)","size":\#(blob.size)}}]}}"#
    }

    private func audit(_ runs: any RunStore, _ blobs: MemoryBlobStore) throws -> AuditReport {
        let time = Timestamp(milliseconds: 10 * Self.day)
        return try StoreAudit(runs: runs, catalog: MemoryCatalogStore(), blobs: blobs, at: time).run()
    }

    @Test func `what is whole is counted`() throws {
        let (runs, blobs) = (MemoryRunStore(), MemoryBlobStore())
        let value = blobs.put([1, 2, 3])
        _ = try runs.commit(commit(1, [name(value, "blob"), name(value, "log")]))
        let part = blobs.put(Array(name(value, "blob").utf8))
        let state = blobs.put(Array(name(part, "part").utf8))
        var second = commit(2, [#"{"type":"t"}"#])
        second.snapshots = [
            SnapshotRow(runKey: 2, sequence: 1, content: .blob(state), takenAt: Timestamp(milliseconds: 0))
        ]
        _ = try runs.commit(second)
        let report = try audit(runs, blobs)
        #expect(report.isWhole, "\(report.problems)")
        #expect(report.runs == 2 && report.events == 3 && report.blobs == 3)
        // Two in the log, the snapshot, its part as that names it and as a list, and the value in the part.
        #expect(report.references == 6)
    }

    @Test func `everything that is missing is told, and nothing keeps the rest from being looked at`() throws {
        let (runs, blobs) = (MemoryRunStore(), MemoryBlobStore())
        let lost = BlobRef(hash: String(repeating: "a", count: 64), size: 7)
        _ = try runs.commit(commit(1, [name(lost, "blob")]))
        _ = try runs.commit(commit(2, [name(lost, "log")]))
        _ = try runs.commit(commit(3, [name(lost, "log")], at: 8))
        var short = commit(4, [#"{"type":"t"}"#])
        short.runs[0].lastSequence = 5
        short.snapshots = [
            SnapshotRow(runKey: 4, sequence: 1, content: .blob(lost), takenAt: Timestamp(milliseconds: 0))
        ]
        _ = try runs.commit(short)
        let report = try audit(runs, blobs)
        #expect(report.problemCount == 4 && report.removedLogs == 1 && report.runs == 4, "\(report)")
        for part in [
            "named by event 1 of run \(RunRow.sample(1).id)", "named by event 1 of run \(RunRow.sample(2).id)",
        ] {
            #expect(report.problems.contains { $0.contains(part) }, "\(part)")
        }
        #expect(report.problems.contains { $0.contains("ends at event 1, but there were 5") })
        #expect(report.problems.contains { $0.contains("named by a snapshot") })
    }

    @Test func `what users write names nothing`() {
        let hash = String(repeating: "a", count: 64)
        let reference = #"{"blob":{"hash":"\#(hash)","size":1}}"#
        let cases: [(String, Int)] = [
            (reference, 1), (#"{"value":\#(reference)}"#, 0), (#"{"error":{"details":\#(reference)}}"#, 0),
            (#"{"output":\#(reference),"log":{"hash":"\#(hash)","size":2}}"#, 2),
            (#"{"blob":{"hash":"x","size":1}}"#, 0),
            (#"{"blob":{"hash":"\#(hash)","size":-1}}"#, 0), (#"{"blob":"\#(hash)"}"#, 0), (#"[[\#(reference)]]"#, 1),
            (#"{"log":[\#(reference)]}"#, 1),
        ]
        for (text, count) in cases {
            let json = (try? JSONValue(parsing: text)) ?? .null
            #expect(BlobReference.all(in: json).count == count, "\(text)")
        }
    }

    @Test func `problems are counted beyond those that are told`() {
        var report = AuditReport()
        for number in 0..<150 { report.add("\(number)") }
        #expect(report.problemCount == 150 && report.problems.count == AuditReport.problemLimit && !report.isWhole)
    }
}
