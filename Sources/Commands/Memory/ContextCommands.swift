// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import BatonClient
import Glibc
import JSON
import Store

/// `baton context …`: what agents saved to go on with.
enum ContextCommands {
    static let group: CommandDescription = .init(
        name: "context",
        summary: "Save, load and join contexts of a run or a project, and carry them elsewhere",
        children: [save, load, list, delete, merge, export, importing]
    )

    private static let whose = NoteTarget.options(agents: false)
    private static let name = ArgumentDescription(name: "NAME", summary: "name of the context")
    private static let ttl = OptionDescription(
        name: "ttl",
        kind: .text("SPAN"),
        summary: "how long it is kept, such as 7d"
    )

    private static let save: CommandDescription = .init(
        name: "save",
        summary: "Save a JSON object as a context, in place of what it was",
        arguments: [
            name, ArgumentDescription(name: "FILE", summary: "the object, `-` for standard input", completion: .files),
        ],
        options: whose + [ttl],
        examples: [.init(line: "baton context save release plan.json --project shop", comment: "for its next runs")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, name) = (try NoteTarget(context), context.invocation.word("NAME"))
        let file = context.invocation.word("FILE")
        let bytes = try TextFile.bytes(file)
        guard let value = try? JSONValue(parsing: bytes), value.objectValue != nil else {
            throw .invalid("\(file) holds no JSON object")
        }
        var fields: JSONObject = ["value": value]
        fields["ttl"] = context.invocation.text("ttl").map(JSONValue.string)
        let answer: JSONValue
        if let (server, path) = target.remote {
            let path = path + APIRequest.path("context", name)
            answer = try server.send(APIRequest("PUT", path, json: .object(fields)))
        } else {
            fields["name"] = .string(name)
            answer = try target.perform("context.save", fields)
        }
        return show(answer, context)
    }

    private static func show(_ answer: JSONValue, _ context: CommandContext) -> ExitCode {
        context.console.show(answer) {
            "\(answer["name"]?.stringValue ?? "") is saved with \(answer["keys"]?.text ?? "") keys\n"
        }
        return .ok
    }

