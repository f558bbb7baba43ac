// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Server

/// The server that a command asks. Calls block the command's thread.
struct RemoteServer {
    let client: APIClient
    let choice: ServerChoice
    private let context: CommandContext

    /// - Throws: What is wrong with the choice; nothing is sent yet.
    init(_ choice: ServerChoice, _ context: CommandContext) throws(CommandFailure) {
        let tokens = try choice.tokens(context)
        client = try serverCall { () throws(ClientError) in
            try APIClient(server: choice.address.text, tokens: tokens)
        }
        (self.choice, self.context) = (choice, context)
    }

    /// With a client that shows what it likes.
    init(_ client: APIClient, _ choice: ServerChoice, _ context: CommandContext) {
        (self.client, self.choice, self.context) = (client, choice, context)
    }

    /// Does something on the server and blocks until it is done.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable (APIClient) async throws(ClientError) -> Value
    ) throws(CommandFailure) -> Value {
        let client = client
        let result = AsyncWork { () async -> Result<Value, ClientError> in
            do throws(ClientError) {
                return .success(try await body(client))
            } catch {
                return .failure(error)
            }
        }.wait()
        do throws(ClientError) {
            return try result.get()
        } catch {
            throw CommandFailure(error, at: choice)
        }
    }

    func get(_ path: String, _ query: [(name: String, value: String)] = []) throws(CommandFailure) -> JSONValue {
        try ask { client async throws(ClientError) in try await client.get(path, query) }
    }

    func list(
        _ path: String,
        _ query: [(name: String, value: String)] = [],
        limit: Int
    ) throws(CommandFailure) -> [JSONValue] {
        try ask { client async throws(ClientError) in try await client.list(path, query, limit: limit) }
    }

    /// A list that comes in one piece.
    func items(_ path: String, _ query: [(name: String, value: String)] = []) throws(CommandFailure) -> [JSONValue] {
        try get(path, query)["items"]?.arrayValue ?? []
    }

    /// Reads what is there once a run has ended, however long that takes.
    func waiting(_ path: String) throws(CommandFailure) -> JSONValue {
        var request = APIRequest("GET", path)
        request.headers.append(("prefer", "wait=30"))
        let wanted = request
        while true {
            let answer = try ask { client async throws(ClientError) -> JSONValue? in
                do throws(ClientError) {
                    return try await client.send(wanted).json()
                } catch {
                    guard error.problem?.code == "state.conflict" else { throw error }
                    return nil
                }
            }
            if let answer { return answer }
        }
    }

    /// Sends what is no POST of JSON.
    func send(_ request: APIRequest) throws(CommandFailure) -> JSONValue {
        try ask { client async throws(ClientError) in try await client.send(request).json() }
    }

    func post(_ path: String, _ body: JSONObject = [:]) throws(CommandFailure) -> JSONValue {
        try ask { client async throws(ClientError) in try await client.post(path, .object(body)) }
    }

    // MARK: Events

    /// The events of a run in order, those that it shares with the run it was made from included.
    ///
    /// - Parameter sequence: A number within the run.
    func forEachEvent(
        ofRun run: String,
        after sequence: Int64,
        _ body: (JSONValue) -> Void
    ) throws(CommandFailure) {
        let path = APIRequest.path("v1", "runs", run, "events")
        var last = sequence
        while true {
            let limit = String(APIClient.pageLimit)
            let page = try get(path, [("after", String(last)), ("limit", limit)])["items"]?.arrayValue ?? []
            for event in page {
                last = max(last, event["run_seq"]?.intValue ?? last)
                body(event)
            }
            if page.count < APIClient.pageLimit { return }
        }
    }

    // MARK: Names

    /// The id of the run that a person means: an id, the only recent one that begins so, or the newest for `last`.
    func run(_ text: String) throws(CommandFailure) -> String {
        if RunID(text) != nil { return text }
        if text == "last" {
            guard let id = try list("/v1/runs", limit: 1).first?["id"]?.stringValue else {
                throw IdentifierLookup.noRun()
            }
            return id
        }
        let ids = try list("/v1/runs", limit: IdentifierLookup.searchLimit).compactMap { $0["id"]?.stringValue }
        return try IdentifierLookup.only(text, "run", among: ids) { $0 }
    }

    /// The run that the command names.
    func run() throws(CommandFailure) -> String { try run(context.invocation.word("RUN")) }

    /// The id of a task of a run; `nil` when it has none of that name now.
    func findTask(_ name: TaskName, of run: String) throws(CommandFailure) -> String? {
        let found = try items(APIRequest.path("v1", "runs", run, "tasks")).first { task in
            let place = task["place"]?.arrayValue?.compactMap(\.intValue).map { Int($0) } ?? []
            return task["node"]?.stringValue == name.node && place == name.place
        }
        return found?["id"]?.stringValue
    }

    /// The id of the task of that name.
    func task(_ name: TaskName, of run: String) throws(CommandFailure) -> String {
        guard let id = try findTask(name, of: run) else {
            let status = try get(APIRequest.path("v1", "runs", run))["status"]?.stringValue ?? ""
            guard RunStatus(rawValue: status)?.isTerminal != true else {
                throw CommandFailure(.conflict, "state.conflict", "\(run) is \(status)")
            }
            throw .invalid("there is no task `\(name)` in \(run), or its pass or item has ended")
        }
        return id
    }

    /// The schedule of that name or id, with its last firings.
    func schedule(_ text: String) throws(CommandFailure) -> JSONValue {
        var id = text
        if ScheduleID(text) == nil {
            let all = try items("/v1/schedules")
            guard let found = all.first(where: { $0["name"]?.stringValue == text })?["id"]?.stringValue else {
                throw ScheduleLookup.missing(text, all.compactMap { $0["name"]?.stringValue })
            }
            id = found
        }
        return try get(APIRequest.path("v1", "schedules", id))
    }

    /// The request that a person means, likewise; the newest open one for `last`.
    func humanTask(_ text: String) throws(CommandFailure) -> JSONValue {
        if HumanTaskID(text) != nil { return try get(APIRequest.path("v1", "human-tasks", text)) }
        let isLast = text == "last"
        let rows = try list("/v1/human-tasks", isLast ? [] : [("all", "true")], limit: IdentifierLookup.searchLimit)
        guard isLast else {
            let row = try IdentifierLookup.only(text, "request", among: rows) { $0["id"]?.stringValue ?? "" }
            return try get(APIRequest.path("v1", "human-tasks", row["id"]?.stringValue ?? ""))
        }
        guard let id = rows.last?["id"]?.stringValue else { throw IdentifierLookup.noOpenRequest }
        return try get(APIRequest.path("v1", "human-tasks", id))
    }
}

