// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Agents
import BatonClient
import Engine
import JSON
import Model
import Store
import StoreSQLite

/// `baton session …`: sessions in which agents go on with their conversations.
enum SessionCommands {
    static let group: CommandDescription = .init(
        name: "session",
        summary: "Let agents go on with their conversations from task to task",
        discussion: """
            A node of an agent names a session (`session: ses_…`): its task begins with what the agent was asked and answered in it
            before, and adds to that when it ends well.
            """,
        children: [start, list, show, thread, end, delete]
    )

    private static let session = ArgumentDescription(name: "SESSION", summary: "its id")

    private static let start: CommandDescription = .init(
        name: "start",
        summary: "Start a session, and the agents in it that are started before they are needed",
        options: [
            OptionDescription(
                name: "agent",
                kind: .text("ID"),
                summary: "who may work in it; everybody without",
                isRepeated: true
            ),
            OptionDescription(
                name: "ttl",
                kind: .text("SPAN"),
                summary: "how long it takes work, 1s to 365d",
                defaultValue: "7d"
            ),
            OptionDescription(name: "project", kind: .text("NAME"), summary: "runs of the project may work in it, too"),
        ],
        examples: [.init(line: "baton session start --agent analyst --ttl 8h", comment: "its id is what nodes name")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let invocation = context.invocation
        let (names, project, ttl) = (invocation.texts("agent"), invocation.text("project"), invocation.text("ttl"))
        if let server = try context.server() {
            var body = JSONObject().with("ttl", ttl).with("project", project)
            if !names.isEmpty { body["agents"] = .array(names.map(JSONValue.string)) }
            return show(try server.post("/v1/sessions", body), context)
        }
        let life = ttl.flatMap { Duration(text: $0) }
        guard ttl == nil || life != nil else { throw .usage("--ttl must be a span such as 8h") }
        let agents = try AgentCommands.toolbox(context).agents
        for name in names where agents.show(name) == nil {
            throw .usage("there is no agent `\(name)`", hint: "`baton agent list` shows them")
        }
        let started = agents.start(names, in: Toolbox.programPath)
        if !started.isEmpty, started.allSatisfy({ $0["started"] == false }) {
            let reasons = started.compactMap { $0["problem"]?.stringValue }.joined(separator: "; ")
            throw CommandFailure(.unavailable, "agent.unavailable", "no agent could be started: \(reasons)")
        }
        let ownership = Ownership(tenant: SecuritySession.tenant, owner: nil, project: project)
        var json = try writing(context) { sessions throws(CommandFailure) in
            let row = try noteCall { () throws(NoteError) in
                try sessions.start(names, for: life, of: ownership, by: context.actor)
            }
            return row.json(at: sessions.time)
        }
        json["started"] = .array(started)
        return show(.object(json), context)
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List sessions, the newest first",
        examples: [.init(line: "baton session list", comment: "which are there?")],
        exits: [.unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let rows: [JSONValue]
        if let server = try context.server() {
            rows = try server.items("/v1/sessions")
        } else {
            rows = try reading(context) { sessions throws(CommandFailure) in
                let all = try noteCall { () throws(NoteError) in
                    try sessions.sessions(.everything(of: SecuritySession.tenant), limit: 10_000)
                }
                return all.map { .object($0.json(at: sessions.time)) }
            }
        }
        var table = Table([
            .init(title: "SESSION"), .init(title: "STATUS", paint: .status), .init(title: "EXPIRES"),
            .init(title: "AGENTS"),
        ])
        for row in rows {
            let agents = row["agents"]?.arrayValue?.compactMap(\.stringValue) ?? []
            table.add([
                row["id"]?.stringValue ?? "", row["status"]?.stringValue ?? "", row["expires_at"]?.stringValue ?? "",
                agents.isEmpty ? "all" : agents.joined(separator: ", "),
            ])
        }
        context.console.show(rows, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a session with its threads",
        arguments: [session],
        examples: [.init(line: "baton session show ses_01k…", comment: "who said how much in it?")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let id = try id(context.invocation.word("SESSION"))
        if let server = try context.server() { return show(try server.get(path(id)), context) }
        let json = try reading(context) { sessions throws(CommandFailure) in
            let row = try known(id, sessions)
            var json = row.json(at: sessions.time)
            json["threads"] = .array(try noteCall { () throws(NoteError) in try sessions.threads(of: row) }.map(\.json))
            return json
        }
        return show(.object(json), context)
    }

    private static let thread: CommandDescription = .init(
        name: "thread",
        summary: "Show what an agent was asked and answered in a session",
        arguments: [session, ArgumentDescription(name: "AGENT", summary: "its id")],
        examples: [.init(line: "baton session thread ses_01k… analyst", comment: "the whole conversation")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (id, agent) = (try id(context.invocation.word("SESSION")), context.invocation.word("AGENT"))
        let turns: [JSONValue]
        if let server = try context.server() {
            turns = try server.items(path(id, "threads", agent))
        } else {
            turns = try reading(context) { sessions throws(CommandFailure) in
                let key = ThreadKey(try known(id, sessions).id, agent)
                return try noteCall { () throws(NoteError) in try sessions.thread(key, limit: 100_000) }.turns.map(
                    \.json
                )
            }
        }
        context.console.show(.array(turns)) {
            turns.isEmpty
                ? "nothing was said\n"
                : turns.map { turn in
                    let head = "\(turn["number"]?.text ?? "")  \(turn["at"]?.stringValue ?? "")"
                    return "\(head)\n> \(turn["question"]?.stringValue ?? "")\n\n\(turn["answer"]?.stringValue ?? "")\n"
                }.joined(separator: "\n")
        }
        return .ok
    }

    private static let end: CommandDescription = .init(
        name: "end",
        summary: "Let a session take no more work",
        arguments: [session],
        examples: [.init(line: "baton session end ses_01k…", comment: "it can still be read")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let id = try id(context.invocation.word("SESSION"))
        if let server = try context.server() { return show(try server.post(path(id, "end")), context) }
        let json = try writing(context) { sessions throws(CommandFailure) in
            let row = try known(id, sessions)
            return try noteCall { () throws(NoteError) in try sessions.end(row) }.json(at: sessions.time)
        }
        return show(.object(json), context)
    }

    private static let delete: CommandDescription = .init(
        name: "delete",
        summary: "Remove a session with its threads and notes",
        arguments: [session],
        examples: [.init(line: "baton session delete ses_01k…", comment: "nothing of it is left")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let id = try id(context.invocation.word("SESSION"))
        if let server = try context.server() {
            _ = try server.send(APIRequest("DELETE", path(id)))
        } else {
            try writing(context) { sessions throws(CommandFailure) in
                let row = try known(id, sessions)
                try noteCall { () throws(NoteError) in try sessions.delete(row) }
            }
        }
        context.console.show(["id": .string(id.description), "status": "deleted"]) { "\(id) is deleted\n" }
        return .ok
    }

    // MARK: Parts

    /// The sessions in a store.
    static func sessions(_ store: SQLiteRunStore) -> AgentSessions {
        AgentSessions(store, notes: store) { SystemClock().wall() }
    }

    static func id(_ text: String) throws(CommandFailure) -> SessionID {
        guard let id = SessionID(text) else { throw none(text) }
        return id
    }

    static func none(_ text: String) -> CommandFailure {
        .notFound("there is no session `\(text)`", hint: "`baton session list` shows them")
    }

    static func known(_ id: SessionID, _ sessions: AgentSessions) throws(CommandFailure) -> SessionRow {
        guard let row = try noteCall({ () throws(NoteError) in try sessions.session(id) }) else {
            throw none(id.description)
        }
        return row
    }

    private static func reading<Value>(
        _ context: CommandContext,
        _ body: (AgentSessions) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        try FolderStore.reading(context) { store throws(CommandFailure) in
            guard let store else {
                let empty = AgentSessions(MemoryRunStore(), notes: MemoryNoteStore()) { SystemClock().wall() }
                return try body(empty)
            }
            return try body(sessions(store))
        }
    }

    private static func writing<Value>(
        _ context: CommandContext,
        _ body: (AgentSessions) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        try FolderStore.writing(context, try SettingsReader.read(context)) { _, store throws(CommandFailure) in
            try body(sessions(store))
        }
    }

    private static func path(_ id: SessionID, _ more: String...) -> String {
        APIRequest.path("v1", "sessions", id.description) + more.map { APIRequest.path($0) }.joined()
    }

    private static func show(_ row: JSONValue, _ context: CommandContext) -> ExitCode {
        context.console.show(row) {
            let agents = row["agents"]?.arrayValue?.compactMap(\.stringValue) ?? []
            var text = "\(row["id"]?.stringValue ?? "")  \(row["status"]?.stringValue ?? "")\n"
            text += "expires  \(row["expires_at"]?.stringValue ?? "")\n"
            text += "agents   \(agents.isEmpty ? "all" : agents.joined(separator: ", "))\n"
            for thread in row["threads"]?.arrayValue ?? [] {
                let (agent, turns) = (thread["agent"]?.stringValue ?? "", thread["turns"]?.text ?? "")
                text += "thread   \(agent): \(turns) turns, the last \(thread["last_at"]?.stringValue ?? "")\n"
            }
            for agent in row["started"]?.arrayValue ?? [] {
                let problem = agent["problem"]?.stringValue
                text += "\(agent["agent"]?.stringValue ?? "")  \(problem.map { "not started: \($0)" } ?? "started")\n"
            }
            return text
        }
        return .ok
    }
}
