// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// The inbox (spec 7): requests to people, for those whom they are addressed to and those whose runs ask.
struct HumanTaskRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/human-tasks",
                Contract(
                    "listHumanTasks",
                    "Requests to people, the oldest first.",
                    .humanTasks,
                    .may(.readHumanTasks),
                    query: [
                        .limit, .cursor("^[0-9]{1,15}\\.ht_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                        .init("run", .id("run"), "Only of that run."),
                        .init("all", .flag, "Whether those that are closed are listed too."),
                        .filter(Self.fields),
                    ],
                    .page("HumanTask")
                ).checkingFurther(),
                list
            ),
            Route(
                "GET",
                "/v1/human-tasks/{human_task}",
                Contract(
                    "showHumanTask",
                    "One request.",
                    .humanTasks,
                    .may(.readHumanTasks),
                    .ok(.named("HumanTask"))
                )
            ) { call throws(Problem) in
                .json(
                    try await service.humanTask(try call.id("human_task", "human task"), call.caller, answers: false)
                        .json
                )
            },
            telling(
                "resolve",
                "Answers a request, once: a repeat of the same answer gives the stored one.",
                .json(
                    .object(
                        .required("choice", .text(1...200)),
                        .optional("values", .anyObject, "The form."),
                        .optional("comment", .text(0...4000))
                    )
                )
            ) { engine, id, call throws(EngineError) in
                let answer = HumanAnswer(
                    choice: call.fields.requiredText("choice"),
                    values: call.fields.members("values") ?? [:],
                    comment: call.fields.text("comment"),
                    via: "api"
                )
                return try await engine.answer(id, answer, by: call.actor)
            },
            telling("claim", "Takes a request for 30 minutes.", .none) { engine, id, call throws(EngineError) in
                try await engine.claim(id, by: call.actor)
            },
            telling("release", "Gives a claimed request back.", .none) { engine, id, call throws(EngineError) in
                try await engine.release(id, by: call.actor)
            },
            telling(
                "reassign",
                "Addresses a request to others.",
                .json(
                    .object(
                        .required("to", .list(.text(1...200, pattern: "^((user|role):[!-~]{1,150}|owner)$"), 1...20))
                    )
                )
            ) { engine, id, call throws(EngineError) in
                try await engine.reassign(id, to: call.fields.texts("to") ?? [], by: call.actor)
            },
            Route(
                "POST",
                "/v1/human-tasks/bulk",
                Contract(
                    "bulkHumanTasks",
                    "Approves or rejects many requests; every item has its own outcome.",
                    .humanTasks,
                    .may(.answerHumanTasks),
                    body: .json(
                        .object(
                            .required("ids", .list(.id("ht"), 1...100)),
                            .required("choice", .choice(["approve", "reject"])),
                            .optional("comment", .text(0...4000))
                        )
                    ),
                    .ok(.named("BulkReport"), "All were done."),
                    Contract.Answer(207, "Some were not done.", .named("BulkReport"))
                ),
                bulk
            ),
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var filter = HumanTaskFilter()
        filter.statuses = call.flag("all") ? [] : HumanTaskStatus.pending
        filter.limit = call.limit
        filter.audience = try await service.audience(of: call.caller)
        filter.after = try call.cursor { HumanTaskFilter.Position(cursor: $0) }
        if let id = call.query("run").flatMap({ RunID($0) }) {
            filter.run = try await service.run(id, call.caller, .readRuns).key
        }
        let (wanted, store, limit) = (filter, service.store, call.limit)
        let test = try call.filter(over: Self.fields, now: service.clock.wall())
        let (items, next) = try await service.blocking { () throws(Problem) in
            try Self.page(wanted, test, limit, store)
        }
        return .page(items, next: next)
    }

    /// What `filter` may name.
    private static let fields = ListFilter.Fields(
        types: [
            "id": .string, "kind": .string, "status": .string, "run": .string, "node": .string, "title": .string,
            "message": .string, "assignees": .list(.string), "opened_at": .timestamp, "quorum": .int,
            "expires_at": .timestamp, "claimed_by": .string, "choice": .string, "decided_by": .string,
            "decided_at": .timestamp, "comment": .string, "subject": .dyn,
        ]
    )
    /// Rows of one request; a page is short then, and its cursor goes on behind.
    private static let rowLimit = 10_000

    private static func page(
        _ wanted: HumanTaskFilter,
        _ test: ListFilter?,
        _ limit: Int,
        _ store: any RunStore
    ) throws(Problem) -> ([JSONValue], next: String?) {
        var (filter, found, seen) = (wanted, [JSONValue](), 0)
        if test != nil { filter.limit = 500 }
        while true {
            let rows = try stored { () throws(StoreError) in try store.humanTasks(filter) }
            for row in rows {
                seen += 1
                filter.after = HumanTaskFilter.Position(row)
                let json = row.json
                if try test?.holds(for: json.objectValue ?? [:]) ?? true { found.append(json) }
                if found.count == limit { return (found, filter.after?.cursor) }
            }
            guard rows.count == filter.limit else { return (found, nil) }
            guard seen < rowLimit else { return (found, filter.after?.cursor) }
        }
    }

    private func telling(
        _ word: String,
        _ summary: String,
        _ body: Contract.Body,
        _ action: @escaping @Sendable (DurableEngine, HumanTaskID, APICall) async throws(EngineError) -> HumanTaskRow
    ) -> Route {
        let contract = Contract(
            "\(word)HumanTask",
            summary,
            .humanTasks,
            .may(.answerHumanTasks),
            body: body,
            .ok(.named("HumanTask")),
            .problem(409, "It is closed, or somebody else has it.")
        )
        return Route("POST", "/v1/human-tasks/{human_task}/\(word)", contract) { call throws(Problem) in
            let id: HumanTaskID = try call.id("human_task", "human task")
            _ = try await service.humanTask(id, call.caller, answers: true)
            let row = try await service.ask(call) { engine throws(EngineError) in try await action(engine, id, call) }
            return .json(row.json)
        }
    }

    @Sendable private func bulk(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let ids = (call.fields.texts("ids") ?? []).compactMap { HumanTaskID($0) }
        var hidden: [HumanTaskID: EngineError] = [:]
        for id in ids {
            do throws(Problem) {
                _ = try await service.humanTask(id, call.caller, answers: true)
            } catch {
                guard error.status < 500 else { throw error }
                hidden[id] = EngineError(error.status == 404 ? .notFound : .conflict, error.detail)
            }
        }
        let (shown, fields) = (ids.filter { hidden[$0] == nil }, call.fields)
        let report = try await service.ask(call) { engine throws(EngineError) in
            try await engine.bulkDecide(
                shown,
                approve: fields.text("choice") == "approve",
                comment: fields.text("comment"),
                by: call.actor
            )
        }
        return .bulk(report, of: ids, hidden)
    }
}

