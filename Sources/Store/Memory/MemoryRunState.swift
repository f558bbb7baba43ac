// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// What a ``MemoryRunStore`` holds. A commit is checked as a whole before anything of it is applied.
struct MemoryRunState {
    var records: [StoredRecord] = []
    /// Positions in `records`, per run.
    var positions: [Int64: [Int]] = [:]
    var lastSequence: Int64 = 0
    var definitions: [String: DefinitionRow] = [:]
    var runs: [Int64: RunRow] = [:]
    var runKeys: [RunID: Int64] = [:]
    var tasks: [TaskKey: TaskRow] = [:]
    var timers: [Int64: TimerRow] = [:]
    var lastTimerNumber: Int64 = 0
    var humanTasks: [HumanTaskID: HumanTaskRow] = [:]
    var schedules: [ScheduleID: ScheduleRow] = [:]
    var pauses: [PauseScope: PauseRow] = [:]
    var registrations: [RegistrationRow.Key: RegistrationRow] = [:]
    var deadLetters: [TaskKey: DeadLetterRow] = [:]
    var outbox: [OutboxMessage] = []
    var lastMessage: Int64 = 0
    var cursors: [String: Int64] = [:]
    /// By run, in the order of their events.
    var snapshots: [Int64: [SnapshotRow]] = [:]
    var keyed = MemoryKeyedRows()
    var budget = MemoryBudgetRows()
    var retention = MemoryRetentionRows()
    var conversations = MemoryConversations()
    var prompts = MemoryPrompts()

    /// Throws `conflict` when the commit does not fit what is stored.
    func check(_ commit: Commit) throws(StoreError) {
        var last: [Int64: Int64] = [:]
        for record in commit.records {
            let previous = last[record.runKey] ?? lastSequence(ofRun: record.runKey)
            guard record.firstSequence == previous + 1, record.count > 0 else {
                throw .sequenceTaken(run: record.runKey, next: previous + 1, given: record.firstSequence)
            }
            last[record.runKey] = previous + Int64(record.count)
        }
        var (ids, keys): ([Int64: RunID], [RunID: Int64]) = ([:], [:])
        for run in commit.runs {
            guard (ids[run.key] ?? runs[run.key]?.id ?? run.id) == run.id,
                (keys[run.id] ?? runKeys[run.id] ?? run.key) == run.key
            else { throw .runTaken(key: run.key, id: run.id) }
            (ids[run.key], keys[run.id]) = (run.id, run.key)
        }
        for timer in commit.timers where timers[timer.number] != nil {
            throw .timerTaken(timer.number)
        }
        if commit.hasKeyedRows { try keyed.check(commit) }
        try checkSchedules(commit.schedules)
        if commit.hasBudgetRows { try budget.check(commit) }
    }

    private func checkSchedules(_ rows: [ScheduleRow]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        var names = schedules.mapValues { [$0.ownership.tenant, $0.name] }
        for row in rows {
            let name = [row.ownership.tenant, row.name]
            guard names.allSatisfy({ $0.value != name || $0.key == row.id }) else { throw .scheduleTaken(row) }
            names[row.id] = name
        }
    }

    func lastSequence(ofRun key: Int64) -> Int64 {
        guard let position = positions[key]?.last else { return retention.end(ofRun: key).sequence }
        return records[position].record.firstSequence + Int64(records[position].record.count) - 1
    }

    /// Applies a checked commit and gives the number of its first event.
    mutating func apply(_ commit: Commit) -> Int64 {
        let first = commit.records.isEmpty ? lastSequence : lastSequence + 1
        commit.records.forEach { append($0) }
        for row in commit.definitions where definitions[row.hash] == nil { definitions[row.hash] = row }
        for var row in commit.runs {
            row.ownership = runs[row.key]?.ownership ?? row.ownership
            runs[row.key] = row
            runKeys[row.id] = row.key
        }
        for row in commit.tasks { tasks[row.key] = row }
        for key in commit.closedTasks { tasks[key] = nil }
        for row in commit.timers {
            timers[row.number] = row
            lastTimerNumber = max(lastTimerNumber, row.number)
        }
        for row in commit.removedTimers where timers[row.number]?.fireAt == row.fireAt { timers[row.number] = nil }
        for row in commit.humanTasks { humanTasks[row.id] = row }
        for row in commit.schedules { schedules[row.id] = row }
        for id in commit.removedSchedules { schedules[id] = nil }
        for row in commit.pauses { pauses[row.scope] = row }
        for scope in commit.liftedPauses { pauses[scope] = nil }
        for row in commit.registrations { registrations[row.key] = row }
        for key in commit.removedRegistrations { registrations[key] = nil }
        deliver(commit)
        keep(commit)
        if commit.hasKeyedRows { keyed.apply(commit) }
        if commit.hasBudgetRows { budget.apply(commit) }
        budget.expire(commit.expiries)
        if commit.hasDeadLetters { applyDeadLetters(commit) }
        conversations.keep(commit.keptTurns)
        return first
    }

    private mutating func keep(_ commit: Commit) {
        for row in commit.snapshots {
            var rows = snapshots[row.runKey] ?? []
            rows.removeAll { $0.sequence == row.sequence }
            rows.insert(row, at: rows.firstIndex { $0.sequence > row.sequence } ?? rows.endIndex)
            snapshots[row.runKey] = rows
        }
        for stale in commit.staleSnapshots {
            snapshots[stale.runKey]?.removeAll { $0.sequence > stale.after && $0.sequence < stale.before }
        }
    }

    private mutating func append(_ record: LogRecord) {
        positions[record.runKey, default: []].append(records.count)
        records.append(StoredRecord(globalSequence: lastSequence + 1, record: record))
        lastSequence += Int64(record.count)
    }

    private mutating func deliver(_ commit: Commit) {
        for content in commit.outbox {
            lastMessage += 1
            outbox.append(OutboxMessage(number: lastMessage, content: content))
        }
        guard !commit.cursors.isEmpty else { return }
        cursors.merge(commit.cursors) { _, new in new }
        let passed = cursors.values.min() ?? 0
        // The newest one stays, as it does on disk, where its number is all that tells the next one's.
        outbox.removeAll { $0.number <= passed && $0.number < lastMessage }
    }
}
