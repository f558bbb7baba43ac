// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store
internal import Synchronization

/// One WebSocket (spec 10.3). The client sends
///
/// - `{"subscribe": {"runs"?, "projects"?, "types"?}, "after"?}`: what it wants to see from now on, or after an event;
/// - `{"ack": SEQ}`: nothing comes of it, for clients that send it;
/// - `{"command": {"id"?, "method", "path", "body"?}}`: an operation of the API, with the rights of the credential;
///
/// and gets `{"subscribed": {"after"}}`, `{"event": …}`, `{"result": {"id", "status", "body"}}` and `{"error": …}`.
final class SocketSession: Sendable {
    private let socket: WebSocket
    private let call: APICall
    private let service: Service
    private let feed: LiveFeed
    /// Rises with every subscription; the ones before end.
    private let subscription = Atomic<Int>(0)

    private init(_ socket: WebSocket, _ call: APICall, _ service: Service, _ feed: LiveFeed) {
        (self.socket, self.call, self.service, self.feed) = (socket, call, service, feed)
    }

    /// Opens the socket; pages of other origins may not.
    static func open(
        _ call: APICall,
        _ service: Service,
        _ feed: LiveFeed,
        _ settings: APISettings
    ) throws(Problem) -> HTTPResponse {
        try checkOrigin(of: call, settings)
        return .webSocket(for: call.request) { socket in
            try await feed.clients.following(feed.clients.sockets) {
                try await SocketSession(socket, call, service, feed).run()
            }
        }
    }

    /// Refuses pages of other origins.
    static func checkOrigin(of call: APICall, _ settings: APISettings) throws(Problem) {
        let own = SameOrigin(publicURL: settings.publicURL)
        if let origin = call.request.header("origin") {
            let isAllowed = CrossOrigin(origins: settings.origins).isAllowed(call.request)
            guard own.isOwn(origin, of: call.request) || isAllowed else {
                throw Problem(403, "permission.denied", "pages of \(origin) may not open this")
            }
        }
        // Commands come over it, so a cookie opens it for pages of this server only.
        if call.usesCookie { try own.check(call.request) }
    }

    private func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await self.closeAtEnd() }
            for try await message in socket {
                guard case .text(let text) = message, let value = try? JSONValue(parsing: Array(text.utf8)),
                    let object = value.objectValue
                else {
                    try await refuse(.invalid("", "a JSON object is expected"), id: nil)
                    continue
                }
                if let filter = object["subscribe"] {
                    let number = subscription.add(1, ordering: .relaxed).newValue
                    group.addTask { try await self.follow(filter, object["after"], number) }
                } else if let command = object["command"] {
                    try await carryOut(command)
                } else if object["ack"] == nil {
                    try await refuse(.invalid("", "`subscribe`, `ack` or `command` is expected"), id: nil)
                }
            }
        }
    }

    /// The server stops: the client is told to come back, with the number it has.
    private func closeAtEnd() async {
        await feed.broadcast.waitForEnd()
        if feed.isFinished { socket.close(.goingAway, reason: "the server stops") }
    }

    // MARK: Events

    private func follow(_ wanted: JSONValue, _ given: JSONValue?, _ number: Int) async throws {
        let (filter, after): (EventFilter, Int64)
        do throws(Problem) {
            filter = try await self.filter(wanted)
            after = given?.intValue ?? feed.last
            if given != nil { try await feed.check(after) }
        } catch {
            return try await refuse(error, id: nil)
        }
        try await socket.send(JSONValue.object(["subscribed": ["after": .int(after)]]).text)
        try await feed.status.beside(filter, { try await self.socket.send("{\"event\":\($0.text)}") }) {
            try await self.send(filter, after, number)
        }
    }

    private func send(_ filter: EventFilter, _ after: Int64, _ number: Int) async throws {
        var last = after
        while !Task.isCancelled, !feed.isFinished, subscription.load(ordering: .relaxed) == number {
            let batch = try await feed.next(after: last)
            for event in batch.events where filter.wants(event) {
                guard subscription.load(ordering: .relaxed) == number else { return }
                try await socket.send("{\"event\":\(event.text)}")
            }
            last = max(last, batch.last)
        }
    }

    private func filter(_ wanted: JSONValue) async throws(Problem) -> EventFilter {
        guard let object = wanted.objectValue else { throw .invalid("/subscribe", "an object is expected") }
        var filter = EventFilter(visibility: try await service.visibility(of: call.caller))
        for member in object {
            let texts = member.value.arrayValue?.compactMap(\.stringValue)
            guard let texts, texts.count == member.value.arrayValue?.count, texts.count <= 1000 else {
                throw .invalid("/subscribe/\(member.key)", "a list of texts is expected")
            }
            switch member.key {
            case "runs":
                for text in texts {
                    guard let id = RunID(text) else { throw .notFound("run `\(text)`") }
                    filter.runs.insert(try await service.run(id, call.caller, .readRuns).id)
                }
            case "projects": filter.projects = texts
            case "types": filter.types = texts
            default: throw .invalid("/subscribe/\(member.key)", "is unknown; runs, projects and types are known")
            }
        }
        if let only = call.feedProject {
            guard filter.projects.allSatisfy({ $0 == only }) else { throw .notFound("project `\(filter.projects[0])`") }
            filter.projects = [only]
        }
        return filter
    }

    // MARK: Commands

    private func carryOut(_ command: JSONValue) async throws {
        let id = command["id"]
        guard call.caller.credential != .feed, call.usesCookie || call.request.header("authorization") != nil else {
            return try await refuse(Problem(403, "permission.denied", "a token of the feed gives no commands"), id: id)
        }
        guard let method = command["method"]?.stringValue, let path = command["path"]?.stringValue,
            path.hasPrefix("/v1/"), !path.hasPrefix("/v1/ws")
        else { return try await refuse(.invalid("/command", "`method` and a `path` below /v1 are expected"), id: id) }
        var headers: HTTPHeaders = ["content-type": "application/json"]
        for name in ["authorization", "cookie", "origin", "sec-fetch-site", "host"] {
            for value in call.request.headers.values(name) { headers.add(name, value) }
        }
        let body = command["body"].map { $0.bytes() } ?? []
        let response = await InProcessServer(compresses: false, handler: call.dispatch)
            .send(method, path, headers: headers, body: body)
        let bytes = try await response.body.collect(limit: APICall.defaultBodyLimit)
        var result: JSONObject = ["status": .int(Int64(response.status))]
        result["id"] = id
        result["body"] =
            bytes.isEmpty ? nil : (try? JSONValue(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
        try await socket.send(JSONValue.object(["result": .object(result)]).text)
    }

    private func refuse(_ problem: Problem, id: JSONValue?) async throws {
        var error: JSONObject = [
            "status": .int(Int64(problem.status)), "code": .string(problem.code), "detail": .string(problem.detail),
        ]
        error["id"] = id
        try await socket.send(JSONValue.object(["error": .object(error)]).text)
    }
}
