// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Identity
internal import Model
internal import Store

/// Whether the caller may do something to a thing (spec 11.2): what belongs to others is not there.
extension Service {
    /// The run that the path names, if the caller may do that to it.
    func run(_ call: APICall, _ permission: Permission) async throws(Problem) -> RunRow {
        try await run(try call.runID(), call.caller, permission)
    }

    /// A run, likewise.
    func run(_ id: RunID, _ caller: Principal, _ permission: Permission) async throws(Problem) -> RunRow {
        let (store, identity) = (store, identity)
        return try await blocking { () throws(IdentityError) in
            guard let row = try reading({ () throws(StoreError) in try store.run(id) }) else {
                throw IdentityError(.notFound, "There is no run \(id).")
            }
            try identity.access(caller, permission, on: row.ownership).check("run \(id)")
            return row
        }
    }

    /// Which of some runs the caller may not do that to, and why not.
    func hidden(
        _ ids: [RunID],
        from caller: Principal,
        _ permission: Permission
    ) async throws(Problem) -> [RunID: EngineError] {
        let (store, identity) = (store, identity)
        return try await blocking { () throws(IdentityError) in
            var hidden: [RunID: EngineError] = [:]
            for id in ids {
                guard let row = try reading({ () throws(StoreError) in try store.run(id) }) else { continue }
                switch try identity.access(caller, permission, on: row.ownership) {
                case .allowed: break
                case .denied: hidden[id] = EngineError(.conflict, "you may see run \(id), but not do that")
                case .hidden: hidden[id] = EngineError(.notFound, "there is no run \(id)")
                }
            }
            return hidden
        }
    }

    /// What of lists the caller sees.
    func visibility(of caller: Principal) async throws(Problem) -> Visibility {
        guard caller.role != .admin else { return .everything(of: caller.tenant) }
        let grants = try await accounts { identity throws(IdentityError) in
            try identity.memberships.memberships(of: caller)
        }
        let projects = grants.filter { $0.key.tenant == caller.tenant }.map(\.key.project)
        return .shared(in: caller.tenant, viewer: caller.actor, projects: projects)
    }
}

extension IdentityServices {
    /// Decides with what is shared with the principal. Blocks.
    func access(
        _ principal: Principal,
        _ permission: Permission,
        on thing: Ownership
    ) throws(IdentityError) -> Access {
        let needsGrant = principal.role != .admin && thing.owner != nil && thing.owner != principal.actor
        let grants = needsGrant && thing.project != nil ? try memberships.memberships(of: principal) : []
        let grant = grants.grant(tenant: thing.tenant, project: thing.project)
        return Access.decide(principal, permission, on: thing, grant: grant)
    }
}

/// Reads the store where accounts decide.
func reading<Value>(_ body: () throws(StoreError) -> Value) throws(IdentityError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw IdentityError(error)
    }
}

extension APICall {
    /// Whose what the caller makes is.
    func ownership(in project: String?) -> Ownership {
        Ownership(tenant: caller.tenant, owner: actor, project: project, apiKey: caller.apiKey)
    }
}
