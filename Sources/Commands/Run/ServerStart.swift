// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import Glibc
import JSON
import Model

/// `baton run start` on a server.
struct ServerStart {
    let follower: RunFollower
    let context: CommandContext

    private var server: RemoteServer { follower.server }

    /// What is to be run.
    private enum Source {
        /// A published version.
        case version(of: String, String, document: JSONValue)
        /// A file; it is not published.
        case file(String, text: [UInt8])
    }

    func start(isFollowed: Bool) throws(CommandFailure) -> ExitCode {
        if context.invocation.options["llm-tokens"] != nil {
            throw .usage("--llm-tokens cannot be set on a server", hint: "say it in the workflow: budget")
        }
        let source = try source()
        var fields: JSONObject = [:]
        fields["id"] = try RunStart.id(context).map { .string($0.description) }
        if let text = context.invocation.text("budget") {
            fields["budget_usd"] = .string(try BudgetCommands.money(text).text)
        }
        let labels = context.invocation.pairs("label")
        if !labels.isEmpty {
            fields["labels"] = .object(
                JSONObject(members: labels.map { .init(key: $0.name, value: .string($0.value)) })
            )
        }
        let path: String
        let label: String
        switch source {
        case .version(let name, let version, let document):
            (path, label) = (APIRequest.path("v1", "workflows", name, "runs"), "\(name)@\(version)")
            fields["version"] = .string(version)
            fields["inputs"] = .object(try InputSchemas(document: document).read(context))
        case .file(let name, let text):
            (path, label) = ("/v1/runs", name)
            let document = ServerDocument(server: server, context: context, name: name, text: text)
            let schemas = try document.check()
            fields["document"] = .string(String(decoding: text, as: UTF8.self))
            fields["inputs"] = .object(try schemas.read(context))
        }
        let request = fields
        return try follower.follow(nil, isFollowed: isFollowed) { () throws(CommandFailure) in
            let run = try server.post(path, request)["id"]?.stringValue ?? ""
            if RunCommands.waits(context) { RunStart.announce(run, of: label, isFollowed, context.console) }
            return run
        }
    }

    /// A word that looks like a path is one; any other is first looked for on the server.
    private func source() throws(CommandFailure) -> Source {
        let word = context.invocation.word("FILE")
        guard !PublishedWorkflow.looksLikePath(word), let reference = try? VersionReference(word) else {
            return try file(word)
        }
        let isFile = access(context.absolute(word), F_OK) == 0
        do throws(CommandFailure) {
            return try version(of: reference.name, String(word.drop { $0 != "@" }.dropFirst()))
        } catch {
            guard error.exit == .notFound else { throw error }
            guard isFile else {
                throw .notFound(
                    "there is no file \(word), and no workflow `\(reference.name)` is published on \(server.choice.address)",
                    hint: context.command("workflow list") + " shows what is published"
                )
            }
        }
        return try file(word)
    }

    private func version(of name: String, _ selector: String) throws(CommandFailure) -> Source {
        let path = APIRequest.path("v1", "workflows", name)
        let answer = try server.get(selector.isEmpty ? path : path + APIRequest.path("versions", selector))
        let number = answer["version"]?.intValue.map { String($0) } ?? VersionReference.defaultTag
        context.console.note("\(name)@\(number) (\(answer["hash"]?.stringValue ?? "")), as published")
        return .version(of: name, number, document: answer["document"] ?? [:])
    }

    private func file(_ word: String) throws(CommandFailure) -> Source {
        .file(word, text: try TextFile.bytes(word == "-" ? word : context.absolute(word)))
    }
}

/// A document that a server looks at.
struct ServerDocument {
    let server: RemoteServer
    let context: CommandContext
    /// For messages.
    let name: String
    let text: [UInt8]

    /// Reads a file, or standard input for `-`.
    static func read(
        _ name: String,
        _ server: RemoteServer,
        _ context: CommandContext
    ) throws(CommandFailure) -> ServerDocument {
        let text = try TextFile.bytes(name == "-" ? name : context.absolute(name))
        return ServerDocument(server: server, context: context, name: name, text: text)
    }

