// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Removes blobs that nothing names any more (spec 5).
///
/// It marks and sweeps. What artifacts name is kept, and so is everything whose hash stands anywhere in the log, packed or
/// not, in a snapshot, a signal, the cache or a message on its way out: a blob too many is kept rather than one removed
/// that a later version of an event names in a new way. A blob that was put, or put again, within the grace period is kept
/// as well, because the row that will name it may not be written yet. What marking sees is older than what it spares, so
/// writers may go on meanwhile.
///
/// A sweep may stop at any point, and another one goes on: there is nothing to remember.
public struct BlobSweep: Sendable {
    /// How long a blob that nothing names is kept when others may be writing.
    public static let defaultGrace = Duration.seconds(24 * 3600)

    /// What a sweep came to.
    public struct Report: Sendable, Equatable {
        /// Blobs that were looked at.
        public var examined = 0
        /// Of these, those that something names.
        public var referenced = 0
        /// Those that nothing names but that are too new.
        public var young = 0
        /// Those that were removed, or would be in a dry run.
        public var removed = 0
        /// Their bytes.
        public var removedBytes: Int64 = 0
    }

    private let runs: any RunStore
    private let catalog: any CatalogStore
    private let blobs: any SweepableBlobStore
    /// Blobs of one step, which is one transaction.
    private let pageSize: Int

    /// A sweep over stores that belong together.
    public init(
        runs: any RunStore,
        catalog: any CatalogStore,
        blobs: any SweepableBlobStore,
        pageSize: Int = 1000
    ) {
        self.runs = runs
        self.catalog = catalog
        self.blobs = blobs
        self.pageSize = pageSize
    }

    /// Removes what nothing names and nobody put since `time`.
    ///
    /// - Parameters:
    ///   - time: Now less the grace period. Without grace only while nobody else writes.
    ///   - logTime: Texts that attempts wrote before this go, too, although events name them; `nil` keeps them.
    ///   - isTrial: Nothing is removed, only counted.
    /// - Throws: `corrupted` when what is to be marked cannot be read; nothing is removed then.
    public func run(
        lastPutBefore time: Timestamp,
        withoutLogsBefore logTime: Timestamp? = nil,
        isTrial: Bool = false
    ) throws(StoreError) -> Report {
        let marked = try mark(logTime)
        var report = Report()
        var last: String?
        while true {
            let page = try blobs.blobs(after: last, limit: pageSize)
            report.examined += page.count
            let unnamed = page.filter { !marked.contains($0.blob.hash) }
            report.referenced += page.count - unnamed.count
            let old = unnamed.filter { $0.putAt < time }.map(\.blob)
            let removed = isTrial || old.isEmpty ? old : try blobs.remove(old, lastPutBefore: time)
            report.young += unnamed.count - removed.count
            report.removed += removed.count
            report.removedBytes += removed.reduce(0) { $0 + Int64($1.size) }
            guard page.count == pageSize, let next = page.last else { return report }
            last = next.blob.hash
        }
    }

    private func mark(_ logTime: Timestamp?) throws(StoreError) -> BlobMarks {
        var marks = BlobMarks()
        try markArtifacts(&marks)
        // Before the log, because what a row names may move there: a signal that is taken in, an entry that answers.
        try markRows(&marks)
        var position: Int64 = 0
        while true {
            let page = try runs.records(after: position, limit: 1000)
            guard let last = page.last else { break }
            for stored in page { mark(stored.record, logTime, &marks) }
            position = last.globalSequence + Int64(last.record.count) - 1
        }
        // After the log, because records move there.
        try markArchives(logTime, &marks)
        return marks
    }

    private func mark(_ record: LogRecord, _ logTime: Timestamp?, _ marks: inout BlobMarks) {
        guard let logTime, record.at < logTime else { return marks.insertHashes(in: record.body) }
        var old = BlobMarks()
        marks.insertHashes(in: record.body, exceptLogs: &old)
    }

    private func markArchives(_ logTime: Timestamp?, _ marks: inout BlobMarks) throws(StoreError) {
        var last: ArchiveRow?
        while true {
            let page = try runs.archives(after: last, limit: 100)
            guard let end = page.last else { return }
            last = end
            for row in page {
                marks.insert(row.blob.hash)
                marks.insert(packed: row.names)
                if logTime.map({ row.lastAt >= $0 }) ?? true { marks.insert(packed: row.logNames) }
            }
        }
    }

    private func markRows(_ marks: inout BlobMarks) throws(StoreError) {
        var lists = BlobLists(blobs)
        var position: BlobNamePage.Position?
        repeat {
            let page = try runs.blobNames(after: position)
            for name in page.names {
                switch name {
                case .text(let bytes): marks.insertHashes(in: SnapshotForm.json(bytes))
                case .list(let blob): try lists.mark(blob, &marks)
                }
            }
            position = page.next
        } while position != nil
    }

    private func markArtifacts(_ marks: inout BlobMarks) throws(StoreError) {
        var filter = ArtifactFilter()
        while true {
            let page = try catalog.artifacts(filter)
            for row in page {
                for blob in row.blobs { marks.insert(blob.hash) }
                // These are lists of other blobs.
                guard row.kind == .runManifest || row.kind == .runSnapshot else { continue }
                marks.insertHashes(in: try blobs.get(row.blob))
            }
            guard page.count == filter.limit, let last = page.last else { return }
            filter.before = last.id
        }
    }
}
