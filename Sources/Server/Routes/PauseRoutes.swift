// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
public import JSON
internal import Model
public import Store

/// Pauses above single runs (spec 3.11): of a workflow, a project, a queue, and of all work.
struct PauseRoutes: Sendable {
    let service: Service

    var routes: [Route] { [list] + Self.subjects.flatMap { [pause($0), resume($0)] } }

    /// What can be paused.
    private struct Subject {
        /// As `PauseScope` spells it.
        let kind: String
        /// The same in the names of operations.
        let noun: String
        /// Before `/pause` and `/resume`.
        let path: String
        /// The parameter of the path that names it.
        let parameter: String?
        /// What that holds back, for readers.
        let what: String
        let permission: Permission
    }

    private static let subjects = [
        Subject(
            kind: "workflow",
            noun: "Workflow",
            path: "/v1/workflows/{name}",
            parameter: "name",
            what: "the runs of a workflow, whoever started them",
            permission: .administer
        ),
        Subject(
            kind: "project",
            noun: "Project",
            path: "/v1/projects/{project}",
            parameter: "project",
            what: "the runs of a project",
            permission: .controlProjects
        ),
        Subject(
            kind: "queue",
            noun: "Queue",
            path: "/v1/queues/{queue}",
            parameter: "queue",
            what: "the tasks of a queue, whichever run they belong to",
            permission: .manageWorkers
        ),
        Subject(kind: "all", noun: "All", path: "/v1/admin", parameter: nil, what: "all work", permission: .administer),
    ]

    private var list: Route {
        Route(
            "GET",
            "/v1/pauses",
            Contract("listPauses", "What is paused above single runs.", .runs, .may(.readRuns), .page("Pause"))
        ) { call throws(Problem) in
            let (caller, visible) = (call.caller, try await service.visibility(of: call.caller))
            let rows = try await service.read { store throws(StoreError) in try store.pauses() }
            let seen = rows.compactMap { $0.seen(in: caller.tenant) }.filter { row in
                guard case .project(let name) = row.scope, visible.viewer != nil else { return true }
                return visible.projects.contains(name)
            }
            return .page(seen.map(\.json), next: nil)
        }
    }

    private func pause(_ subject: Subject) -> Route {
        Route(
            "POST",
            "\(subject.path)/pause",
            Contract(
                "pause\(subject.noun)",
                "Holds back \(subject.what); attempts in flight finish.",
                .runs,
                .may(subject.permission),
                body: .optional(.optional("reason", .reason)),
                .ok(.named("Pause")),
                .problem(409, "It is paused already.")
            )
        ) { call throws(Problem) in
            let scope = try await scope(subject, call)
            let row = try await service.ask(call) { engine throws(EngineError) in
                try await engine.pause(scope, reason: call.fields.text("reason"), by: call.actor)
            }
            return .json((row.seen(in: call.caller.tenant) ?? row).json)
        }
    }

    private func resume(_ subject: Subject) -> Route {
        Route(
            "POST",
            "\(subject.path)/resume",
            Contract(
                "resume\(subject.noun)",
                "Lets go on: \(subject.what), as far as nothing else holds it.",
                .runs,
                .may(subject.permission),
                .ok(.named("Pause"), "What was paused."),
                .problem(409, "It is not paused.")
            )
        ) { call throws(Problem) in
            let scope = try await scope(subject, call)
            let row = try await service.ask(call) { engine throws(EngineError) in
                try await engine.resume(scope, by: call.actor).pause
            }
            return .json((row.seen(in: call.caller.tenant) ?? row).json)
        }
    }

    private func scope(_ subject: Subject, _ call: APICall) async throws(Problem) -> PauseScope {
        let (caller, name) = (call.caller, subject.parameter.map(call.parameter) ?? "")
        if subject.kind == "project" {
            try await service.accounts { identity throws(IdentityError) in
                try identity.requireControl(of: name, caller, to: "pause it")
            }
        }
        let isShared = ["workflow", "project"].contains(subject.kind)
        guard isShared || caller.tenant == Principal.defaultTenant else {
            throw Problem(403, "permission.denied", "what is above tenants is for the first one alone")
        }
        let isFirst = caller.tenant == Principal.defaultTenant
        guard let scope = PauseScope(kind: subject.kind, name: isFirst ? name : "\(caller.tenant)/\(name)") else {
            throw .notFound("\(subject.kind) `\(name)`")
        }
        return scope
    }
}

extension PauseRow {
    /// `{scope, name?, by, reason?, at}`.
    public var json: JSONValue {
        var result: JSONObject = ["scope": .string(scope.kind)]
        if scope != .all { result["name"] = .string(scope.name) }
        result["by"] = .string(by)
        result["reason"] = reason.map(JSONValue.string)
        result["at"] = .string(at.description)
        return .object(result)
    }

    /// The row as people of that tenant name it; `nil` when it is another tenant's.
    fileprivate func seen(in tenant: String) -> PauseRow? {
        guard ["workflow", "project"].contains(scope.kind) else { return self }
        let end = scope.name.firstIndex(of: "/")
        // Names of projects have no slashes; those of workflows may.
        guard tenant != Principal.defaultTenant else { return scope.kind == "project" && end != nil ? nil : self }
        guard let end, scope.name[..<end] == tenant,
            let own = PauseScope(kind: scope.kind, name: String(scope.name[scope.name.index(after: end)...]))
        else { return nil }
        return PauseRow(scope: own, by: by, reason: reason, at: at)
    }
}
