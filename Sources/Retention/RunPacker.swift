// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Packs the log of a run, one blob after the other.
struct RunPacker {
    private let runs: any RunStore
    private let blobs: any BlobStore
    private let runKey: Int64
    /// The end of what is packed.
    private(set) var end: ChainLink

    init(_ runKey: Int64, runs: any RunStore, blobs: any BlobStore) throws(StoreError) {
        self.runs = runs
        self.blobs = blobs
        self.runKey = runKey
        end = try runs.archives(ofRun: runKey).last?.end ?? .start
    }

    /// Puts the next records into a blob, reads it back and compares it. The row is for a commit; only after that the
    /// records may go.
    ///
    /// - Parameter last: Only records that end with or before that event.
    /// - Returns: `nil` when there is nothing to pack.
    mutating func next(through last: Int64, at now: Timestamp) throws(StoreError) -> ArchiveRow? {
        let records = try nextRecords(through: last)
        guard let newest = records.last else { return nil }
        let segment = try ArchiveSegment(runKey: runKey, start: end, records: records)
        CrashPoint.beforePacking.reach()
        let blob = try blobs.put(segment.packed())
        CrashPoint.afterPacking.reach()
        let copy = try ArchiveSegment(
            packed: blobs.get(blob),
            runKey: runKey,
            from: segment.start.sequence + 1,
            to: segment.end
        )
        guard copy == segment else { throw .blobCorrupted(blob) }
        var (names, logs) = (BlobMarks(), BlobMarks())
        for stored in records { names.insertHashes(in: stored.record.body, exceptLogs: &logs) }
        end = segment.end
        return ArchiveRow(
            runKey: runKey,
            firstSequence: segment.start.sequence + 1,
            end: segment.end,
            lastGlobalSequence: newest.globalSequence + Int64(newest.record.count) - 1,
            blob: blob,
            names: names.packed,
            logNames: logs.packed,
            lastAt: newest.record.at,
            packedAt: now
        )
    }

    private func nextRecords(through last: Int64) throws(StoreError) -> [StoredRecord] {
        var (records, bytes, sequence) = ([StoredRecord](), 0, end.sequence)
        while bytes < ArchiveSegment.bodyLimit, sequence < last {
            let page = try runs.records(ofRun: runKey, in: sequence + 1...last, limit: 100)
            for stored in page {
                let end = stored.record.firstSequence + Int64(stored.record.count) - 1
                guard end <= last, bytes < ArchiveSegment.bodyLimit else { return records }
                records.append(stored)
                bytes += stored.record.body.count
                sequence = end
            }
            guard !page.isEmpty else { break }
        }
        return records
    }
}
