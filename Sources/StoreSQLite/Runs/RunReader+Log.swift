// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The log: every record is checked against the one before it. Packed records are read from where they lie.
extension RunReader {
    func records(ofRun key: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        guard sequence < .max else { return [] }
        return try records(ofRun: key, in: sequence + 1 ... .max, limit: limit)
    }

    func records(ofRun key: Int64, in range: ClosedRange<Int64>, limit: Int) throws(StoreError) -> [StoredRecord] {
        try snapshot { () throws(StoreError) in
            let packed = try retention()?.archiveEnd(ofRun: key) ?? .start
            var result: [StoredRecord] = []
            if range.lowerBound <= packed.sequence { result = try packedRecords(ofRun: key, in: range, limit: limit) }
            let lowest = max(range.lowerBound, packed.sequence + 1)
            guard result.count < limit, lowest <= range.upperBound else { return result }
            var rows: [ChainedRecord] = []
            for statement in [statements.recordsInRange, statements.tailInRange] {
                let room = limit - result.count - rows.count
                guard room > 0 else { break }
                rows += try statement.rows(key, lowest, range.upperBound, room, read: ChainedRecord.init(row:))
            }
            return result + (try checked(rows))
        }
    }

    func records(
        ofRun key: Int64,
        backwardsFrom sequence: Int64,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        try snapshot { () throws(StoreError) in
            let packed = try retention()?.archiveEnd(ofRun: key) ?? .start
            var rows: [ChainedRecord] = []
            for statement in [statements.tailBackwards, statements.recordsBackwards] {
                guard rows.count < limit else { break }
                rows += try statement.rows(
                    key,
                    packed.sequence,
                    sequence,
                    limit - rows.count,
                    read: ChainedRecord.init(row:)
                )
            }
            var result: [StoredRecord] = try checked(rows.reversed()).reversed()
            guard result.count < limit, packed.sequence > 0 else { return result }
            for place in try retention()?.segments(ofRun: key, backwardsFrom: sequence) ?? [] {
                let older = try archives.segment(place).records.reversed().drop { stored in
                    stored.record.firstSequence >= sequence
                }
                result += older.prefix(limit - result.count)
                guard result.count < limit else { break }
            }
            return result
        }
    }

    private func packedRecords(
        ofRun key: Int64,
        in range: ClosedRange<Int64>,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        var result: [StoredRecord] = []
        for place in try retention()?.segments(ofRun: key, in: range) ?? [] {
            let fitting = try archives.segment(place).records.lazy
                .drop { $0.record.firstSequence + Int64($0.record.count) <= range.lowerBound }
                .prefix { $0.record.firstSequence <= range.upperBound }
            result += fitting.prefix(limit - result.count)
            guard result.count < limit else { break }
        }
        return result
    }

    func records(after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        try snapshot { () throws(StoreError) in try page(after: sequence, limit: limit).map(\.stored) }
    }

    /// Records of all runs, checked; inside a snapshot.
    private func page(after sequence: Int64, limit: Int) throws(StoreError) -> [ChainedRecord] {
        let rows = try statements.records.rows(sequence, limit, read: ChainedRecord.init(row:))
        _ = try checked(rows)
        return rows
    }

    /// Runs `body` with one view of the database, whatever is written meanwhile.
    func snapshot<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try statements.begin.execute()
        do throws(StoreError) {
            let value = try body()
            try statements.end.execute()
            return value
        } catch {
            connection.rollBack()
            throw error
        }
    }

    private func checked(_ records: [ChainedRecord]) throws(StoreError) -> [StoredRecord] {
        var links: [Int64: ChainLink] = [:]
        var result: [StoredRecord] = []
        result.reserveCapacity(records.count)
        for chained in records {
            let record = chained.stored.record
            var previous = links[record.runKey]
            if previous == nil { previous = try link(before: record) }
            if let previous {
                guard record.count > 0, record.firstSequence == previous.sequence + 1,
                    previous.next(record) == chained.link
                else { throw .chainBroken(chained.stored, path: connection.path) }
            }
            links[record.runKey] = chained.link
            result.append(chained.stored)
        }
        return result
    }

    /// The link before the first record of a run in a page; `nil` when it is gone, because the record is packed or of a
    /// deleted run and will go too.
    private func link(before record: LogRecord) throws(StoreError) -> ChainLink? {
        for statement in [statements.tailLinkBefore, statements.linkBefore] {
            let link = try statement.first(record.runKey, record.firstSequence, read: ChainLink.init(row:))
            if let link { return link }
        }
        guard record.firstSequence > 1, let retention = try retention() else { return .start }
        if let end = try retention.archiveEnd(ofRun: record.runKey), end.sequence == record.firstSequence - 1 {
            return end
        }
        let cleared = try retention.cleared(ofRun: record.runKey) ?? 0
        return cleared >= record.firstSequence ? nil : .start
    }

    /// Reads the whole database and the whole log in one snapshot.
    func verify() throws(StoreError) {
        guard let answer = try statements.quickCheck.first(read: { $0.text(0) }), answer == "ok" else {
            throw StoreError(
                .corrupted,
                "\(connection.path) is damaged: SQLite's quick_check failed. Restore it from a backup."
            )
        }
        if try connection.hasTable(RecordPlaces.table), try connection.integer(RecordPlaces.misplaced) != 0 {
            throw StoreError(
                .corrupted,
                "\(connection.path) is damaged: its index of runs does not fit the log. Restore it from a backup."
            )
        }
        try snapshot { () throws(StoreError) in
            let last = try lastSequence()
            var (position, events) = (0 as Int64, try retention()?.eventsGone() ?? 0)
            var cleared: [Int64: Int64] = [:]
            for key in try retention()?.clearable(limit: .max) ?? [] {
                cleared[key] = try retention()?.cleared(ofRun: key)
            }
            while case let page = try page(after: position, limit: 1000), let end = page.last?.stored {
                for record in page.map(\.stored.record) where record.firstSequence > cleared[record.runKey] ?? 0 {
                    events += Int64(record.count)
                }
                position = end.globalSequence + Int64(end.record.count) - 1
            }
            guard events == last else {
                throw StoreError(
                    .corrupted,
                    "\(connection.path): \(last) events were written and \(events) are there, packed or of deleted runs. "
                        + "Restore it from a backup."
                )
            }
        }
    }
}

/// A record and the link stored with it.
private struct ChainedRecord {
    let stored: StoredRecord
    let link: ChainLink

    init(row: Row) {
        let record = LogRecord(
            runKey: row.int64(1),
            firstSequence: row.int64(2),
            count: row.int(3),
            at: row.time(4),
            body: row.bytes(5)
        )
        stored = StoredRecord(globalSequence: row.int64(0), record: record)
        link = ChainLink(sequence: record.firstSequence + Int64(record.count) - 1, stored: row.bytes(6))
    }
}

extension StoreError {
    fileprivate static func chainBroken(_ stored: StoredRecord, path: String) -> Self {
        let record = stored.record
        return Self(
            .corrupted,
            "The log of run \(record.runKey) is damaged at event \(record.firstSequence) (number "
                + "\(stored.globalSequence) of \(path)): its checksum does not fit. Restore it from a backup."
        )
    }
}
