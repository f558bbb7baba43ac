// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import BatonClient
import JSON
import Server
import Store

/// The text of the agent or skill that a command names: on a server, or in the data folder. Answers are those of the API.
struct PromptTexts {
    let name: PromptName
    private let context: CommandContext
    private let server: RemoteServer?

    /// - Parameter argument: That of the command with the name.
    init(_ context: CommandContext, _ kind: PromptName.Kind, _ argument: String) throws(CommandFailure) {
        name = PromptName(kind, context.invocation.word(argument))
        self.context = context
        server = try context.server()
    }

    // MARK: Reading

    func show() throws(CommandFailure) -> JSONValue {
        if let server { return try hinting { () throws(CommandFailure) in try server.get(path) } }
        return try reading { desk throws(Problem) in try desk.show(name) }
    }

    func versions(limit: Int) throws(CommandFailure) -> [JSONValue] {
        if let server {
            return try hinting { () throws(CommandFailure) in try server.list(path + "/versions", limit: limit) }
        }
        return try reading { desk throws(Problem) in try desk.versions(of: name, before: nil, limit: limit) }
    }

    func version(_ number: Int) throws(CommandFailure) -> JSONValue {
        if let server {
            return try hinting { () throws(CommandFailure) in try server.get(path + "/versions/\(number)") }
        }
        return try reading { desk throws(Problem) in try desk.version(number, of: name) }
    }

    // MARK: Changing

    /// Takes another text, or that of the file, if the one in force is still that of the hash; gives what is in force then.
    func change(to text: String?, expecting hash: String?) throws(CommandFailure) -> JSONValue {
        let note = context.invocation.text("note")
        guard let server else {
            let change = PromptAccess.Change(
                of: name.kind == .agent ? .agent : .skill,
                name.name,
                text: text,
                note: note,
                expected: hash,
                actor: context.actor,
                tenant: SecuritySession.tenant,
                address: nil
            )
            return try writing { desk throws(Problem) in try desk.apply(change) }
        }
        var request = APIRequest("DELETE", path, query: note.map { [("note", $0)] } ?? [])
        if let text {
            let body = JSONObject().with("text", text).with("note", note)
            request = APIRequest("PUT", path, json: .object(body))
        }
        if let hash { request.headers.append(("if-match", "\"\(hash)\"")) }
        let answer = try server.send(request)
        return text == nil ? try show() : answer
    }

    // MARK: Where it is

    private var path: String { APIRequest.path("v1", "\(name.kind.rawValue)s", name.name, "prompt") }

    /// Says what to do about a name that a server does not know.
    private func hinting<Value>(_ body: () throws(CommandFailure) -> Value) throws(CommandFailure) -> Value {
        do throws(CommandFailure) {
            return try body()
        } catch {
            var failure = error
            if failure.exit == .notFound, failure.hint == nil { failure.hint = listHint }
            throw failure
        }
    }

    private var listHint: String {
        "`baton \(name.kind.rawValue) list` shows what there is, `baton \(name.kind.rawValue) history` versions of one"
    }

    private func reading<Value>(_ body: (PromptDesk) throws(Problem) -> Value) throws(CommandFailure) -> Value {
        let agents = try makeAgents()
        return try SecuritySession.reading(context) { store throws(CommandFailure) in
            try at(PromptDesk(store: store, agents: agents), body)
        }
    }

    private func writing<Value>(_ body: (PromptDesk) throws(Problem) -> Value) throws(CommandFailure) -> Value {
        let agents = try makeAgents()
        return try SecuritySession.writing(context) { store throws(CommandFailure) in
            try at(PromptDesk(store: store, agents: agents), body)
        }
    }

    /// As files have them.
    private func makeAgents() throws(CommandFailure) -> AgentRegistry {
        try Toolbox(try SettingsReader.read(context), context).agents
    }

    private func at<Value>(
        _ desk: PromptDesk,
        _ body: (PromptDesk) throws(Problem) -> Value
    ) throws(CommandFailure) -> Value {
        try storeCall { () throws(StoreError) in try desk.load() }
        do throws(Problem) {
            return try body(desk)
        } catch {
            var failure = CommandFailure(error)
            if failure.exit == .notFound {
                failure.hint = desk.agents.nearest(to: name).map { "did you mean `\($0)`?" } ?? listHint
            }
            throw failure
        }
    }
}
