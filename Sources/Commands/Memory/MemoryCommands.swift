// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Glibc
import JSON

/// `baton memory …`: what agents remember.
enum MemoryCommands {
    static let group: CommandDescription = .init(
        name: "memory",
        summary: "Read and change what agents remember of a run, a project or in all their runs",
        discussion: """
            Agents keep values under keys with the tools `memory.*`. What an agent remembers in all its runs is apart for each
            owner.
            """,
        examples: [
            .init(line: "baton memory list --project shop", comment: "what is known of the project"),
            .init(line: "baton memory remember tone '\"formal\"' --agent analyst", comment: "tell an agent something"),
        ],
        children: [remember, recall, forget, list, search, bulk]
    )

    private static let key = ArgumentDescription(name: "KEY", summary: "1 to 200 characters, such as user/language")
    private static let whose = NoteTarget.options(agents: true)

    private static let remember: CommandDescription = .init(
        name: "remember",
        summary: "Keep a value under a key",
        arguments: [
            key,
            ArgumentDescription(
                name: "VALUE",
                summary: "JSON, or text; from standard input when left out",
                count: .optional
            ),
        ],
        options: whose + [
            OptionDescription(name: "tag", kind: .text("WORD"), summary: "a word to list it by", isRepeated: true),
            OptionDescription(name: "ttl", kind: .text("SPAN"), summary: "how long it is kept, such as 7d"),
            OptionDescription(
                name: "overwrite",
                kind: .toggle(default: true),
                summary: "replace what the key has; without it that is a conflict"
            ),
        ],
        examples: [
            .init(
                line: "baton memory remember deploy/host example.org --project shop --ttl 30d",
                comment: "for a month"
            )
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let invocation = context.invocation
        let target = try NoteTarget(context)
        let text: String
        if let word = invocation.words["VALUE"]?.first {
            text = word
        } else {
            text = String(decoding: try TextFile.bytes("-"), as: UTF8.self)
        }
        var fields: JSONObject = ["value": (try? JSONValue(parsing: text)) ?? .string(text)]
        let tags = invocation.texts("tag")
        if !tags.isEmpty { fields["tags"] = .array(tags.map(JSONValue.string)) }
        if !invocation.isOn("overwrite") { fields["overwrite"] = false }
        fields["ttl"] = invocation.text("ttl").map(JSONValue.string)
        let (name, answer) = (invocation.word("KEY"), try write(invocation.word("KEY"), fields, target))
        context.console.show(answer) { "\(name) \(answer["created"] == true ? "is kept" : "is changed")\n" }
        return .ok
    }

    private static func write(_ key: String, _ fields: JSONObject, _ target: NoteTarget) throws(CommandFailure)
        -> JSONValue
    {
        if let (server, path) = target.remote {
            let path = path + APIRequest.path("memory", key)
            return try server.send(APIRequest("PUT", path, json: .object(fields)))
        }
        var arguments = fields
        arguments["key"] = .string(key)
        return try target.perform("memory.remember", arguments)
    }

    private static let recall: CommandDescription = .init(
        name: "recall",
        summary: "Show the value of a key",
        arguments: [key],
        options: whose,
        examples: [.init(line: "baton memory recall tone --agent analyst", comment: "its value as JSON")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, key) = (try NoteTarget(context), context.invocation.word("KEY"))
        let entry: JSONValue
        if let (server, path) = target.remote {
            entry = try server.get(path + APIRequest.path("memory", key))
        } else {
            entry = try target.perform("memory.recall", ["key": .string(key)])
            guard entry["found"] == true else { throw .notFound("there is no entry `\(key)`") }
        }
        context.console.show(entry) { (entry["value"]?.stringValue ?? entry["value"]?.text ?? "") + "\n" }
        return .ok
    }

    private static let forget: CommandDescription = .init(
        name: "forget",
        summary: "Remove a key and its value",
        arguments: [key],
        options: whose,
        examples: [.init(line: "baton memory forget tone --agent analyst", comment: "it is gone at once")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, key) = (try NoteTarget(context), context.invocation.word("KEY"))
        if let (server, path) = target.remote {
            _ = try server.send(APIRequest("DELETE", path + APIRequest.path("memory", key)))
        } else {
            let answer = try target.perform("memory.forget", ["key": .string(key)])
            guard answer["forgotten"] == true else { throw .notFound("there is no entry `\(key)`") }
        }
        context.console.show(["key": .string(key), "forgotten": true]) { "\(key) is forgotten\n" }
        return .ok
    }

    private static let tag = OptionDescription(name: "tag", kind: .text("WORD"), summary: "only entries with that tag")
    private static let limit = OptionDescription(
        name: "limit",
        kind: .number("N", 1...500),
        summary: "how many at most",
        defaultValue: "100"
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List keys with their tags",
        options: whose + [
            OptionDescription(name: "glob", kind: .text("PATTERN"), summary: "only keys such as user/*"), tag, limit,
        ],
        examples: [.init(line: "baton memory list --run last --glob 'user/*'", comment: "some of them")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, invocation) = (try NoteTarget(context), context.invocation)
        let words = ["glob", "tag", "limit"].compactMap { name in invocation.text(name).map { (name: name, value: $0) }
        }
        let items: [JSONValue]
        if let (server, path) = target.remote {
            items = try server.items(path + "/memory", words)
        } else {
            var arguments = JSONObject()
            for (name, value) in words {
                arguments[name] = name == "limit" ? .int(Int64(value) ?? 100) : .string(value)
            }
            items = try target.perform("memory.list", arguments)["items"]?.arrayValue ?? []
        }
        show(items, scores: false, context)
        return .ok
    }

    private static let search: CommandDescription = .init(
        name: "search",
        summary: "Find entries by words in their key, tags or value, the best first",
        arguments: [ArgumentDescription(name: "WORD", summary: "what is looked for", count: .many)],
        options: whose + [
            tag,
            OptionDescription(
                name: "min-score",
                kind: .text("SCORE"),
                summary: "how well it must fit, from 0 to 1",
                defaultValue: "0.3"
            ),
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...100),
                summary: "how many at most",
                defaultValue: "10"
            ),
        ],
        examples: [.init(line: "baton memory search build timeout --project shop", comment: "what is known of it")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (target, invocation) = (try NoteTarget(context), context.invocation)
        let text = (invocation.words["WORD"] ?? []).joined(separator: " ")
        guard let score = invocation.text("min-score").flatMap(Double.init), (0...1).contains(score) else {
            throw .usage("--min-score is a number from 0 to 1")
        }
        let limit = invocation.number("limit") ?? 10
        let items: [JSONValue]
        if let (server, path) = target.remote {
            let tag = invocation.text("tag").map { [(name: "tag", value: $0)] } ?? []
            let query = [
                (name: "q", value: text), (name: "min_score", value: "\(score)"), (name: "limit", value: "\(limit)"),
            ]
            items = try server.items(path + "/memory", query + tag)
        } else {
            var arguments: JSONObject = [
                "text": .string(text), "min_score": .double(score), "limit": .int(Int64(limit)),
            ]
            arguments["tag"] = invocation.text("tag").map(JSONValue.string)
            items = try target.perform("memory.search", arguments)["items"]?.arrayValue ?? []
        }
        show(items, scores: true, context)
        return .ok
    }

