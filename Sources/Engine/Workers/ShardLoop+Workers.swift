// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// What is asked of the loop about workers.
enum WorkerRequest: Sendable {
    case register(WorkerRecord.Profile, tenant: String, owner: String, Reply<Worker>)
    case heartbeat(WorkerID, by: String, Reply<Worker>)
    case order(WorkerID, WorkerRecord.Order, by: String, Reply<Worker>)
    case remove(WorkerID, by: String, Reply<Void>)
    case list(tenant: String, Reply<[Worker]>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .register(_, _, _, let reply), .heartbeat(_, _, let reply), .order(_, _, _, let reply):
            reply(.failure(error))
        case .remove(_, _, let reply): reply(.failure(error))
        case .list(_, let reply): reply(.failure(error))
        }
    }
}

/// Workers outside (spec 12.7). What one is, is a row that is written when it changes; that it lives, only the loop knows.
extension ShardLoop {
    mutating func apply(_ request: WorkerRequest, to batch: inout Batch) {
        switch request {
        case .register(let profile, let tenant, let owner, let reply):
            answer(reply, keeping: .worker, &batch) { loop, batch throws(EngineError) in
                try loop.register(profile, tenant, owner, &batch)
            }
        case .heartbeat(let id, let actor, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                let record = try loop.worker(id)
                guard record.owner == actor else { throw EngineError(.notFound, "there is no worker \(id)") }
                guard !record.state.isOver else {
                    let why = record.state == .dead ? "; register anew" : ""
                    throw EngineError(.conflict, "\(id) is \(record.state.rawValue)\(why)")
                }
                loop.workers.set(record, heardAt: loop.clock.monotonic())
                return try loop.shown(id, batch)
            }
        case .order(let id, let order, let actor, let reply):
            answer(reply, keeping: .worker, &batch) { loop, batch throws(EngineError) in
                var record = try loop.worker(id)
                try record.follow(order, load: loop.workers.load(of: id), by: actor, at: batch.now)
                loop.write(record, &batch)
                return try loop.shown(id, batch)
            }
        case .remove(let id, let actor, let reply):
            answer(reply, keeping: .done, &batch) { loop, batch throws(EngineError) in
                let record = try loop.worker(id)
                loop.handBack(id, &batch)
                loop.forget(record, "removed by \(actor)", &batch)
            }
        case .list(let tenant, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                let ids = loop.workers.records.values.filter { $0.tenant == tenant }.map(\.id).sorted()
                return try ids.map { id throws(EngineError) in try loop.shown(id, batch) }
            }
        }
    }

    // MARK: Life

    private mutating func register(
        _ profile: WorkerRecord.Profile,
        _ tenant: String,
        _ owner: String,
        _ batch: inout Batch
    ) throws(EngineError) -> Worker {
        guard !isReleasing else { throw EngineError(.draining, "the engine is stopping") }
        for old in workers.records.values where old.state.isOver && batch.now - old.since > WorkerRecord.afterlife {
            forget(old, "its time is over", &batch)
        }
        let others = workers.records.values.count { $0.tenant == tenant && !$0.state.isOver }
        guard others < WorkerRecord.limit else {
            throw EngineError(.conflict, "there are \(others) workers, the most that a tenant may have")
        }
        let id: WorkerID = ids.next(at: batch.now, entropy: (random.next(), random.next()))
        let record = WorkerRecord(id: id, tenant: tenant, owner: owner, profile: profile, at: batch.now)
        workers.set(record, heardAt: clock.monotonic())
        write(record, &batch)
        return try shown(id, batch)
    }

    /// Ends workers of which nothing was heard for three heartbeats; what they had is made again by others.
    mutating func endWorkers(_ batch: inout Batch) {
        let now = clock.monotonic()
        guard now >= resumeAt, let next = workers.nextAt, next <= now else { return }
        for id in workers.due(at: now) {
            handBack(id, &batch)
            guard var record = workers[id] else { continue }
            record.go(to: .dead, "nothing was heard of it for \(WorkerRecord.patience.text)", at: batch.now)
            write(record, &batch)
        }
    }

