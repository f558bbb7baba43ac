// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Compression
internal import Model

/// Consecutive records of one run as they are packed into a blob.
///
/// The blob is `BATNARC1` and a Zstandard frame. In the frame, numbers in little-endian order: the run (8 bytes), the hash
/// before the first record (16), the count of records (4); for each record its global number, its number within the
/// run, its time (8 each), its count of events and the length of its body (4 each), and the body.
public struct ArchiveSegment: Sendable, Equatable {
    /// The run.
    public let runKey: Int64
    /// The end of the run's log before the first record.
    public let start: ChainLink
    /// The end of the run's log after the last record.
    public let end: ChainLink
    /// At least one record.
    public let records: [StoredRecord]

    /// A segment is closed when its bodies come to more bytes than this, so that reading an event never takes more.
    public static let bodyLimit = 2 << 20
    /// Anything larger is damage: the limit and one record more.
    private static let frameLimit = 256 << 20
    private static let magic = Array("BATNARC1".utf8)

    /// Records that follow on `start`.
    ///
    /// - Throws: `corrupted` when there is none, or one does not follow on the one before it.
    public init(runKey: Int64, start: ChainLink, records: [StoredRecord]) throws(StoreError) {
        var link = start
        for stored in records {
            guard stored.record.runKey == runKey, stored.record.firstSequence == link.sequence + 1,
                stored.record.count > 0
            else { throw .archiveBroken(run: runKey, after: link.sequence) }
            link = link.next(stored.record)
        }
        guard !records.isEmpty else { throw .archiveBroken(run: runKey, after: start.sequence) }
        self.runKey = runKey
        self.start = start
        self.records = records
        end = link
    }

    /// The bytes of the blob.
    public func packed() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + records.reduce(0) { $0 + $1.record.body.count + 32 })
        Self.append(runKey, to: &bytes)
        bytes += start.stored
        Self.append(UInt32(records.count), to: &bytes)
        for stored in records {
            Self.append(stored.globalSequence, to: &bytes)
            Self.append(stored.record.firstSequence, to: &bytes)
            Self.append(stored.record.at.milliseconds, to: &bytes)
            Self.append(UInt32(stored.record.count), to: &bytes)
            Self.append(UInt32(stored.record.body.count), to: &bytes)
            bytes += stored.record.body
        }
        return Self.magic + Zstandard.compress(bytes)
    }

    /// Reads the bytes of a blob and checks every record against the one before it, and the last one against `end`.
    ///
    /// - Throws: `corrupted` when they are not those records, or of a form this program does not know.
    public init(packed bytes: [UInt8], runKey run: Int64, from first: Int64, to end: ChainLink) throws(StoreError) {
        let broken = StoreError.archiveBroken(run: run, after: first - 1)
        guard bytes.starts(with: Self.magic),
            let frame = try? Zstandard.decompress(Array(bytes.dropFirst(Self.magic.count)), limit: Self.frameLimit)
        else { throw broken }
        var reader = Reader(bytes: frame)
        guard let key: Int64 = reader.number(), let hash = reader.bytes(16), let count: UInt32 = reader.number() else {
            throw broken
        }
        var records: [StoredRecord] = []
        for _ in 0..<count {
            guard let global: Int64 = reader.number(), let sequence: Int64 = reader.number(),
                let time: Int64 = reader.number(), let events: UInt32 = reader.number(),
                let length: UInt32 = reader.number(), let body = reader.bytes(Int(length))
            else { throw broken }
            let at = Timestamp(milliseconds: time)
            let record = LogRecord(runKey: key, firstSequence: sequence, count: Int(events), at: at, body: body)
            records.append(StoredRecord(globalSequence: global, record: record))
        }
        let start = ChainLink(sequence: first - 1, stored: hash)
        try self.init(runKey: key, start: start, records: records)
        guard reader.isAtEnd, runKey == run, self.end == end else { throw broken }
    }

    /// Reads the bytes of the blob that a row names.
    public init(packed bytes: [UInt8], of row: ArchiveRow) throws(StoreError) {
        try self.init(packed: bytes, runKey: row.runKey, from: row.firstSequence, to: row.end)
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private struct Reader {
        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { position == bytes.count }

        mutating func number<Number: FixedWidthInteger>() -> Number? {
            bytes(Number.bitWidth / 8).map { part in
                part.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
            }
        }

        mutating func bytes(_ count: Int) -> [UInt8]? {
            guard count <= bytes.count - position else { return nil }
            defer { position += count }
            return Array(bytes[position..<position + count])
        }
    }
}

extension StoreError {
    fileprivate static func archiveBroken(run key: Int64, after sequence: Int64) -> Self {
        Self(
            .corrupted,
            "The archive of run \(key) is damaged after event \(sequence): what is packed there is not what was written. "
                + "Restore it from a backup."
        )
    }
}
