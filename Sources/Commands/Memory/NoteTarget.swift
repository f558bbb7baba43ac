// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Agents
import BatonClient
import Engine
import Identity
import JSON
import Model
import Store
import StoreSQLite

/// Whose notes a command works on: of a run, a project or an agent; in a folder or on a server.
struct NoteTarget {
    private enum Home {
        case server(RemoteServer, path: String)
        case folder(holder: Holder)
    }

    private enum Holder {
        case run(String)
        case project(String)
        case agent(String)
        case session(SessionID)
    }

    private let home: Home
    private let context: CommandContext

    /// - Parameter agents: An agent may be named as well.
    static func options(agents: Bool) -> [OptionDescription] {
        let all = [
            OptionDescription(name: "run", kind: .text("RUN"), summary: "of a run: an id, its beginning, or `last`"),
            OptionDescription(name: "project", kind: .text("NAME"), summary: "of a project"),
            OptionDescription(name: "session", kind: .text("ID"), summary: "of a session"),
            OptionDescription(name: "agent", kind: .text("ID"), summary: "of an agent, in all its runs"),
        ]
        return agents ? all : Array(all.dropLast())
    }

    /// - Throws: When none or several are named, or what is named is not there.
    init(_ context: CommandContext) throws(CommandFailure) {
        self.context = context
        let invocation = context.invocation
        let named = [
            invocation.text("run").map(Holder.run), invocation.text("project").map(Holder.project),
            invocation.text("agent").map(Holder.agent),
            try invocation.text("session").map { text throws(CommandFailure) in .session(try SessionCommands.id(text))
            },
        ].compactMap(\.self)
        guard let holder = named.first, named.count == 1 else {
            let words = invocation.command.options.map { "--\($0.name)" }.filter {
                ["--run", "--project", "--session", "--agent"].contains($0)
            }
            throw .usage("name exactly one of \(words.joined(separator: ", ")): whose notes are meant")
        }
        if let server = try context.server() {
            let path: String
            switch holder {
            case .run(let text): path = APIRequest.path("v1", "runs", try server.run(text))
            case .project(let name): path = APIRequest.path("v1", "projects", name)
            case .agent(let id): path = APIRequest.path("v1", "agents", id)
            case .session(let id): path = APIRequest.path("v1", "sessions", id.description)
            }
            home = .server(server, path: path)
        } else {
            if case .agent(let id) = holder {
                let registry = try AgentCommands.toolbox(context).agents
                guard registry.show(id) != nil else {
                    throw .notFound("there is no agent `\(id)`", hint: "`baton agent list` shows them")
                }
            }
            home = .folder(holder: holder)
        }
    }

    /// The notes of a run in a folder.
    init(run text: String, _ context: CommandContext) {
        self.context = context
        home = .folder(holder: .run(text))
    }

    /// The server and where the notes are on it; `nil` for a folder.
    var remote: (server: RemoteServer, path: String)? {
        guard case .server(let server, let path) = home else { return nil }
        return (server, path)
    }

    /// Does in the folder what a tool of that name does.
    func perform(_ name: String, _ arguments: JSONObject) throws(CommandFailure) -> JSONValue {
        let request = try noteCall { () throws(NoteError) in try NoteRequest(name, .object(arguments)) }
        return try withNotebook(writes: request.isWrite) { notebook, place, author throws(CommandFailure) in
            try noteCall { () throws(NoteError) in try notebook.perform(request, in: place, by: author) }
        }
    }

    /// Works on the notes of the folder.
    func withNotebook<Value>(
        writes: Bool,
        _ body: (Notebook, NotePlace, Notebook.Author) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        guard case .folder(let holder) = home else { throw context.missingServer }
        func use(_ store: SQLiteRunStore?) throws(CommandFailure) -> Value {
            let place = try place(holder, store, writes: writes)
            let notebook = Notebook(store ?? MemoryNoteStore()) { SystemClock().wall() }
            return try body(notebook, place, Notebook.Author(SecuritySession.principal.actor))
        }
        guard writes else { return try FolderStore.reading(context, use) }
        return try FolderStore.writing(context, try SettingsReader.read(context)) { _, store throws(CommandFailure) in
            try use(store)
        }
    }

    private func place(
        _ holder: Holder,
        _ runs: SQLiteRunStore?,
        writes: Bool
    ) throws(CommandFailure) -> NotePlace {
        let tenant = SecuritySession.tenant
        switch holder {
        case .run(let text):
            guard let runs else { throw IdentifierLookup.noRun(text) }
            let row = try IdentifierLookup(store: runs).run(text)
            return .run(row.id, of: row.ownership)
        case .project(let name): return NotePlace(tenant: tenant, scope: .project, holder: name)
        case .session(let id):
            guard let runs else { throw SessionCommands.none(id.description) }
            let sessions = SessionCommands.sessions(runs)
            let row = try SessionCommands.known(id, sessions)
            if writes { try noteCall { () throws(NoteError) in try sessions.checkOpen(row) } }
            return .session(row)
        case .agent(let id): return NotePlace(tenant: tenant, scope: .agent, holder: id)
        }
    }
}

/// Calls the notebook from a command.
func noteCall<Value>(_ body: () throws(NoteError) -> Value) throws(CommandFailure) -> Value {
    do throws(NoteError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}

extension CommandFailure {
    init(_ error: NoteError) {
        if let storage = error.storage {
            self.init(storage)
            return
        }
        let exit: ExitCode =
            switch error.code {
            case .invalid, .tooLarge: .usage
            case .notFound: .notFound
            case .conflict, .ended: .conflict
            case .storage: .unavailable
            }
        self.init(exit, error.code.rawValue, error.message)
    }
}
