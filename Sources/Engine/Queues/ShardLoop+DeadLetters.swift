// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
public import Store

/// What is asked of the loop about dead letters.
enum DeadLetterRequest: Sendable {
    case redrive(DeadLetterOrder, actor: String, Reply<BulkReport>)
    case discard(DeadLetterOrder, Reply<BulkReport>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .redrive(_, _, let reply), .discard(_, let reply): reply(.failure(error))
        }
    }
}

/// Dead letters are rows that go with events: `dead_letter.added` makes one, and that its task is done again removes it.
extension ShardLoop {
    mutating func apply(_ request: DeadLetterRequest, to batch: inout Batch) {
        switch request {
        case .redrive(let order, let actor, let reply):
            answer(reply, keeping: .bulk, &batch) { loop, batch throws(EngineError) in
                try loop.redrive(order, actor, &batch)
            }
        case .discard(let order, let reply):
            answer(reply, keeping: .bulk, &batch) { loop, batch throws(EngineError) in
                try loop.each(order, &batch) { loop, _, letters, batch throws(EngineError) in
                    for letter in letters { loop.remove(letter.key, &batch) }
                }
            }
        }
    }

    private mutating func redrive(
        _ order: DeadLetterOrder,
        _ actor: String,
        _ batch: inout Batch
    ) throws(EngineError) -> BulkReport {
        try each(order, &batch) { loop, key, letters, batch throws(EngineError) in
            let run = try loop.open(key, &batch)
            let names = letters.map { TaskRef(number: $0.key.task) }.filter(run.state.has).map(run.state.taskName(of:))
            guard names.count == letters.count else {
                throw EngineError(.conflict, "the pass or item that it belonged to has ended; do its loop or map again")
            }
            _ = try loop.handle(.retry(names), on: key, actor, &batch)
        }
    }

    /// Does something to dead letters, to all those of a run at once: one that failed must not end it again while another
    /// is done again.
    private mutating func each(
        _ order: DeadLetterOrder,
        _ batch: inout Batch,
        _ body: (inout Self, Int64, [DeadLetterRow], inout Batch) throws(EngineError) -> Void
    ) throws(EngineError) -> BulkReport {
        guard order.entries?.count ?? 0 <= BulkReport.limit else {
            throw EngineError(.invalid, "more than \(BulkReport.limit) entries are given, the most that one call takes")
        }
        var (rows, errors): ([TaskID: DeadLetterRow], [TaskID: EngineError]) = ([:], [:])
        let entries: [TaskID]
        if let given = order.entries { entries = given } else { entries = try oldest(order) }
        for entry in entries {
            rows[entry] = try letter(entry, order)
            if rows[entry] == nil {
                errors[entry] = EngineError(.notFound, "there is no dead letter \(entry) in queue \(order.queue)")
            }
        }
        for (run, letters) in Dictionary(grouping: rows, by: \.value.key.runKey).sorted(by: { $0.key < $1.key }) {
            do throws(EngineError) {
                let ordered = letters.map(\.value).sorted { $0.key.task < $1.key.task }
                try body(&self, run, ordered, &batch)
            } catch {
                for (entry, _) in letters { errors[entry] = error }
            }
        }
        return BulkReport(entries.map { .init(id: $0.description, error: errors[$0]) })
    }

    private func oldest(_ order: DeadLetterOrder) throws(EngineError) -> [TaskID] {
        var filter = DeadLetterFilter()
        (filter.tenant, filter.queue, filter.limit) = (order.tenant, order.queue, BulkReport.limit)
        do throws(StoreError) {
            return try store.deadLetters(filter).map(\.id)
        } catch {
            throw EngineError(store: error)
        }
    }

    /// The letter, if it is one of the order's; what an earlier request of the turn removed is none.
    private func letter(_ entry: TaskID, _ order: DeadLetterOrder) throws(EngineError) -> DeadLetterRow? {
        guard let run = try knownKey(of: entry.run) else { return nil }
        let key = TaskKey(run, entry.task)
        guard letters.contains(key) else { return nil }
        do throws(StoreError) {
            let row = try store.deadLetter(of: key)
            return row?.queue == order.queue && (order.tenant == nil || row?.tenant == order.tenant) ? row : nil
        } catch {
            throw EngineError(store: error)
        }
    }

    // MARK: Rows

    /// Reads which tasks have one.
    mutating func loadLetters() throws(StoreError) {
        letters = Set(try store.deadLetterQueues().keys)
    }

    /// Writes what an event means for dead letters.
    mutating func collectLetters(_ event: Event, _ run: OpenRun, _ batch: inout Batch) {
        switch event.body {
        case .deadLetter(.added(let letter)):
            guard let task = event.task else { return }
            let key = TaskKey(run.key, task)
            letters.insert(key)
            batch.commit.removedDeadLetters.removeAll { $0 == key }
            batch.commit.deadLetters.append(DeadLetterRow(letter, of: task, key, run.state, at: batch.now))
        case .again(.reset(let places, _)) where !letters.isEmpty:
            for task in places.compactMap({ run.state.task(at: $0) }) { remove(TaskKey(run.key, task), &batch) }
        default:
            break
        }
    }

    private mutating func remove(_ key: TaskKey, _ batch: inout Batch) {
        guard letters.remove(key) != nil else { return }
        batch.commit.deadLetters.removeAll { $0.key == key }
        batch.commit.removedDeadLetters.append(key)
    }
}

extension DeadLetterRow {
    fileprivate init(_ letter: DeadLetter, of task: TaskRef, _ key: TaskKey, _ state: RunState, at now: Timestamp) {
        self.init(
            key: key,
            run: state.id,
            tenant: state.tenant,
            queue: letter.queue,
            group: letter.group,
            workflow: state.graph.name,
            node: state.taskName(of: task).description,
            attempts: state[task].countedAttempts,
            failure: letter.failure,
            reason: letter.reason,
            at: now
        )
    }

    /// Names it: the id of its task.
    public var id: TaskID { TaskID(run: run, task: TaskRef(number: key.task)) }
}