    private static let load: CommandDescription = .init(
        name: "load",
        summary: "Show a context",
        arguments: [name],
        options: whose + [
            OptionDescription(name: "key", kind: .text("KEY"), summary: "only that member", isRepeated: true)
        ],
        examples: [.init(line: "baton context load release --project shop", comment: "its value as JSON")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, name) = (try NoteTarget(context), context.invocation.word("NAME"))
        let keys = context.invocation.texts("key")
        let saved: JSONValue
        if let (server, path) = target.remote {
            saved = try server.get(path + APIRequest.path("context", name), keys.map { (name: "key", value: $0) })
        } else {
            var arguments: JSONObject = ["name": .string(name)]
            if !keys.isEmpty { arguments["keys"] = .array(keys.map(JSONValue.string)) }
            saved = try target.perform("context.load", arguments)
            guard saved["found"] == true else { throw .notFound("there is no context `\(name)`") }
        }
        context.console.show(saved) { (saved["value"]?.text ?? "") + "\n" }
        return .ok
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List contexts, without what is in them",
        options: whose + [
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...500),
                summary: "how many at most",
                defaultValue: "100"
            )
        ],
        examples: [.init(line: "baton context list --run last", comment: "what its agents saved")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, limit) = (try NoteTarget(context), context.invocation.number("limit") ?? 100)
        let items: [JSONValue]
        if let (server, path) = target.remote {
            items = try server.items(path + "/context", [(name: "limit", value: "\(limit)")])
        } else {
            items = try target.perform("context.list", ["limit": .int(Int64(limit))])["items"]?.arrayValue ?? []
        }
        var table = Table([
            .init(title: "NAME"), .init(title: "KEYS", isNumber: true), .init(title: "BYTES", isNumber: true),
            .init(title: "SAVED", paint: .dim), .init(title: "BY", paint: .dim),
        ])
        for item in items {
            table.add([
                item["name"]?.stringValue ?? "", item["keys"]?.text ?? "", item["bytes"]?.text ?? "",
                RunDetails.date(item["updated_at"]), item["author"]?.stringValue ?? "",
            ])
        }
        context.console.show(items, table)
        return .ok
    }

    private static let delete: CommandDescription = .init(
        name: "delete",
        summary: "Remove a context",
        arguments: [name],
        options: whose,
        examples: [.init(line: "baton context delete release --project shop", comment: "it is gone at once")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, name) = (try NoteTarget(context), context.invocation.word("NAME"))
        if let (server, path) = target.remote {
            _ = try server.send(APIRequest("DELETE", path + APIRequest.path("context", name)))
        } else {
            let answer = try target.perform("context.delete", ["name": .string(name)])
            guard answer["deleted"] == true else { throw .notFound("there is no context `\(name)`") }
        }
        context.console.show(["name": .string(name), "deleted": true]) { "\(name) is deleted\n" }
        return .ok
    }

    private static let merge: CommandDescription = .init(
        name: "merge",
        summary: "Join contexts into one",
        discussion: "What the one has already counts as well.",
        arguments: [
            ArgumentDescription(name: "INTO", summary: "name of the context that is saved"),
            ArgumentDescription(name: "FROM", summary: "names of contexts, at most 16", count: .many),
        ],
        options: whose + [
            OptionDescription(
                name: "strategy",
                kind: .choice("WHO", ContextMerge.Strategy.allCases.map(\.rawValue)),
                summary: "what was saved last wins, member by member or as a whole",
                defaultValue: ContextMerge.Strategy.byKey.rawValue
            ), ttl,
        ],
        examples: [.init(line: "baton context merge all design build --run last", comment: "of what two agents saved")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, invocation) = (try NoteTarget(context), context.invocation)
        var fields: JSONObject = [
            "into": .string(invocation.word("INTO")),
            "from": .array((invocation.words["FROM"] ?? []).map(JSONValue.string)),
        ]
        for name in ["strategy", "ttl"] { fields[name] = invocation.text(name).map(JSONValue.string) }
        if let (server, path) = target.remote {
            return show(try server.post(path + "/context/merge", fields), context)
        }
        return show(try target.perform("context.merge", fields), context)
    }

    // MARK: Carrying elsewhere

    private static let export: CommandDescription = .init(
        name: "export",
        summary: "Write all contexts to standard output, one JSON object in each line",
        options: whose,
        examples: [.init(line: "baton context export --project shop > shop.jsonl", comment: "for another machine")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let target = try NoteTarget(context)
        if let (server, path) = target.remote {
            let bytes = try server.ask { client async throws(ClientError) in
                try await client.send(APIRequest("GET", path + "/context/export")).body
            }
            context.console.write(String(decoding: bytes, as: UTF8.self))
            return .ok
        }
        try target.withNotebook(writes: false) { notebook, place, _ throws(CommandFailure) in
            var last: String?
            while true {
                let part = try noteCall { () throws(NoteError) in try notebook.exported(after: last, in: place) }
                if part.lines.isEmpty { return }
                for line in part.lines { context.console.write(line.text + "\n") }
                last = part.last
            }
        }
        return .ok
    }

    private static let importing: CommandDescription = .init(
        name: "import",
        summary: "Save the contexts of an export",
        arguments: [
            ArgumentDescription(name: "FILE", summary: "the lines, `-` for standard input", completion: .files)
        ],
        options: whose,
        examples: [.init(line: "baton context import shop.jsonl --project shop", comment: "in place of what is there")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let target = try NoteTarget(context)
        let bytes = try TextFile.bytes(context.invocation.word("FILE"), limit: 1 << 28)
        let answer: JSONValue
        if let (server, path) = target.remote {
            var request = APIRequest("POST", path + "/context/import")
            (request.body, request.contentType) = (bytes, "application/jsonl")
            answer = try server.send(request)
        } else {
            answer = try target.withNotebook(writes: true) { notebook, place, author throws(CommandFailure) in
                try take(bytes, notebook, place, author)
            }
        }
        context.console.show(answer) {
            "\(answer["saved"]?.text ?? "") contexts saved, \(answer["ended"]?.text ?? "") had ended\n"
        }
        return .ok
    }

    private static func take(
        _ bytes: [UInt8],
        _ notebook: Notebook,
        _ place: NotePlace,
        _ author: Notebook.Author
    ) throws(CommandFailure) -> JSONValue {
        var (saved, ended) = (0, 0)
        for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            guard !line.allSatisfy({ $0 == 32 || $0 == 13 }) else { continue }
            let lineName = "line \(number + 1)"
            guard let value = try? JSONValue(parsing: Array(line)) else { throw .invalid("\(lineName) is no JSON") }
            do throws(NoteError) {
                if try notebook.importLine(value, in: place, by: author) { saved += 1 } else { ended += 1 }
            } catch {
                let failure = CommandFailure(error)
                throw CommandFailure(failure.exit, failure.code, "\(lineName): \(failure.message)")
            }
        }
        return ["saved": .int(Int64(saved)), "ended": .int(Int64(ended))]
    }
}
