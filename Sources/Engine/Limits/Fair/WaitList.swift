// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Store

/// Who waits, and with which claim to be next.
struct Waiter {
    var task: TaskKey
    /// 0–1000; lower comes first.
    var priority: Int
    var flow = FairKey.common
    var cost = 1
    /// Since when it waits, in milliseconds of a clock that never goes back.
    var since: Int64
}

/// Tasks that wait for one thing each; who waits for the same thing is in fair order.
struct WaitList<Thing: Hashable> {
    private var queues: [Thing: FairQueue] = [:]
    private var places: [TaskKey: (thing: Thing, ticket: FairQueue.Ticket)] = [:]
    private var weights: FairWeights

    init(weights: FairWeights = FairWeights()) {
        self.weights = weights
    }

    /// All who wait.
    var count: Int { places.count }

    /// Things somebody waits for, in no particular order.
    var things: [Thing] { Array(queues.keys) }

    mutating func setWeights(_ weights: FairWeights) {
        self.weights = weights
        for thing in queues.keys { queues[thing]?.setWeights(weights) }
    }

    /// Adds who waits; it stops waiting for what it waited for before.
    mutating func add(_ waiter: Waiter, for thing: Thing, at now: Int64) {
        remove(waiter.task)
        let ticket = queues[thing, default: FairQueue(weights: weights)].push(
            waiter.task,
            priority: waiter.priority,
            flow: waiter.flow,
            cost: waiter.cost,
            since: waiter.since,
            at: now
        )
        places[waiter.task] = (thing, ticket)
    }

    /// Whose turn it is.
    mutating func first(for thing: Thing, at now: Int64) -> TaskKey? {
        queues[thing]?.first(at: now)
    }

    /// Takes out whose turn it is and charges its share.
    mutating func take(for thing: Thing, at now: Int64) -> TaskKey? {
        guard let task = queues[thing]?.take(at: now) else { return nil }
        queues[thing]?.charge()
        places[task] = nil
        forget(thing)
        return task
    }

    /// Takes somebody out, and gives what it waited for.
    @discardableResult
    mutating func remove(_ task: TaskKey) -> Thing? {
        guard let (thing, ticket) = places.removeValue(forKey: task) else { return nil }
        queues[thing]?.remove(ticket)
        forget(thing)
        return thing
    }

    /// What a task waits for.
    func thing(of task: TaskKey) -> Thing? { places[task]?.thing }

    /// How many wait for a thing.
    func count(for thing: Thing) -> Int { queues[thing]?.count ?? 0 }

    /// Who waits for a thing, by run and task.
    func tasks(for thing: Thing) -> [TaskKey] {
        (queues[thing]?.keys ?? []).sorted { ($0.runKey, $0.task) < ($1.runKey, $1.task) }
    }

    /// Who waits for a thing, in the order in which it would be their turn.
    func inOrder(for thing: Thing, at now: Int64) -> [TaskKey] {
        guard var queue = queues[thing] else { return [] }
        var tasks: [TaskKey] = []
        while let task = queue.take(at: now) {
            queue.charge()
            tasks.append(task)
        }
        return tasks
    }

    /// How many come before a task if nobody else comes; at most `limit`. `nil` when it does not wait.
    func position(of task: TaskKey, limit: Int = 10_000) -> Int? {
        places[task].flatMap { queues[$0.thing]?.position(of: $0.ticket, limit: limit) }
    }

    private mutating func forget(_ thing: Thing) {
        if queues[thing]?.isEmpty == true { queues[thing] = nil }
    }
}