    /// Reads a file, or what is published on the server under that name.
    static func find(
        _ word: String,
        _ server: RemoteServer,
        _ context: CommandContext
    ) throws(CommandFailure) -> ServerDocument {
        guard !PublishedWorkflow.looksLikePath(word), let reference = try? VersionReference(word) else {
            return try read(word, server, context)
        }
        let path = APIRequest.path("v1", "workflows", reference.name, "versions", reference.selectorText)
        do throws(CommandFailure) {
            let version = try server.get(path)
            let name = "\(reference.name)@\(version["version"]?.intValue ?? 0)"
            context.console.note("\(name) (\(version["hash"]?.stringValue ?? "")), as published")
            let text = try server.ask { client async throws(ClientError) in
                try await client.send(APIRequest("GET", path + "/source")).body
            }
            return ServerDocument(server: server, context: context, name: name, text: text)
        } catch {
            guard error.exit == .notFound else { throw error }
            guard access(context.absolute(word), F_OK) == 0 else {
                throw .notFound(
                    "there is no file \(word), and no workflow `\(reference.name)` is published",
                    hint: "`baton workflow list` shows what is published, `baton workflow publish FILE` adds to it"
                )
            }
        }
        return try read(word, server, context)
    }

    /// What is wrong with it, and what it is: `{file, ok, name?, hash?, nodes?, edges?, diagnostics[]}`.
    func verdict() throws(CommandFailure) -> JSONValue {
        let verdict = try server.send(request("/v1/validate"))
        let isValid = verdict["valid"] == true
        var result: JSONObject = ["file": .string(name), "ok": .bool(isValid)]
        if isValid {
            let compiled = try server.send(request("/v1/compile"))
            let graph = compiled["graph"]
            result["name"] = graph?["name"]
            result["hash"] = compiled["hash"]
            for key in ["nodes", "edges"] { result[key] = .int(Int64(graph?[key]?.arrayValue?.count ?? 0)) }
        }
        result["diagnostics"] = verdict["diagnostics"]
        return .object(result)
    }

    /// Its graph, drawn.
    func drawing(_ format: String) throws(CommandFailure) -> String {
        _ = try check()
        let answer = try server.send(request("/v1/layout", query: [("format", format)]))
        return answer["drawing"]?.stringValue ?? ""
    }

    /// Shows what is wrong with it, and gives its inputs.
    ///
    /// - Throws: `definition.invalid` after every diagnostic was shown.
    func check() throws(CommandFailure) -> InputSchemas {
        let verdict = try server.send(request("/v1/validate"))
        let diagnostics = verdict["diagnostics"]?.arrayValue ?? []
        let isValid = verdict["valid"] == true
        for diagnostic in diagnostics {
            switch diagnostic["severity"]?.stringValue {
            case "error": context.console.complain(DiagnosticText.text(of: diagnostic, name))
            case "warning" where isValid: context.console.note(DiagnosticText.text(of: diagnostic, name))
            default: break
            }
        }
        guard isValid else {
            let count = diagnostics.count { $0["severity"] == "error" }
            throw CommandFailure(
                .usage,
                "definition.invalid",
                "\(name) has \(count) \(count == 1 ? "error" : "errors"); nothing was started"
            )
        }
        return InputSchemas(graph: try server.send(request("/v1/compile"))["graph"] ?? [:])
    }

    /// Makes a version of it and leads a tag there.
    func publish(tag: String, ifMatch: String?) throws(CommandFailure) -> JSONValue {
        _ = try check()
        var query = [(name: "tag", value: tag)]
        if let message = context.invocation.text("message") { query.append(("message", message)) }
        var request = request("/v1/workflows", query: query)
        if let ifMatch { request.headers.append(("if-match", "\"\(ifMatch)\"")) }
        return try server.send(request)
    }

    /// A request with the text as its body.
    func request(_ path: String, query: [(name: String, value: String)] = []) -> APIRequest {
        var request = APIRequest("POST", path, query: query)
        request.body = text
        request.contentType = "application/yaml"
        request.headers.append(("idempotency-key", APIClient.makeKey()))
        return request
    }
}
