// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

// Columns are read in the order in which RunSchema declares them.

extension RunRow {
    init(row: Row) throws(StoreError) {
        self.init(
            key: row.int64(0),
            id: try row.id(1),
            workflow: row.text(2),
            graphHash: row.text(3),
            status: try row.name(4),
            reason: row.isNull(5) ? nil : try row.name(5),
            lastSequence: row.int64(6),
            endedTasks: row.int(7),
            allTasks: row.int(8),
            error: row.optionalText(9),
            createdAt: row.time(10),
            startedAt: row.optionalTime(11),
            endedAt: row.optionalTime(12),
            deadline: row.optionalTime(13),
            outcome: row.isNull(14) ? nil : try row.name(14),
            ownership: Ownership(row, from: 15)
        )
    }
}

extension Ownership {
    /// The columns tenant, owner, project; a file of an older format has none.
    init(_ row: Row, from column: Int32) {
        guard row.count > column else {
            self = .common
            return
        }
        self.init(
            tenant: row.text(column),
            owner: row.optionalText(column + 1),
            project: row.optionalText(column + 2)
        )
    }
}

extension TaskRow {
    init(row: Row) throws(StoreError) {
        self.init(
            key: TaskKey(runKey: row.int64(0), task: row.int(1)),
            status: try row.name(2),
            priority: row.int(3),
            attempt: row.int(4),
            fence: row.int64(5),
            worker: row.optionalText(6),
            leaseUntil: row.optionalTime(7),
            awaitedSignal: row.optionalText(8),
            // A file of an older format has no more.
            queue: row.count > 9 ? row.optionalText(9) : nil,
            since: row.count > 10 ? row.optionalTime(10) : nil
        )
    }
}

extension TimerRow {
    init(row: Row) throws(StoreError) {
        self.init(
            fireAt: row.time(0),
            number: row.int64(1),
            key: TaskKey(runKey: row.int64(2), task: row.int(3)),
            kind: try row.name(4)
        )
    }
}
