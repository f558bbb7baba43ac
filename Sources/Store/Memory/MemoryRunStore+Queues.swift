// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

extension MemoryRunStore {
    /// Figures of every queue that has an open task or a dead letter, by the bytes of its name.
    public func queues(ofTenant tenant: String?) -> [QueueFigures] {
        reading { state in
            var found: [String: QueueFigures] = [:]
            for row in state.tasks.values where state.belongs(row.key, to: tenant) {
                guard let queue = row.queue else { continue }
                var figures = found[queue] ?? QueueFigures(queue: queue)
                figures.tasks[row.status, default: 0] += 1
                if row.status == .ready {
                    figures.oldestReady = [figures.oldestReady, row.since].compactMap(\.self).min()
                }
                found[queue] = figures
            }
            for row in state.deadLetters.values where tenant == nil || row.tenant == tenant {
                found[row.queue, default: QueueFigures(queue: row.queue)].deadLetters += 1
            }
            return found.values.sorted { $0.queue.utf8.lexicographicallyPrecedes($1.queue.utf8) }
        }
    }

    /// Open tasks of a queue.
    public func queueTasks(_ filter: QueueTaskFilter) -> [QueueTaskRow] {
        reading { state in
            let matching = state.tasks.values.filter { row in
                row.queue == filter.queue && filter.statuses.contains(row.status)
                    && state.belongs(row.key, to: filter.tenant)
                    && filter.after.map { ($0.runKey, $0.task) < (row.key.runKey, row.key.task) } ?? true
            }
            let sorted = matching.sorted { ($0.key.runKey, $0.key.task) < ($1.key.runKey, $1.key.task) }
            return sorted.lazy.compactMap { row in
                state.runs[row.key.runKey].map { QueueTaskRow(task: row, run: $0.id, workflow: $0.workflow) }
            }.prefix(filter.limit).map(\.self)
        }
    }

    /// Dead letters.
    public func deadLetters(_ filter: DeadLetterFilter) -> [DeadLetterRow] {
        reading { state in
            let matching = state.deadLetters.values.filter(filter.fits)
            return Array(matching.sorted { ($0.run, $0.key.task) < ($1.run, $1.key.task) }.prefix(filter.limit))
        }
    }

    /// The dead letter of a task.
    public func deadLetter(of key: TaskKey) -> DeadLetterRow? { reading { $0.deadLetters[key] } }

    /// The queues of tasks that have a dead letter.
    public func deadLetterQueues() -> [TaskKey: String] { reading { $0.deadLetters.mapValues(\.queue) } }
}

extension MemoryRunState {
    fileprivate func belongs(_ key: TaskKey, to tenant: String?) -> Bool {
        guard let run = runs[key.runKey] else { return false }
        return tenant == nil || run.ownership.tenant == tenant
    }

    /// Dead letters that a step would remove, the oldest first.
    func oldDeadLetters(_ expiry: Expiry) -> [DeadLetterRow] {
        guard expiry.kind == .deadLetters else { return [] }
        let old = deadLetters.values.filter { $0.at < expiry.before }
        let order = old.sorted { ($0.at, $0.key.runKey, $0.key.task) < ($1.at, $1.key.runKey, $1.key.task) }
        return Array(order.prefix(expiry.limit))
    }

    mutating func applyDeadLetters(_ commit: Commit) {
        for row in commit.deadLetters { deadLetters[row.key] = row }
        for key in commit.removedDeadLetters { deadLetters[key] = nil }
        for expiry in commit.expiries {
            for row in oldDeadLetters(expiry) { deadLetters[row.key] = nil }
        }
    }
}
