// Baton
// SPDX-License-Identifier: Apache-2.0

/// Resources (spec 2.2): who looks at them tells the engine what was found.
extension DurableEngine {
    /// Makes a resource known.
    ///
    /// - Throws: `conflict` when there is one of that name, or too many; `invalid` for what is out of bounds; `draining`,
    ///   `storageFull`, `unavailable`.
    public func addResource(
        _ name: String,
        _ definition: ResourceRecord.Definition,
        tenant: String
    ) async throws(EngineError) -> ResourceRecord {
        try await ask { .resource(.set(tenant: tenant, name: name, definition, isNew: true, $0)) }
    }

    /// Changes what a resource is; it is looked at anew.
    ///
    /// - Throws: `notFound`, and as ``addResource(_:_:tenant:)``.
    public func changeResource(
        _ name: String,
        _ definition: ResourceRecord.Definition,
        tenant: String
    ) async throws(EngineError) -> ResourceRecord {
        try await ask { .resource(.set(tenant: tenant, name: name, definition, isNew: false, $0)) }
    }

    /// Forgets a resource. Tasks that need it wait until there is one of that name again.
    ///
    /// - Throws: `notFound`, `draining`, `storageFull`, `unavailable`.
    public func removeResource(_ name: String, tenant: String) async throws(EngineError) {
        try await ask { .resource(.remove(tenant: tenant, name: name, $0)) }
    }

    /// Begins to look at a resource anew. Tasks that waited for it go on waiting until it is known to work.
    ///
    /// - Throws: `notFound`, `draining`, `storageFull`, `unavailable`.
    public func checkResource(_ name: String, tenant: String) async throws(EngineError) -> ResourceRecord {
        try await ask { .resource(.check(tenant: tenant, name: name, $0)) }
    }

    /// Tells what a look at a resource gave; the answer has what follows from it. What belongs to another definition than
    /// it has by now counts for nothing.
    ///
    /// - Throws: `notFound`, `draining`, `storageFull`, `unavailable`.
    public func observe(
        _ resource: ResourceRecord,
        _ probe: ResourceRecord.Probe
    ) async throws(EngineError) -> ResourceRecord {
        try await ask {
            .resource(.observe(tenant: resource.tenant, name: resource.name, of: resource.definition, probe, $0))
        }
    }

    /// The resources of a tenant, or of all, by name.
    ///
    /// - Throws: `draining`.
    public func resources(of tenant: String?) async throws(EngineError) -> [ResourceRecord] {
        try await ask { .resource(.list(tenant: tenant, $0)) }
    }
}

extension SteppedEngine {
    /// See ``DurableEngine/addResource(_:_:tenant:)``.
    public func addResource(
        _ name: String,
        _ definition: ResourceRecord.Definition,
        tenant: String,
        _ reply: @escaping @Sendable (Result<ResourceRecord, EngineError>) -> Void
    ) {
        requests.append(.resource(.set(tenant: tenant, name: name, definition, isNew: true, reply)))
    }

    /// See ``DurableEngine/removeResource(_:tenant:)``.
    public func removeResource(
        _ name: String,
        tenant: String,
        _ reply: @escaping @Sendable (Result<Void, EngineError>) -> Void
    ) {
        requests.append(.resource(.remove(tenant: tenant, name: name, reply)))
    }

    /// See ``DurableEngine/checkResource(_:tenant:)``.
    public func checkResource(
        _ name: String,
        tenant: String,
        _ reply: @escaping @Sendable (Result<ResourceRecord, EngineError>) -> Void
    ) {
        requests.append(.resource(.check(tenant: tenant, name: name, reply)))
    }

    /// See ``DurableEngine/observe(_:_:)``.
    public func observe(
        _ resource: ResourceRecord,
        _ probe: ResourceRecord.Probe,
        _ reply: @escaping @Sendable (Result<ResourceRecord, EngineError>) -> Void
    ) {
        requests.append(
            .resource(.observe(tenant: resource.tenant, name: resource.name, of: resource.definition, probe, reply))
        )
    }

    /// See ``DurableEngine/resources(of:)``.
    public func resources(
        of tenant: String?,
        _ reply: @escaping @Sendable (Result<[ResourceRecord], EngineError>) -> Void
    ) {
        requests.append(.resource(.list(tenant: tenant, reply)))
    }
}
