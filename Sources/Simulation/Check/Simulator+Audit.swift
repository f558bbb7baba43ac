// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import Model
internal import Store

/// What must hold after a crash and at the end.
extension Simulator {
    // MARK: After a crash

    /// What clients and workers were told is still there.
    func auditAcknowledged() {
        auditMoney()
        let rows = disk.rows
        guard rows.lastSequence() >= disk.acknowledged else {
            return violate(
                .acknowledged,
                "events up to \(disk.acknowledged) were answered, but the log ends at \(rows.lastSequence())"
            )
        }
        for run in acknowledged.started where rows.run(run) == nil {
            return violate(.acknowledged, "the start of \(run) was answered, but there is no such run")
        }
        for (run, event) in acknowledged.events {
            guard let key = rows.run(run)?.key, lastEvent(ofRun: key) >= event else {
                return violate(.acknowledged, "event \(event) of \(run) was answered, but is not in the log")
            }
        }
        for (id, decision) in acknowledged.decided {
            guard let row = rows.humanTask(id), row.status == decision.status, row.decidedBy == decision.by else {
                return violate(.acknowledged, "\(id) was answered as \(decision.status), which is not stored")
            }
        }
    }

    private func lastEvent(ofRun key: Int64) -> Int64 {
        let last = (try? disk.rows.records(ofRun: key, backwardsFrom: .max, limit: 1))?.first?.record
        return last.map { $0.firstSequence + Int64($0.count) - 1 } ?? 0
    }

    /// What the engine has in memory is the fold of the log.
    func auditMemory() {
        guard let process else { return }
        for (key, state) in process.engine.runsInMemory {
            guard let folded = self.state(ofRun: key) else { return }
            guard folded == state else {
                for line in Self.difference(folded, state) { note(line) }
                return violate(.log, "\(state.id) in memory is not the fold of its log")
            }
        }
    }

    /// Lines that only one of the two has, for those who look for the reason.
    private static func difference(_ folded: RunState, _ memory: RunState) -> [String] {
        func lines(_ state: RunState) -> Set<Substring> {
            var text = ""
            dump(state, to: &text)
            return Set(text.split(separator: "\n"))
        }
        let (first, second) = (lines(folded), lines(memory))
        return first.subtracting(second).sorted().prefix(20).map { "only folded: \($0)" }
            + second.subtracting(first).sorted().prefix(20).map { "only in memory: \($0)" }
    }

    // MARK: At the end

    func auditEnd() {
        auditAcknowledged()
        auditMemory()
        if let key = ledger.repeated {
            violate(.effects, "\(key) takes no idempotency key, and its effect happened twice")
        }
        var audit = LogAudit(self)
        for key in stride(from: 1, through: disk.rows.lastRunKey(), by: 1) {
            guard let row = disk.rows.run(key: key), let state = state(ofRun: key) else { continue }
            audit.check(row, state)
            check(row, against: state)
        }
        audit.finish()
        auditRows()
        auditMoneyAtEnd()
    }

    private func check(_ row: RunRow, against state: RunState) {
        let isSame =
            row.status == state.status && row.reason == state.waitReason && row.lastSequence == state.lastSequence
            && row.endedTasks == state.endedTasks && row.endedAt == state.endedAt && row.deadline == state.deadline
        if !isSame {
            violate(
                .log,
                "the row of \(row.id) says \(row.status) at event \(row.lastSequence), its log \(state.status) at "
                    + "\(state.lastSequence)"
            )
        }
    }

    private func auditRows() {
        if let row = disk.rows.openTasks(ofRun: nil).first {
            violate(.rows, "task \(row.key) has a row, its run ended")
        }
        if let row = disk.rows.timers(ofRun: nil).first { violate(.rows, "timer \(row) is there, its run ended") }
        if let row = disk.rows.humanTasks(.pending(limit: 1)).first {
            violate(.rows, "\(row.id) is open, its run ended")
        }
    }
}