extension CommandContext {
    /// The server to ask; `nil` when the command works on the data folder.
    func server() throws(CommandFailure) -> RemoteServer? {
        guard let choice = try ServerChoice.find(self) else { return nil }
        return try RemoteServer(choice, self)
    }

    /// The server, for what no folder can do.
    func neededServer() throws(CommandFailure) -> RemoteServer {
        guard let server = try server() else { throw missingServer }
        return server
    }

    /// Why a command that only asks servers ends.
    var missingServer: CommandFailure {
        .usage(
            "`\(commandLine)` asks a server, and none is named or runs on \(dataFolder)",
            hint: "name one with --server URL, or start one: baton server"
        )
    }

    /// Refuses a server that was named, for a form of a command that needs none.
    func refuseNamedServer(_ what: String) throws(CommandFailure) {
        guard let choice = try ServerChoice.find(self), choice.way != .found else { return }
        throw .usage(
            "\(what) works on files and a data folder of this machine, not with the server \(choice.address)",
            hint: "leave the server out, or name a folder with --data FOLDER"
        )
    }
}

extension CommandFailure {
    /// What a server or the way to it says.
    init(_ error: ClientError, at choice: ServerChoice? = nil) {
        guard let problem = error.problem else {
            let exit: ExitCode = error.code == .invalid ? .usage : .unavailable
            let code = error.code == .invalid ? "usage" : "server.\(error.code)"
            self.init(exit, code, error.message, hint: Self.hint(error, choice))
            return
        }
        let exit: ExitCode =
            switch problem.status {
            case 404, 410: .notFound
            case 401, 403, 423: .denied
            case 402: .budget
            case 409, 412: .conflict
            case 400...499 where problem.status != 429: .usage
            default: .unavailable
            }
        let items = problem.items.filter { !problem.detail.contains($0.message) }.map { item in
            [item.path, item.message].filter { !$0.isEmpty }.joined(separator: ": ")
        }
        let message = ([problem.detail] + items).joined(separator: "\n  ")
        self.init(exit, problem.code, message, hint: Self.hint(problem, choice))
        if let patch = problem.body["seq"] { details = ["patch_seq": patch] }
    }

    private static func hint(_ error: ClientError, _ choice: ServerChoice?) -> String? {
        guard error.code == .unreachable, let choice else { return nil }
        return choice.way == .found
            ? "the server of the data folder does not answer" : "is it running there? `baton server` starts one"
    }

    private static func hint(_ problem: APIProblem, _ choice: ServerChoice?) -> String? {
        switch problem.status {
        case 401:
            guard let choice else { return nil }
            return choice.way == .found ? nil : "log in: baton login --server \(choice.address)"
        case 429, 503: return problem.retryAfter.map { "again in \(TimeText.span($0))" }
        default:
            return problem.requestID.map { "the server's log has more under \($0)" }.flatMap {
                problem.status >= 500 ? $0 : nil
            }
        }
    }
}

extension CommandFailure {
    /// What the API would answer, said by this process.
    init(_ problem: Problem) {
        let exit: ExitCode =
            switch problem.status {
            case 404, 410: .notFound
            case 401, 403: .denied
            case 409, 412: .conflict
            case 400...499: .usage
            default: .unavailable
            }
        self.init(exit, problem.code, problem.detail)
    }
}

/// Does in this process what the API does.
func apiCall<Value>(_ body: () throws(Problem) -> Value) throws(CommandFailure) -> Value {
    do throws(Problem) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}

/// Calls the client from a command.
func serverCall<Value>(_ body: () throws(ClientError) -> Value) throws(CommandFailure) -> Value {
    do throws(ClientError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}
