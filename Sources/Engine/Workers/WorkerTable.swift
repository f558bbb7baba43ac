// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// Workers, the tasks they have, and until when they live. Between turns it is as the store has it, but for who was heard
/// of when: after a restart each has the whole time once more.
struct WorkerTable {
    private(set) var records: [WorkerID: WorkerRecord] = [:]
    /// Who has a task.
    private var holders: [TaskKey: WorkerID] = [:]
    private(set) var tasks: [WorkerID: Set<TaskKey>] = [:]
    /// When it dies, in milliseconds of the monotonic clock.
    private var ends: [WorkerID: Int64] = [:]

    /// Takes in what the store said. Who has which task is told when runs are read back.
    init(_ rows: [RegistrationRow] = [], at now: Int64 = 0) {
        for record in rows.compactMap(WorkerRecord.init) { set(record, heardAt: now) }
    }

    subscript(id: WorkerID) -> WorkerRecord? { records[id] }

    func load(of id: WorkerID) -> Int { tasks[id]?.count ?? 0 }

    /// Writes a record down that the commit of this turn has.
    mutating func set(_ record: WorkerRecord, heardAt now: Int64? = nil) {
        records[record.id] = record
        if record.state.isOver {
            ends[record.id] = nil
        } else if let now {
            ends[record.id] = now + WorkerRecord.patience.milliseconds
        }
    }

    mutating func remove(_ id: WorkerID) {
        (records[id], ends[id], tasks[id]) = (nil, nil, nil)
        holders = holders.filter { $0.value != id }
    }

    /// It has a task.
    mutating func give(_ task: TaskKey, to id: WorkerID) {
        guard records[id] != nil else { return }
        holders[task] = id
        tasks[id, default: []].insert(task)
    }

    /// Nobody has the task any more.
    ///
    /// - Returns: Who had it.
    mutating func take(_ task: TaskKey) -> WorkerID? {
        guard !holders.isEmpty, let id = holders.removeValue(forKey: task) else { return nil }
        tasks[id]?.remove(task)
        return id
    }

    /// When the first of them dies. Few live at a time.
    var nextAt: Int64? { ends.values.min() }

    /// Those of which nothing was heard for too long.
    func due(at now: Int64) -> [WorkerID] { ends.filter { $0.value <= now }.map(\.key).sorted() }

    /// How much longer a worker lives.
    func left(of id: WorkerID, at now: Int64) -> Duration? { ends[id].map { .milliseconds(max(0, $0 - now)) } }
}

extension WorkerID {
    /// The worker that a lease names: `user:NAME/wrk_…`; `nil` when it names none that is registered.
    init?(lease worker: String?) {
        guard let name = worker?.split(separator: "/").last, let id = WorkerID(String(name)) else { return nil }
        self = id
    }
}