    /// The tasks of a worker are lost to it.
    private mutating func handBack(_ id: WorkerID, _ batch: inout Batch) {
        for key in (workers.tasks[id] ?? []).sorted(by: { ($0.runKey, $0.task) < ($1.runKey, $1.task) }) {
            guard
                let fence = attempt({ loop throws(EngineError) in try loop.open(key.runKey, &batch) })?
                    .state[TaskRef(number: key.task)].fence
            else { continue }
            command(
                .attemptLost(task: TaskRef(number: key.task), fence: fence, isRelease: false),
                on: key.runKey,
                nil,
                &batch
            )
        }
    }

    /// A task has ended, or is nobody's any more; the last one of a worker that drains stops it.
    mutating func endClaim(_ key: TaskKey, _ batch: inout Batch) {
        guard let id = workers.take(key), var record = workers[id] else { return }
        guard record.state == .draining, workers.load(of: id) == 0 else { return }
        record.go(to: .stopped, record.reason ?? "drained", at: batch.now)
        write(record, &batch)
    }

    private mutating func write(_ record: WorkerRecord, _ batch: inout Batch) {
        workers.set(record)
        batch.commit.registrations.removeAll { $0.key == record.key }
        batch.commit.registrations.append(record.row)
    }

    private mutating func forget(_ record: WorkerRecord, _ reason: String, _ batch: inout Batch) {
        workers.remove(record.id)
        batch.commit.registrations.removeAll { $0.key == record.key }
        batch.commit.removedRegistrations.append(record.key)
    }

    mutating func loadWorkers() throws(StoreError) {
        workers = WorkerTable(try store.registrations(.worker), at: clock.monotonic())
    }

    // MARK: Answers

    func worker(_ id: WorkerID) throws(EngineError) -> WorkerRecord {
        guard let record = workers[id] else { throw EngineError(.notFound, "there is no worker \(id)") }
        return record
    }

    func shown(_ id: WorkerID, _ batch: Batch) throws(EngineError) -> Worker {
        var record = try worker(id)
        record.state = record.state(load: workers.load(of: id))
        let claims = (workers.tasks[id] ?? []).compactMap { key in
            runs[key.runKey].map { TaskID(run: $0.state.id, task: TaskRef(number: key.task)) }
        }
        let left = workers.left(of: id, at: clock.monotonic())
        return Worker(record: record, claims: claims.sorted(), until: left.map { batch.now + $0 })
    }

    // MARK: Claims

    /// Refuses a claim in the name of a worker that does not do the task, or does nothing now.
    func checkMayClaim(_ task: TaskRef, of run: OpenRun, _ worker: String?, _ actor: String) throws(EngineError) {
        guard let id = worker.flatMap({ WorkerID($0) }) else { return }
        guard let record = workers[id], record.owner == actor, record.tenant == run.state.tenant else {
            throw EngineError(.invalid, "there is no worker \(id) of yours")
        }
        let load = workers.load(of: id)
        switch record.state(load: load) {
        case .ready: break
        case .busy:
            throw EngineError(.conflict, "\(id) has \(load) tasks, as many as it does at a time")
        case let state: throw EngineError(.conflict, "\(id) is \(state.rawValue) and takes no tasks")
        }
        guard record.serves(run.state.node(task)) else {
            throw EngineError(
                .conflict,
                "\(id) does not serve the queue of \(run.state.id(of: task)), or lacks a label"
            )
        }
    }
}

extension KeptAnswer<Worker> {
    /// The id: the worker is given as it is now.
    static let worker = KeptAnswer(
        "worker",
        write: { .string($0.record.id.description) },
        read: { json, loop, batch throws(EngineError) in
            try json.stringValue.flatMap { WorkerID($0) }.map { id throws(EngineError) in try loop.shown(id, batch) }
        }
    )
}
