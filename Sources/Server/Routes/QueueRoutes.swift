// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Queues of tasks that executors do, and what they gave up (spec 12.7). Administrators see those of their tenant.
struct QueueRoutes: Sendable {
    let service: Service

    private static let audience = Contract.Audience.may(.manageWorkers)
    /// Queues that are there without anybody naming them.
    private static let usual = ["agent", "http", "tool"]

    var routes: [Route] { [list] + [messages, pending, dead] + [redrive, discard] }

    // MARK: Lists

    private var list: Route {
        Route(
            "GET",
            "/v1/queues",
            Contract(
                "listQueues",
                "Queues by name: those of the kinds of nodes, and all that somebody uses.",
                .workers,
                Self.audience,
                .page("Queue")
            )
        ) { call throws(Problem) in
            let (tenant, now) = (call.caller.tenant, service.clock.wall())
            let (figures, pauses) = try await service.read { store throws(StoreError) in
                (try store.queues(ofTenant: tenant), try store.pauses())
            }
            var known = Dictionary(figures.map { ($0.queue, $0) }) { first, _ in first }
            var paused: [String: PauseRow] = [:]
            for row in pauses {
                if case .queue(let name) = row.scope { paused[name] = row }
            }
            for name in Self.usual + paused.keys where known[name] == nil { known[name] = QueueFigures(queue: name) }
            let items = known.values.sorted { $0.queue < $1.queue }.map { $0.json(paused[$0.queue], now: now) }
            return .page(items, next: nil)
        }
    }

    private var messages: Route {
        tasks("messages", "listQueueMessages", "Open tasks of a queue that nobody works on, oldest runs first.") {
            [.ready, .retrying, .waiting, .needsReview].contains($0)
        }
    }

    private var pending: Route {
        tasks("pending", "listQueuePending", "Tasks of a queue that an executor has, with the lease.") {
            $0 == .running || $0 == .verifying
        }
    }

    private func tasks(
        _ word: String,
        _ id: String,
        _ summary: String,
        _ isWanted: (TaskStatus) -> Bool
    ) -> Route {
        let statuses = TaskStatus.allCases.filter(isWanted)
        let contract = Contract(
            id,
            summary,
            .workers,
            Self.audience,
            query: [.limit, .cursor(TaskID.pattern)],
            .page("QueueTask")
        )
        return Route("GET", "/v1/queues/{queue}/\(word)", contract) { call throws(Problem) in
            var filter = QueueTaskFilter(call.parameter("queue"), statuses)
            (filter.tenant, filter.limit) = (call.caller.tenant, call.limit)
            let (after, asked) = (try call.cursor { TaskID($0) }, filter)
            let rows = try await service.read { store throws(StoreError) in
                var wanted = asked
                if let after, let run = try store.run(after.run) {
                    wanted.after = TaskKey(runKey: run.key, task: after.task.number)
                }
                return try store.queueTasks(wanted)
            }
            let names = try await names(of: rows)
            let items = zip(rows, names).map { $0.json(node: $1) }
            return .page(items, next: rows.count == asked.limit ? rows.last.map { "\($0.id)" } : nil)
        }
    }

    /// The names of tasks: their runs know them.
    private func names(of rows: [QueueTaskRow]) async throws(Problem) -> [String?] {
        try await service.readRuns { reader throws(EngineError) in
            var states: [Int64: RunState] = [:]
            var names: [String?] = []
            for row in rows {
                let key = row.task.key.runKey
                let state: RunState
                if let known = states[key] { state = known } else { state = try reader.state(ofRun: key) }
                states[key] = state
                let task = row.id.task
                names.append(state.has(task) ? state.taskName(of: task).description : nil)
            }
            return names
        }
    }

    private var dead: Route {
        let contract = Contract(
            "listQueueDeadLetters",
            "Tasks that a queue gave up, oldest runs first.",
            .workers,
            Self.audience,
            query: [.limit, .cursor(TaskID.pattern)],
            .page("DeadLetter")
        )
        return Route("GET", "/v1/queues/{queue}/dead", contract) { call throws(Problem) in
            var filter = DeadLetterFilter()
            (filter.tenant, filter.queue) = (call.caller.tenant, call.parameter("queue"))
            (filter.limit, filter.after) = (call.limit, try call.cursor { TaskID($0) }.map { ($0.run, $0.task.number) })
            let wanted = filter
            let rows = try await service.read { store throws(StoreError) in try store.deadLetters(wanted) }
            return .page(rows.map(\.json), next: rows.count == wanted.limit ? rows.last.map { "\($0.id)" } : nil)
        }
    }

    // MARK: Dead letters

    private var redrive: Route {
        Route(
            "POST",
            "/v1/queues/{queue}/dead/redrive",
            contract("redriveDeadLetters", "Does tasks again, under the same ids and keys; a run that failed goes on.")
        ) { call throws(Problem) in
            let order = order(call)
            let report = try await service.ask(call) { engine throws(EngineError) in
                try await engine.redrive(order, by: call.actor)
            }
            return .json(report.json, status: report.status)
        }
    }

    private var discard: Route {
        Route(
            "POST",
            "/v1/queues/{queue}/dead/discard",
            contract("discardDeadLetters", "Removes entries; their tasks stay failed.")
        ) { call throws(Problem) in
            let order = order(call)
            let report = try await service.ask(call) { engine throws(EngineError) in try await engine.discard(order) }
            return .json(report.json, status: report.status)
        }
    }

    private func contract(_ id: String, _ summary: String) -> Contract {
        Contract(
            id,
            summary,
            .workers,
            Self.audience,
            body: .optional(
                .optional(
                    "entries",
                    .list(.text(41...41, pattern: TaskID.pattern), 1...BulkReport.limit),
                    "Ids of tasks; the oldest 100 of the queue when left out."
                )
            ),
            .ok(.named("BulkReport"), "All were done."),
            Contract.Answer(207, "Some were not done.", .named("BulkReport"))
        )
    }

    private func order(_ call: APICall) -> DeadLetterOrder {
        DeadLetterOrder(
            queue: call.parameter("queue"),
            tenant: call.caller.tenant,
            entries: call.fields.texts("entries")?.compactMap { TaskID($0) }
        )
    }
}