    private static func show(_ items: [JSONValue], scores: Bool, _ context: CommandContext) {
        var table = Table(
            (scores ? [.init(title: "SCORE", isNumber: true)] : []) + [
                .init(title: "KEY"), .init(title: "TAGS"), .init(title: "BYTES", isNumber: true),
                .init(title: "UPDATED", paint: .dim), .init(title: "BY", paint: .dim),
            ]
        )
        for item in items {
            let tags = (item["tags"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
            table.add(
                (scores ? [item["score"]?.text ?? ""] : []) + [
                    item["key"]?.stringValue ?? "", tags, item["bytes"]?.text ?? "",
                    RunDetails.date(item["updated_at"]), item["author"]?.stringValue ?? "",
                ]
            )
        }
        context.console.show(items, table)
    }

    private static let bulk: CommandDescription = .init(
        name: "bulk",
        summary: "Carry out several operations, each with a result of its own",
        discussion: """
            The file is a JSON list of objects with `op` (remember, recall, forget, list or search) and what that takes, such as
            {"op": "remember", "key": "a", "value": 1}. One that fails stops none of the others; the command then ends with 1.
            """,
        arguments: [
            ArgumentDescription(name: "FILE", summary: "the list, `-` for standard input", completion: .files)
        ],
        options: whose,
        examples: [.init(line: "baton memory bulk changes.json --project shop", comment: "at most 100 operations")],
        exits: [.runFailed, .notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let target = try NoteTarget(context)
        let file = context.invocation.word("FILE")
        let bytes = try TextFile.bytes(file)
        guard let list = try? JSONValue(parsing: bytes), list.arrayValue != nil else {
            throw .invalid("\(file) holds no JSON list")
        }
        let answer: JSONValue
        if let (server, path) = target.remote {
            answer = try server.post(path + "/memory", ["operations": list])
        } else {
            answer = try target.perform("memory.bulk", ["operations": list])
        }
        let results = answer["results"]?.arrayValue ?? []
        var table = Table([.init(title: "N", isNumber: true), .init(title: "OK"), .init(title: "RESULT")])
        for (number, result) in results.enumerated() {
            let isDone = result["ok"] == true
            table.add([
                "\(number + 1)", isDone ? "yes" : "no",
                isDone ? result["result"]?.text ?? "" : result["error"]?["message"]?.stringValue ?? "",
            ])
        }
        context.console.show(results, table)
        return answer["failed"] == 0 ? .ok : .runFailed
    }
}
