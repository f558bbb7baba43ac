// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Workers outside (spec 12.7): they register, are heard of every ``WorkerRecord/heartbeat``, and claim tasks in their
/// name.
extension DurableEngine {
    /// Makes a worker known. It lives as long as it is heard of.
    ///
    /// - Throws: `conflict` when there are too many, `draining`, `storageFull`, `unavailable`.
    public func register(
        _ profile: WorkerRecord.Profile,
        tenant: String,
        by actor: String
    ) async throws(EngineError) -> Worker {
        try await ask { .worker(.register(profile, tenant: tenant, owner: actor, $0)) }
    }

    /// A worker is still there. Its claims have heartbeats of their own.
    ///
    /// - Throws: `notFound`, also when somebody else registered it; `conflict` when it is over; `draining`.
    public func heartbeat(_ worker: WorkerID, by actor: String) async throws(EngineError) -> Worker {
        try await ask { .worker(.heartbeat(worker, by: actor, $0)) }
    }

    /// Makes a worker take no tasks any more, for a time or for good, or take them again. A drained one stops when its
    /// last task ends.
    ///
    /// - Throws: `notFound`, `conflict` when it is over, `draining`, `storageFull`, `unavailable`.
    public func tell(
        _ worker: WorkerID,
        _ order: WorkerRecord.Order,
        by actor: String
    ) async throws(EngineError) -> Worker {
        try await ask { .worker(.order(worker, order, by: actor, $0)) }
    }

    /// Forgets a worker; the attempts that it makes are lost to it.
    ///
    /// - Throws: `notFound`, `draining`, `storageFull`, `unavailable`.
    public func remove(_ worker: WorkerID, by actor: String) async throws(EngineError) {
        try await ask { .worker(.remove(worker, by: actor, $0)) }
    }

    /// The workers of a tenant by their ids: those that live, and for a day those that do not.
    ///
    /// - Throws: `draining`.
    public func workers(of tenant: String) async throws(EngineError) -> [Worker] {
        try await ask { .worker(.list(tenant: tenant, $0)) }
    }

    /// The executors of this process, as a worker.
    public var pool: WorkerPool {
        WorkerPool(
            name: configuration.worker,
            slots: configuration.slots,
            load: dispatcher.held.count,
            queues: configuration.queues?.sorted() ?? [],
            labels: configuration.labels
        )
    }
}

/// The executors of a process.
public struct WorkerPool: Sendable {
    /// The name that leases carry.
    public let name: String
    /// How many attempts it makes at a time.
    public let slots: Int
    /// How many it makes.
    public let load: Int
    /// The queues it serves; empty for all.
    public let queues: [String]
    /// What it has.
    public let labels: [String: String]
}

extension SteppedEngine {
    /// See ``DurableEngine/register(_:tenant:by:)``.
    public func register(
        _ profile: WorkerRecord.Profile,
        tenant: String,
        by actor: String,
        _ reply: @escaping @Sendable (Result<Worker, EngineError>) -> Void
    ) {
        requests.append(.worker(.register(profile, tenant: tenant, owner: actor, reply)))
    }

    /// See ``DurableEngine/heartbeat(_:by:)-(WorkerID,_)``.
    public func heartbeat(
        _ worker: WorkerID,
        by actor: String,
        _ reply: @escaping @Sendable (Result<Worker, EngineError>) -> Void
    ) {
        requests.append(.worker(.heartbeat(worker, by: actor, reply)))
    }

    /// See ``DurableEngine/tell(_:_:by:)``.
    public func tell(
        _ worker: WorkerID,
        _ order: WorkerRecord.Order,
        by actor: String,
        _ reply: @escaping @Sendable (Result<Worker, EngineError>) -> Void
    ) {
        requests.append(.worker(.order(worker, order, by: actor, reply)))
    }

    /// See ``DurableEngine/remove(_:by:)``.
    public func remove(
        _ worker: WorkerID,
        by actor: String,
        _ reply: @escaping @Sendable (Result<Void, EngineError>) -> Void
    ) {
        requests.append(.worker(.remove(worker, by: actor, reply)))
    }

    /// See ``DurableEngine/workers(of:)``.
    public func workers(
        of tenant: String,
        _ reply: @escaping @Sendable (Result<[Worker], EngineError>) -> Void
    ) {
        requests.append(.worker(.list(tenant: tenant, reply)))
    }
}
