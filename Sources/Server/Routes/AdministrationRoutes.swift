// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Hashing
internal import Identity
internal import JSON
internal import Model
internal import Store

/// The server itself (spec 10.2, administration).
struct AdministrationRoutes: Sendable {
    let service: Service
    let settings: APISettings

    init(service: Service, settings: APISettings) { (self.service, self.settings) = (service, settings) }

    var routes: [Route] {
        let show = Route(
            "GET",
            "/v1/settings",
            Contract(
                "showSettings",
                "What is set, to what, and where that comes from.",
                .administration,
                .may(.manageSettings),
                headers: [.ifNoneMatch],
                .ok(
                    .answer(
                        .required(
                            "items",
                            .list(
                                .answer(
                                    .required("key", .text),
                                    .required("value", .any),
                                    .required("default", .any),
                                    .required(
                                        "from",
                                        .text,
                                        "`file`, `environment`, `option`, `default`, or `request`."
                                    )
                                )
                            )
                        )
                    )
                ),
                Contract.Answer(304, "It is still so.", nil)
            )
        ) { call throws(Problem) in
            let bytes = JSONValue.object(["items": settings.shown()]).bytes()
            let tag = "\"\(SHA256.hex(bytes).prefix(32))\""
            guard !call.matchesNone(tag) else { return HTTPResponse(status: 304, headers: ["etag": tag]) }
            return .json(bytes, headers: ["etag": tag])
        }
        return [show, change, stats, backup]
    }

    // MARK: Settings

    private var change: Route {
        Route(
            "PATCH",
            "/v1/settings",
            Contract(
                "changeSettings",
                "Changes settings until the next start: those that need none.",
                .administration,
                .may(.manageSettings),
                body: .json(.map(.any, upTo: 20, names: 1...100)),
                .ok(.answer(.required("items", .list(.anyObject))), "They hold from now on.")
            ).checkingFurther()
        ) { call throws(Problem) in
            let known = Set((settings.shown().arrayValue ?? []).compactMap { $0["key"]?.stringValue })
            let wanted = call.fields.object.members
            guard !wanted.isEmpty else { throw .invalid("", "no setting is named") }
            for member in wanted where settings.changeable[member.key] == nil {
                throw .invalid(
                    "/\(member.key)",
                    known.contains(member.key)
                        ? "takes effect with a restart: set it in config.yaml or the environment, and start the server anew"
                        : "is no setting"
                )
            }
            for member in wanted {
                guard let set = settings.changeable[member.key] else { continue }
                let value = try await service.blocking { () throws(Problem) in try set(member.value) }
                try await audit("settings.change", "setting:\(member.key)", call, ["value": value])
            }
            return .json(["items": settings.shown()])
        }
    }

    /// Writes down what an administrator did.
    private func audit(
        _ action: String,
        _ object: String,
        _ call: APICall,
        _ details: JSONObject
    ) async throws(Problem) {
        var entry = SecurityChange()
        entry.audit = [
            AuditDraft(
                tenant: call.caller.tenant,
                at: service.clock.wall(),
                actor: call.actor,
                action: action,
                object: object,
                address: call.address,
                details: details
            )
        ]
        let (security, change) = (service.security, entry)
        try await service.blocking { () throws(StoreError) in try security.apply(change) }
    }

    // MARK: Numbers

    private var stats: Route {
        Route(
            "GET",
            "/v1/admin/stats",
            Contract(
                "showStatistics",
                "What the whole server has to do.",
                .administration,
                .may(.administer),
                .ok(
                    .answer(
                        .required("version", .text),
                        .required("events", .integer, "The number of the last event."),
                        .required("open_runs", .map(.integer), "By status."),
                        .required("tasks", .map(.integer), "Open tasks of executors, by status."),
                        .required("dead_letters", .integer),
                        .required("human_tasks", .integer, "Requests that wait for people; counted to 1000."),
                        .required("schedules", .integer),
                        .required("pauses", .integer),
                        .required("workers", .map(.integer), "By state."),
                        .required("resources", .map(.integer), "By state.")
                    )
                )
            )
        ) { _ throws(Problem) in
            var json = try await service.read { store throws(StoreError) -> JSONObject in
                let queues = try store.queues(ofTenant: nil)
                var tasks: [String: Int] = [:]
                for (status, count) in queues.flatMap(\.tasks) { tasks[status.rawValue, default: 0] += count }
                return [
                    "events": .int(try store.lastSequence()),
                    "open_runs": Self.counts(try store.openRuns().map(\.status.rawValue)),
                    "tasks": .object(
                        JSONObject(
                            members: tasks.sorted { $0.key < $1.key }.map {
                                .init(key: $0.key, value: .int(Int64($0.value)))
                            }
                        )
                    ),
                    "dead_letters": .int(Int64(queues.reduce(0) { $0 + $1.deadLetters })),
                    "human_tasks": .int(Int64(try store.humanTasks(.pending(limit: 1000)).count)),
                    "schedules": .int(Int64(try store.schedules().count)),
                    "pauses": .int(Int64(try store.pauses().count)),
                    "workers": Self.counts(
                        try store.registrations(.worker).compactMap { WorkerRecord.state(in: $0)?.rawValue }
                    ),
                ]
            }
            do throws(EngineError) {
                json["resources"] = Self.counts(try await service.engine.resources(of: nil).map(\.state.rawValue))
            } catch {
                throw Problem(error)
            }
            json["version"] = .string(service.version)
            return .json(.object(json))
        }
    }

    private static func counts(_ words: [String]) -> JSONValue {
        let counts = Dictionary(words.map { ($0, 1) }) { $0 + $1 }
        return .object(
            JSONObject(
                members: counts.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .int(Int64($0.value))) }
            )
        )
    }

    private var backup: Route {
        Route(
            "POST",
            "/v1/admin/backup",
            Contract(
                "makeBackup",
                "Copies everything into a folder in `backups` of the data folder, while runs go on.",
                .administration,
                .may(.administer),
                body: .optional(
                    .optional(
                        "name",
                        .text(1...100, pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"),
                        "Of the folder; the time when left out."
                    )
                ),
                Contract.Answer(201, "The backup is whole.", .anyObject),
                .problem(409, "There is one of that name, or this server makes none.")
            )
        ) { call throws(Problem) in
            guard let make = settings.backup else {
                throw Problem(409, "state.conflict", "this server makes no backups")
            }
            // By the second, so that two at once get in each other's way and not into one folder.
            let now = service.clock.wall().description.prefix(19).replacing(":", with: "")
            let name = call.fields.text("name") ?? String(now)
            let made = try await service.blocking { () throws(Problem) in try make(name) }
            return .json(made, status: 201)
        }
    }
}

extension APICall {
    /// Whether the client has what the tag names (`If-None-Match`).
    func matchesNone(_ tag: String) -> Bool {
        request.headers.list("if-none-match").contains { $0 == "*" || $0 == tag || $0 == "W/\(tag)" }
    }
}