extension HumanTaskFilter.Position {
    /// The text form, for pages.
    fileprivate var cursor: String { "\(openedAt.milliseconds).\(id)" }

    fileprivate init?(cursor: String) {
        let parts = cursor.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let time = Int64(parts[0]), let id = HumanTaskID(String(parts[1])) else { return nil }
        self.init(openedAt: Timestamp(milliseconds: time), id: id)
    }
}

extension Service {
    /// A request, if the caller sees it: it is addressed to him, or a run that he sees asks.
    ///
    /// - Parameter answers: It is to be answered: only by whom it is addressed to.
    func humanTask(_ id: HumanTaskID, _ caller: Principal, answers: Bool) async throws(Problem) -> HumanTaskRow {
        let (store, identity) = (store, identity)
        return try await blocking { () throws(IdentityError) in
            let row = try reading { () throws(StoreError) in try store.humanTask(id) }
            guard let row, row.ownership.tenant == caller.tenant else {
                throw IdentityError(.notFound, "There is no human task \(id).")
            }
            let groups = try identity.groups(of: caller, in: row.ownership.project)
            if caller.isAddressed(by: row.assignees, owner: row.ownership.owner, groups: groups) { return row }
            // What is addressed to nobody is for whoever may control the run.
            let permission: Permission = answers ? .controlRuns : .readRuns
            let access = try identity.access(caller, permission, on: row.ownership)
            guard access == .allowed, !answers || row.assignees.isEmpty else {
                guard try identity.access(caller, .readRuns, on: row.ownership) == .allowed else {
                    throw IdentityError(.notFound, "There is no human task \(id).")
                }
                throw IdentityError(
                    .denied,
                    "Human task \(id) is addressed to \(row.assignees.joined(separator: ", "))."
                )
            }
            return row
        }
    }

    /// Whose requests the caller sees in lists.
    fileprivate func audience(of caller: Principal) async throws(Problem) -> HumanTaskFilter.Audience {
        guard caller.role != .admin else { return HumanTaskFilter.Audience(tenant: caller.tenant) }
        let rows = try await accounts { identity throws(IdentityError) in
            try identity.memberships.memberships(of: caller)
        }
        let groups = rows.filter { $0.key.tenant == caller.tenant }.flatMap(\.groups)
        let names = [caller.actor, "role:\(caller.role.rawValue)"] + Set(groups).sorted().map { "role:\($0)" }
        return HumanTaskFilter.Audience(tenant: caller.tenant, assignees: names, owner: caller.actor)
    }
}

extension IdentityServices {
    /// The groups that a principal has in a project. Blocks.
    fileprivate func groups(of caller: Principal, in project: String?) throws(IdentityError) -> [String] {
        guard let project else { return [] }
        return try memberships.memberships(of: caller)
            .first { $0.key.tenant == caller.tenant && $0.key.project == project }?.groups ?? []
    }
}
