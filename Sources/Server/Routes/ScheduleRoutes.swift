// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Schedules (spec 12.6).
struct ScheduleRoutes: Sendable {
    let service: Service

    private static let fields: [Shape.Field] = [
        .optional("cron", .text(1...200), "Five or six fields, or `@daily` and its kin."),
        .optional("every", .text(2...20), "A span such as `10m`, instead of `cron`."),
        .optional("zone", .text(1...64), "A time zone such as `Europe/Berlin`; UTC when left out."),
        .optional("inputs", .anyObject), .optional("overlap", .choice(OverlapPolicy.self)),
        .optional("catch_up", .text(2...20)), .optional("jitter", .text(2...20)),
    ]

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/schedules",
                Contract("listSchedules", "Schedules by name.", .schedules, .may(.readSignals), .page("Schedule"))
            ) { call throws(Problem) in
                let visibility = try await service.visibility(of: call.caller)
                let rows = try await service.read { store throws(StoreError) in
                    try store.schedules(seenBy: visibility)
                }
                return .page(try rows.map { row throws(Problem) in .object(try Schedule.read(row).json) }, next: nil)
            },
            Route(
                "POST",
                "/v1/schedules",
                Contract(
                    "createSchedule",
                    "Starts a published workflow by the calendar, or again and again.",
                    .schedules,
                    .may(.writeSignals),
                    body: .json(
                        .members(
                            [.required("name", .name), .required("workflow", .text(1...300))] + Self.fields
                                + [.optional("project", .projectName)],
                            isClosed: true
                        )
                    ),
                    Contract.Answer(201, "The schedule.", .named("Schedule")),
                    .problem(409, "Another schedule has that name.")
                ).checkingFurther(),
                create
            ),
            Route(
                "GET",
                "/v1/schedules/{schedule}",
                Contract(
                    "showSchedule",
                    "A schedule with its last firings.",
                    .schedules,
                    .may(.readSignals),
                    .ok(.named("Schedule"))
                )
            ) { call throws(Problem) in .json(try await schedule(call, .readSignals).details) },
            Route(
                "PATCH",
                "/v1/schedules/{schedule}",
                Contract(
                    "changeSchedule",
                    "Changes when a schedule fires and what it starts.",
                    .schedules,
                    .may(.writeSignals),
                    body: .json(
                        .members(
                            [.optional("name", .name), .optional("workflow", .text(1...300))] + Self.fields,
                            isClosed: true
                        )
                    ),
                    .ok(.named("Schedule")),
                    .problem(409, "Another schedule has that name.")
                ).checkingFurther(),
                change
            ),
            Route(
                "DELETE",
                "/v1/schedules/{schedule}",
                Contract(
                    "deleteSchedule",
                    "Removes a schedule; its runs go on.",
                    .schedules,
                    .may(.writeSignals),
                    .nothing
                )
            ) { call throws(Problem) in
                let id = try await schedule(call, .writeSignals).definition.id
                try await service.ask(call) { engine throws(EngineError) in try await engine.deleteSchedule(id) }
                return HTTPResponse(status: 204)
            },
            telling("pause", "Fires no more.", .optional(.optional("note", .text(0...2000)))) {
                engine,
                id,
                call throws(EngineError) in
                try await engine.pauseSchedule(id, note: call.fields.text("note"), by: call.actor)
            },
            telling("resume", "Fires again.", .optional(.optional("note", .text(0...2000)))) {
                engine,
                id,
                call throws(EngineError) in
                try await engine.resumeSchedule(id, note: call.fields.text("note"))
            },
            telling(
                "backfill",
                "Starts the runs of past firings that have none.",
                .json(.object(.required("from", .time), .optional("to", .time), .optional("parallel", .flag)))
            ) { engine, id, call throws(EngineError) in
                guard let from = call.fields.text("from").flatMap({ Timestamp(rfc3339: $0) }) else {
                    throw EngineError(.invalid, "`/from`: must be a time such as 2026-01-31T12:00:00Z")
                }
                let to = call.fields.text("to").flatMap { Timestamp(rfc3339: $0) } ?? SystemClock().wall()
                return try await engine.backfill(id, from: from, to: to, isParallel: call.fields.flag("parallel"))
            },
            Route(
                "POST",
                "/v1/schedules/{schedule}/trigger",
                Contract(
                    "triggerSchedule",
                    "Starts a run now.",
                    .schedules,
                    .may(.writeSignals),
                    body: .optional(.optional("overlap", .choice(OverlapPolicy.self))),
                    Contract.Answer(202, "It is started, or waits for an open run.", .anyObject),
                    .problem(409, "A run is open, and the policy is to start none.")
                ),
                trigger
            ),
        ]
    }

    private func telling(
        _ word: String,
        _ summary: String,
        _ body: Contract.Body,
        _ action: @escaping @Sendable (DurableEngine, ScheduleID, APICall) async throws(EngineError) -> Schedule
    ) -> Route {
        let contract = Contract(
            "\(word)Schedule",
            summary,
            .schedules,
            .may(.writeSignals),
            body: body,
            .ok(.named("Schedule")),
            .problem(409, "Its state does not allow that.")
        )
        return Route("POST", "/v1/schedules/{schedule}/\(word)", contract) { call throws(Problem) in
            let id = try await schedule(call, .writeSignals).definition.id
            let schedule = try await service.ask(call) { engine throws(EngineError) in
                try await action(engine, id, call)
            }
            return .json(schedule.details)
        }
    }

    /// The schedule that the path names, if the caller may do that to it.
    private func schedule(_ call: APICall, _ permission: Permission) async throws(Problem) -> Schedule {
        let (store, identity, caller) = (service.store, service.identity, call.caller)
        let id: ScheduleID = try call.id("schedule", "schedule")
        let row = try await service.blocking { () throws(IdentityError) in
            guard let row = try reading({ () throws(StoreError) in try store.schedule(id) }) else {
                throw IdentityError(.notFound, "There is no schedule \(id).")
            }
            try identity.access(caller, permission, on: row.ownership).check("schedule \(id)")
            return row
        }
        return try Schedule.read(row)
    }

    @Sendable private func create(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, now) = (call.fields, service.clock.wall())
        var source = IdentifierSource()
        var random = SystemRandomNumberGenerator()
        guard let timing = try timing(fields, anchor: now) else {
            throw .invalid("", "either `cron` or `every` is expected")
        }
        var definition = ScheduleDefinition(
            id: source.next(at: now, entropy: (random.next(), random.next())),
            createdAt: now,
            name: fields.requiredText("name"),
            workflow: fields.requiredText("workflow"),
            inputs: fields.members("inputs") ?? [:],
            timing: timing,
            creator: call.actor
        )
        if let project = fields.text("project") { try await service.requireStart(in: project, call.caller) }
        definition.ownership = call.ownership(in: fields.text("project"))
        try await fill(&definition, call)
        let wanted = definition
        let made = try await service.ask(call) { engine throws(EngineError) in try await engine.createSchedule(wanted) }
        return .json(made.details, status: 201, headers: ["location": "/v1/schedules/\(made.definition.id)"])
    }

    @Sendable private func change(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var definition = try await schedule(call, .writeSignals).definition
        definition.name = call.fields.text("name") ?? definition.name
        definition.workflow = call.fields.text("workflow") ?? definition.workflow
        definition.inputs = call.fields.members("inputs") ?? definition.inputs
        if let timing = try timing(call.fields, anchor: service.clock.wall()) { definition.timing = timing }
        try await fill(&definition, call)
        let wanted = definition
        let made = try await service.ask(call) { engine throws(EngineError) in try await engine.changeSchedule(wanted) }
        return .json(made.details)
    }

    /// What both take; checks the workflow and its inputs.
    private func fill(_ definition: inout ScheduleDefinition, _ call: APICall) async throws(Problem) {
        let fields = call.fields
        if let policy = fields.text("overlap").flatMap(OverlapPolicy.init) { definition.overlap = policy }
        if let span = try span("catch_up", fields) { definition.catchUp = span }
        if let span = try span("jitter", fields) { definition.jitter = span }
        let (workflows, owner, reference) = (service.workflows, call.catalogOwner, definition.workflow)
        let found = try await service.blocking { () throws(EngineError) in
            try workflows.workflow(reference, of: owner)
        }
        do throws(InputError) {
            _ = try found.graph.checkInputs(definition.inputs)
        } catch {
            let items = error.violations.map {
                Problem.Item(path: "/inputs\($0.pointer)", code: "validation.failed", message: $0.message)
            }
            throw Problem(422, "validation.failed", "the inputs do not fit `\(reference)`", items: items)
        }
        do throws(EngineError) {
            try definition.check()
        } catch {
            throw Problem(error)
        }
    }

    private func timing(_ fields: Fields, anchor: Timestamp) throws(Problem) -> ScheduleTiming? {
        let zone = fields.text("zone") ?? "UTC"
        switch (fields.text("cron"), fields.text("every")) {
        case (nil, nil): return nil
        case (_?, _?): throw .invalid("/every", "cannot stand beside `cron`")
        case (let cron?, nil): return try ScheduleTiming.read(cron, zone: zone, anchor: anchor, at: "/cron")
        case (nil, let every?):
            return try ScheduleTiming.read("@every \(every)", zone: zone, anchor: anchor, at: "/every")
        }
    }

    private func span(_ name: String, _ fields: Fields) throws(Problem) -> Duration? {
        guard let text = fields.text(name) else { return nil }
        guard let span = Duration(text: text) else { throw .invalid("/\(name)", "must be a span such as 10m") }
        return span
    }

    @Sendable private func trigger(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let schedule = try await schedule(call, .writeSignals)
        let policy = call.fields.text("overlap").flatMap(OverlapPolicy.init)
        let triggered = try await service.ask(call) { engine throws(EngineError) in
            try await engine.trigger(schedule.definition.id, policy)
        }
        let status: String
        switch triggered.outcome {
        case .started: status = "started"
        case .waiting: status = "waiting"
        case .skipped:
            throw Problem(409, "state.conflict", "a run of \(schedule.definition.name) is open, so none was started")
        case .failed(let message): throw Problem(422, "definition.invalid", "no run could be started: \(message)")
        }
        return .json(["run": .string(triggered.run.description), "status": .string(status)], status: 202)
    }
}
