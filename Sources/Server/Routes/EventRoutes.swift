// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// The live feed (spec 10.3): one numbered sequence, as server-sent events, over a WebSocket or in pages.
struct EventRoutes: Sendable {
    let service: Service
    let feed: LiveFeed
    var settings = APISettings()

    var routes: [Route] {
        var events = Contract(
            "followEvents",
            "Events of the runs that one sees: a page, or with `Accept: text/event-stream` all that follow.",
            .events,
            .may(.readEvents),
            query: [
                .init("after", .integer(0...Int64.max), "Only later ones than that `seq`."), .limit,
                .init("run", .id("run"), "Only of that run."),
                .init("project", .projectName, "Only of runs in that project."),
                .init(
                    "types",
                    .word(1...1000),
                    "Only of these types, with commas; `task.*` stands for all of an area."
                ),
            ],
            headers: [.prefer, .lastEventID],
            .ok(.page(of: .named("Event")))
        )
        events.feedToken = "access_token"
        var socket = Contract(
            "openSocket",
            "The same over a WebSocket; commands have the rights of the other operations.",
            .events,
            .may(.readEvents),
            Contract.Answer(101, "The connection is a WebSocket now.", nil),
            .problem(426, "The request does not ask for a WebSocket.")
        )
        socket.feedToken = "access_token"
        return [
            Route(
                "POST",
                "/v1/events/token",
                Contract(
                    "makeFeedToken",
                    "A token for the address of the feed, valid for a minute.",
                    .events,
                    .may(.readEvents),
                    body: .optional(.optional("project", .projectName, "Shows nothing else.")),
                    .ok(.answer(.required("token", .text), .required("expires_in", .integer)))
                ),
                token
            ),
            Route("GET", "/v1/events", events) { call throws(Problem) in try await self.events(call) },
            Route("GET", "/v1/ws", socket) { call throws(Problem) in
                try SocketSession.open(call, service, feed, settings)
            },
        ]
    }

    @Sendable private func token(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (caller, project) = (call.caller, call.fields.text("project"))
        guard caller.user != nil else {
            throw Problem(409, "state.conflict", "the credential belongs to no account")
        }
        let token = try await service.accounts { identity throws(IdentityError) in
            try identity.sessions.feedToken(for: caller, project: project)
        }
        return .json(["token": .string(token), "expires_in": 60])
    }

    private func events(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var filter = EventFilter(visibility: try await service.visibility(of: call.caller))
        if let run = call.query("run").flatMap({ RunID($0) }) {
            filter.runs = [try await service.run(run, call.caller, .readRuns).id]
        }
        filter.projects = call.query("project").map { [$0] } ?? []
        if let only = call.feedProject {
            guard filter.projects.allSatisfy({ $0 == only }) else { throw .notFound("project `\(filter.projects[0])`") }
            filter.projects = [only]
        }
        filter.types = call.query("types")?.split(separator: ",").map { String($0.trimmedOfBlanks) } ?? []
        var after = call.number("after")
        if let text = call.request.header("last-event-id") {
            guard let number = Int64(text), number >= 0 else {
                throw .invalid("Last-Event-ID", "must be the number of an event")
            }
            after = number
        }
        if let after { try await feed.check(after) }
        let isStream = call.request.headers.list("accept").contains { $0.hasPrefix("text/event-stream") }
        return isStream ? stream(after ?? feed.last, filter) : try await page(call, after ?? 0, filter)
    }

    private func stream(_ after: Int64, _ filter: EventFilter) -> HTTPResponse {
        let feed = feed
        guard filter.wantsStatus else {
            return .events(
                following: feed.broadcast,
                from: after,
                filter: filter,
                onChange: feed.clients.count
            ) { stream, last in
                let batch = try await feed.past(last)
                for event in batch.events where filter.wants(event) { try await stream.send(event.encoded) }
                return batch.last
            }
        }
        return .events { stream in
            try await feed.clients.following(feed.clients.events) {
                try await feed.status.beside(filter, { try await stream.send($0.text, event: $0["type"]?.stringValue) })
                {
                    var last = after
                    while !Task.isCancelled {
                        let batch = try await feed.next(after: last)
                        // The feed ended, with the server; the client comes back with the number it has.
                        guard batch.last > last else { return }
                        for event in batch.events where filter.wants(event) { try await stream.send(event.encoded) }
                        last = batch.last
                    }
                }
            }
        }
    }

    /// With `Prefer: wait=N` as soon as there is one event that is wanted.
    private func page(_ call: APICall, _ after: Int64, _ filter: EventFilter) async throws(Problem) -> HTTPResponse {
        let limit = call.limit
        let end = ContinuousClock.now + (call.patience ?? .zero)
        var (last, items) = (after, [JSONValue]())
        while items.count < limit {
            let batch = try await feed.next(after: last, within: items.isEmpty ? end - .now : .zero)
            guard batch.last > last else { break }
            var reached = batch.last
            for event in batch.events {
                guard items.count < limit else { break }
                reached = event.sequence
                if filter.wants(event) { items.append(event.json) }
            }
            last = items.count < limit ? batch.last : reached
        }
        return .page(items, next: String(last))
    }
}
