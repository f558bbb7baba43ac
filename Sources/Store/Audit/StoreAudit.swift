// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model

/// Reads everything in stores that belong together and checks that it is whole: every log without a gap, every blob with
/// the bytes of its hash, and every blob there that something names.
///
/// A damaged run or blob does not keep the others from being looked at.
public struct StoreAudit {
    private let runs: any RunStore
    private let catalog: any CatalogStore
    private let blobs: any SweepableBlobStore
    /// Texts of attempts made before this may have been removed.
    private let logsKeptSince: Timestamp
    private var report = AuditReport()
    /// Blobs that are there.
    private var stored: [String: Int] = [:]
    /// Lists of blobs that were read.
    private var lists: Set<BlobRef> = []

    /// Texts that attempts wrote are kept at least this long, whatever is configured.
    public static let shortestLogRetention = Duration.seconds(24 * 3600)

    /// An audit of stores as they were at `time`.
    public init(runs: any RunStore, catalog: any CatalogStore, blobs: any SweepableBlobStore, at time: Timestamp) {
        self.runs = runs
        self.catalog = catalog
        self.blobs = blobs
        logsKeptSince = Timestamp(milliseconds: time.milliseconds - Self.shortestLogRetention.milliseconds)
    }

    /// Reads everything; takes about a second for 100 MB.
    ///
    /// - Throws: What keeps it from going on, such as a disk that fails. What is wrong with the data is in the report.
    public consuming func run() throws(StoreError) -> AuditReport {
        try checkBlobs()
        try checkRuns()
        try checkArtifacts()
        try checkRows()
        return report
    }

    private mutating func checkBlobs() throws(StoreError) {
        var last: String?
        while true {
            let page = try blobs.blobs(after: last, limit: 1000)
            for found in page {
                report.blobs += 1
                report.blobBytes += Int64(found.blob.size)
                _ = try note { (audit: inout Self) throws(StoreError) in
                    try audit.blobs.check(found.blob)
                    audit.stored[found.blob.hash] = found.blob.size
                }
            }
            guard let next = page.last?.blob.hash else { return }
            last = next
        }
    }

    private mutating func checkRuns() throws(StoreError) {
        var filter = RunFilter()
        filter.limit = 500
        while true {
            let page = try runs.runs(filter)
            for run in page {
                report.runs += 1
                _ = try note { (audit: inout Self) throws(StoreError) in try audit.checkLog(of: run) }
            }
            guard let last = page.last else { return }
            filter.before = last.key
        }
    }

    private mutating func checkLog(of run: RunRow) throws(StoreError) {
        var last: Int64 = 0
        while true {
            let page = try runs.records(ofRun: run.key, after: last, limit: 500)
            for stored in page {
                let record = stored.record
                guard record.firstSequence == last + 1, record.count > 0 else {
                    throw StoreError(
                        .corrupted,
                        "The log of run \(run.id) has a gap before event \(record.firstSequence)."
                    )
                }
                last += Int64(record.count)
                report.events += Int64(record.count)
                check(record.body, at: record.at, "event \(record.firstSequence) of run \(run.id)")
            }
            guard page.isEmpty else { continue }
            guard last >= run.lastSequence else {
                throw StoreError(
                    .corrupted,
                    "The log of run \(run.id) ends at event \(last), but there were \(run.lastSequence)."
                )
            }
            return
        }
    }

    private mutating func checkArtifacts() throws(StoreError) {
        var filter = ArtifactFilter()
        while true {
            let page = try catalog.artifacts(filter)
            for row in page {
                for blob in row.blobs { check(BlobReference(blob: blob, kind: .value), nil, "artifact \(row.id)") }
            }
            guard page.count == filter.limit, let last = page.last else { return }
            filter.before = last.id
        }
    }

    private mutating func checkRows() throws(StoreError) {
        var position: BlobNamePage.Position?
        repeat {
            let page = try runs.blobNames(after: position)
            for names in page.names {
                switch names {
                case .text(let bytes): check(bytes, at: nil, "a row beside the log")
                case .list(let blob): try check(list: blob)
                }
            }
            position = page.next
        } while position != nil
    }

    private mutating func check(list blob: BlobRef) throws(StoreError) {
        var left = [blob]
        while let next = left.popLast() {
            guard lists.insert(next).inserted else { continue }
            check(BlobReference(blob: next, kind: .part), nil, "a snapshot")
            guard stored[next.hash] == next.size else { continue }
            let bytes = try blobs.get(next)
            for reference in check(bytes, at: nil, "the snapshot \(next.hash)") where reference.kind == .part {
                left.append(reference.blob)
            }
        }
    }

    /// Checks what a JSON text of ours names; what is no JSON names nothing.
    @discardableResult
    private mutating func check(_ bytes: [UInt8], at time: Timestamp?, _ place: String) -> [BlobReference] {
        guard let json = try? JSONValue(parsing: SnapshotForm.json(bytes), limits: JSONLimits(maxBytes: 1 << 30)) else {
            return []
        }
        let references = BlobReference.all(in: json)
        for reference in references { check(reference, time, place) }
        return references
    }

    private mutating func check(_ reference: BlobReference, _ time: Timestamp?, _ place: String) {
        report.references += 1
        let blob = reference.blob
        guard stored[blob.hash] != blob.size else { return }
        if reference.kind == .log, let time, time < logsKeptSince {
            report.removedLogs += 1
        } else {
            report.add("The blob \(blob.hash) (\(blob.size) bytes), named by \(place), is not there or damaged.")
        }
    }

    /// Does something; what is wrong with the data goes into the report, and `nil` is given.
    private mutating func note<Value>(
        _ body: (inout Self) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        do throws(StoreError) {
            return try body(&self)
        } catch {
            guard error.code == .corrupted || error.code == .missing else { throw error }
            report.add(error.message)
            return nil
        }
    }
}
