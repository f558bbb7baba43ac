// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// What is asked of the loop about resources.
enum ResourceRequest: Sendable {
    case set(tenant: String, name: String, ResourceRecord.Definition, isNew: Bool, Reply<ResourceRecord>)
    case check(tenant: String, name: String, Reply<ResourceRecord>)
    case observe(
        tenant: String,
        name: String,
        of: ResourceRecord.Definition,
        ResourceRecord.Probe,
        Reply<ResourceRecord>
    )
    case remove(tenant: String, name: String, Reply<Void>)
    case list(tenant: String?, Reply<[ResourceRecord]>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .set(_, _, _, _, let reply), .check(_, _, let reply), .observe(_, _, _, _, let reply):
            reply(.failure(error))
        case .remove(_, _, let reply): reply(.failure(error))
        case .list(_, let reply): reply(.failure(error))
        }
    }
}

/// Resources (spec 2.2). A row is written when the state changes; what each look at one gives, only the loop knows. Tasks
/// that wait for one are set aside, and offered again when it works, is another one, or is gone.
extension ShardLoop {
    mutating func apply(_ request: ResourceRequest, to batch: inout Batch) {
        switch request {
        case .set(let tenant, let name, let definition, let isNew, let reply):
            answer(reply, keeping: .resource, &batch) { loop, batch throws(EngineError) in
                try loop.set(.init(.resource, tenant: tenant, name: name), definition, isNew, &batch)
            }
        case .check(let tenant, let name, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                var record = try loop.resource(.init(.resource, tenant: tenant, name: name))
                record.check(at: batch.now)
                loop.write(record, &batch)
                return record
            }
        case .observe(let tenant, let name, let definition, let probe, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                let key = RegistrationRow.Key(.resource, tenant: tenant, name: name)
                let before = try loop.resource(key)
                // It was changed while somebody looked.
                guard before.definition == definition else { return before }
                var record = before
                record.take(probe)
                loop.note(record, after: before, &batch)
                return record
            }
        case .remove(let tenant, let name, let reply):
            answer(reply, keeping: .done, &batch) { loop, batch throws(EngineError) in
                let key = RegistrationRow.Key(.resource, tenant: tenant, name: name)
                _ = try loop.resource(key)
                loop.resources[key] = nil
                batch.commit.registrations.removeAll { $0.key == key }
                batch.commit.removedRegistrations.append(key)
            }
        case .list(let tenant, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                let all = loop.resources.values.filter { tenant == nil || $0.tenant == tenant }
                return all.sorted { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
            }
        }
    }

    private mutating func set(
        _ key: RegistrationRow.Key,
        _ definition: ResourceRecord.Definition,
        _ isNew: Bool,
        _ batch: inout Batch
    ) throws(EngineError) -> ResourceRecord {
        if let violation = definition.violation { throw EngineError(.invalid, violation) }
        if isNew {
            guard resources[key] == nil else { throw EngineError(.conflict, "there is a resource `\(key.name)`") }
            let others = resources.keys.count { $0.tenant == key.tenant }
            guard others < ResourceRecord.limit else {
                throw EngineError(.conflict, "there are \(others) resources, the most that a tenant may have")
            }
        } else if try resource(key).definition == definition {
            return try resource(key)
        }
        var record = ResourceRecord(tenant: key.tenant, name: key.name, definition, at: batch.now)
        record.isHolding = resources[key]?.isHolding ?? false
        write(record, &batch)
        offerAside(for: key, &batch)
        return record
    }

    func resource(_ key: RegistrationRow.Key) throws(EngineError) -> ResourceRecord {
        guard let record = resources[key] else { throw EngineError(.notFound, "there is no resource `\(key.name)`") }
        return record
    }

    private mutating func write(_ record: ResourceRecord, _ batch: inout Batch) {
        resources[record.key] = record
        batch.commit.removedRegistrations.removeAll { $0 == record.key }
        batch.commit.registrations.removeAll { $0.key == record.key }
        batch.commit.registrations.append(record.row)
    }

    private mutating func note(_ record: ResourceRecord, after before: ResourceRecord, _ batch: inout Batch) {
        guard record.state != before.state || record.isHolding != before.isHolding else {
            resources[record.key] = record
            return
        }
        write(record, &batch)
        if before.isHolding, !record.isHolding { offerAside(for: record.key, &batch) }
    }

    mutating func loadResources() throws(StoreError) {
        let records = try store.registrations(.resource).compactMap(ResourceRecord.init)
        resources = Dictionary(records.map { ($0.key, $0) }) { first, _ in first }
        awaitedResources = [:]
    }

    // MARK: Tasks

    /// The first resource that a task needs and that does not work, or that nobody has made known.
    func missingResource(_ task: TaskRef, of run: OpenRun) -> TaskHold? {
        for name in run.state.node(task).resources {
            let key = RegistrationRow.Key(.resource, tenant: run.state.tenant, name: name)
            guard let record = resources[key] else { return .resource(name, isKnown: false) }
            if record.isHolding { return .resource(name, isKnown: true) }
        }
        return nil
    }

    /// Sets a task aside that needs what does not work.
    ///
    /// - Returns: Whether it does.
    mutating func waitsForResource(_ task: TaskRef, of run: OpenRun) -> Bool {
        guard let hold = missingResource(task, of: run), case .resource(let name, _) = hold else { return false }
        let key = TaskKey(run.key, task)
        letGo(key)
        run.machine.hold(task, hold)
        awaitedResources[.init(.resource, tenant: run.state.tenant, name: name), default: []].insert(key)
        return true
    }

    private mutating func offerAside(for resource: RegistrationRow.Key, _ batch: inout Batch) {
        let keys = awaitedResources.removeValue(forKey: resource) ?? []
        for key in keys.sorted(by: { ($0.runKey, $0.task) < ($1.runKey, $1.task) }) where adopted.contains(key.runKey) {
            let task = TaskRef(number: key.task)
            guard let run = attempt({ loop throws(EngineError) in try loop.open(key.runKey, &batch) }),
                run.machine.canStart(task)
            else { continue }
            offer(task, of: run)
        }
    }
}

extension KeptAnswer<ResourceRecord> {
    /// The name: the resource is given as it is now.
    static let resource = KeptAnswer(
        "resource",
        write: { ["tenant": .string($0.tenant), "name": .string($0.name)] },
        read: { json, loop, _ throws(EngineError) in
            guard let tenant = json["tenant"]?.stringValue, let name = json["name"]?.stringValue else { return nil }
            return try loop.resource(.init(.resource, tenant: tenant, name: name))
        }
    )
}
