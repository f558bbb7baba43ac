// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import Hashing
internal import Identity
internal import JSON
internal import Model
internal import Store
internal import Webhooks

/// What a verified call of a hook does, in the name of its owner.
struct HookDelivery: Sendable {
    let service: Service
    let limits: Limits
    let hook: HookRow
    let owner: Principal
    /// What the sender calls the delivery.
    let id: String?

    /// The actor that events name.
    private var actor: String { "hook:\(hook.id)" }

    /// Makes the call one that is carried out once; `nil` when it has no name.
    var key: IdempotencyKey? { key(for: "call") }

    private func key(for what: String) -> IdempotencyKey? {
        id.map { id in
            IdempotencyKey(
                principal: actor,
                key: "\(what):" + SHA256.hex(Array(id.utf8)),
                fingerprint: hook.id.description
            )
        }
    }

    /// Does it.
    ///
    /// - Returns: What the caller is told.
    func carryOut(_ step: HookAction.Step, in project: String?) async throws(Problem) -> JSONObject {
        switch step {
        case .nothing: return ["status": "ignored"]
        case .signal(let type, let to, let key, let payload):
            let count = try await signal(type, to, key, payload, project)
            return ["status": "signalled", "delivered": .int(Int64(count))]
        case .start(let workflow, let inputs):
            let run = try await start(workflow, inputs, project)
            return ["status": "started", "run": .string(run.description)]
        }
    }

    // MARK: Signals

    /// Hands the signal to the runs that are meant and that the owner may control; how many these are.
    private func signal(
        _ type: String,
        _ to: String,
        _ key: String?,
        _ payload: JSONValue,
        _ project: String?
    ) async throws(Problem) -> Int {
        guard owner.may(.controlRuns) else {
            throw Problem(403, "permission.denied", "the owner of the hook may not signal runs")
        }
        guard let target = SignalTarget(to) else {
            throw .invalid("/signal/to", "must be run:ID, workflow:NAME, project or broadcast, not `\(to)`")
        }
        var key = key
        if key == nil, case .workflow(_, let named) = target { key = named }
        let wait = key
        // Without a name every call is another one.
        let name = id.map { SHA256.hex(Array($0.utf8)) } ?? String(UInt64.random(in: .min ... .max), radix: 36)
        func send(to run: RunID) async throws(EngineError) {
            _ = try await service.engine.signal(
                .run(run),
                type: type,
                key: wait,
                payload: payload,
                dedupeKey: "\(actor)/\(name)",
                by: actor
            )
        }
        if case .run(let run) = target {
            _ = try await service.run(run, owner, .controlRuns)
            do throws(EngineError) { try await send(to: run) } catch { throw Problem(error) }
            return 1
        }
        var count = 0
        for run in try await receivers(of: type, target, project) {
            do throws(EngineError) {
                try await send(to: run)
                count += 1
            } catch {
                // It ended meanwhile.
                guard error.code == .conflict || error.code == .notFound else { throw Problem(error) }
            }
        }
        return count
    }

    /// Open runs of a workflow, or those that wait for the type.
    private func receivers(
        of type: String,
        _ target: SignalTarget,
        _ project: String?
    ) async throws(Problem) -> [RunID] {
        let visibility = try await service.visibility(of: owner)
        let rows = try await service.read { store throws(StoreError) -> [RunRow] in
            if case .workflow(let name, _) = target {
                var filter = RunFilter()
                (filter.visibility, filter.workflow, filter.limit) = (visibility, name, 1000)
                filter.statuses = RunStatus.allCases.filter { !$0.isTerminal }
                return try store.runs(filter)
            }
            let waiting = Set(try store.awaitedSignals().filter { $0.type == type }.map(\.runKey)).sorted()
            var rows: [RunRow] = []
            for key in waiting {
                if let row = try store.run(key: key), visibility.shows(row.ownership) { rows.append(row) }
            }
            return rows
        }
        let meant = rows.filter { target != .project || $0.ownership.project == project }.map(\.id)
        let hidden = try await service.hidden(meant, from: owner, .controlRuns)
        return meant.filter { hidden[$0] == nil }
    }

    // MARK: Runs

    private func start(_ workflow: String, _ inputs: JSONObject, _ project: String?) async throws(Problem) -> RunID {
        guard owner.may(.startRuns) else {
            throw Problem(403, "permission.denied", "the owner of the hook may not start runs")
        }
        let (workflows, catalogOwner) = (service.workflows, owner.catalogOwner)
        let found = try await service.blocking { () throws(EngineError) in
            try workflows.workflow(workflow, of: catalogOwner)
        }
        let checked: JSONObject
        do throws(InputError) {
            checked = try found.graph.checkInputs(inputs).objectValue ?? [:]
        } catch {
            let items = error.violations.map {
                Problem.Item(path: "/start/inputs\($0.pointer)", code: "validation.failed", message: $0.message)
            }
            throw Problem(422, "validation.failed", "the inputs do not fit `\(workflow)`", items: items)
        }
        if let project { try await service.requireStart(in: project, owner) }
        try limits.admitStart(of: found.graph, by: owner)
        var request = StartRequest(graph: found.graph, source: found.source, inputs: checked, actor: actor)
        let charged = HookRow.action(hook.action)["api_key"]?.stringValue.flatMap(APIKeyID.init)
        request.ownership = Ownership(tenant: hook.tenant, owner: hook.owner, project: project, apiKey: charged)
        let wanted = request
        do throws(EngineError) {
            return try await service.engine.once(key(for: "start")).start(wanted).id
        } catch {
            throw Problem(error)
        }
    }
}
