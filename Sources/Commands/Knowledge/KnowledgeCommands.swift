// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Knowledge
import Model
import Store

/// `baton knowledge …`: what is known in projects.
enum KnowledgeCommands {
    static let group: CommandDescription = .init(
        name: "knowledge",
        summary: "Write down what is known in a project, for its agents",
        discussion: """
            Agents of runs in the project are told the newest findings, up to 3,000 characters, and find the others with the tool
            knowledge.search.
            """,
        children: [list, add, edit, remove]
    )

    private static let project = ArgumentDescription(name: "PROJECT", summary: "name of a project")
    private static let finding = ArgumentDescription(name: "FINDING", summary: "its id, as `knowledge list` shows it")
    private static let categories = FindingRow.Category.allCases.map(\.rawValue)

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List what is known, the newest first",
        arguments: [project],
        options: [
            OptionDescription(name: "category", kind: .choice("CATEGORY", categories), summary: "only about that"),
            OptionDescription(name: "search", kind: .text("WORDS"), summary: "only with these, those with most first"),
        ],
        examples: [.init(line: "baton knowledge list shop --search deploy", comment: "what is known about it?")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let rows = try rows(context)
        var table = Table([.init(title: "FINDING"), .init(title: "CATEGORY"), .init(title: "TEXT"), .init(title: "BY")])
        for row in rows {
            table.add(["id", "category", "text", "by"].map { row[$0]?.stringValue ?? "" })
        }
        context.console.show(rows, table)
        return .ok
    }

    private static func rows(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        let name = context.invocation.word("PROJECT")
        let (category, question) = (context.invocation.text("category"), context.invocation.text("search"))
        if let server = try context.server() {
            var query: [(name: String, value: String)] = []
            if let category { query.append(("category", category)) }
            if let question { query.append(("q", question)) }
            return try server.items(path(name), query)
        }
        return try KnowledgeSession.reading(context) { library throws(CommandFailure) in
            try libraryCall { () throws(LibraryError) in
                let tenant = Ownership.defaultTenant
                guard let question else { return try library.findings(of: name, in: tenant) }
                return try library.findings(like: question, of: name, in: tenant, limit: 100).map { $0.row }
            }
        }.filter { category == nil || $0.category.rawValue == category }.map { .object($0.json) }
    }

    private static let add: CommandDescription = .init(
        name: "add",
        summary: "Write something down; the same words are kept once",
        arguments: [project, ArgumentDescription(name: "TEXT", summary: "what is known", count: .many)],
        options: [
            OptionDescription(
                name: "category",
                kind: .choice("CATEGORY", categories),
                summary: "what it is about",
                defaultValue: "discovery"
            )
        ],
        examples: [
            .init(
                line: "baton knowledge add shop 'prices are in cents' --category constraint",
                comment: "agents of shop are told"
            )
        ],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, category) = (context.invocation.word("PROJECT"), context.invocation.text("category") ?? "discovery")
        let text = (context.invocation.words["TEXT"] ?? []).joined(separator: " ")
        if let server = try context.server() {
            return show(try server.post(path(name), ["category": .string(category), "text": .string(text)]), context)
        }
        let row = try KnowledgeSession.writing(context) { library throws(CommandFailure) in
            try libraryCall { () throws(LibraryError) in
                try library.addFinding(
                    FindingRow.Category(rawValue: category) ?? .discovery,
                    text,
                    to: name,
                    in: Ownership.defaultTenant,
                    by: context.actor
                ).row
            }
        }
        return show(.object(row.json), context)
    }

    private static let edit: CommandDescription = .init(
        name: "edit",
        summary: "Change what is known",
        arguments: [project, finding],
        options: [
            OptionDescription(name: "text", kind: .text("TEXT"), summary: "what it says from now on"),
            OptionDescription(name: "category", kind: .choice("CATEGORY", categories), summary: "what it is about"),
        ],
        examples: [
            .init(line: "baton knowledge edit shop fnd_01k… --category decision", comment: "it was decided meanwhile")
        ],
        exits: [.notFound, .conflict, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (text, category) = (context.invocation.text("text"), context.invocation.text("category"))
        guard text != nil || category != nil else {
            throw .usage("there is nothing to change", hint: "--text or --category")
        }
        let (name, id) = (context.invocation.word("PROJECT"), context.invocation.word("FINDING"))
        if let server = try context.server() {
            let body = JSONObject().with("text", text).with("category", category)
            return show(try server.send(APIRequest("PATCH", path(name, id), json: .object(body))), context)
        }
        let row = try KnowledgeSession.writing(context) { library throws(CommandFailure) in
            let old = try known(id, name, library)
            return try libraryCall { () throws(LibraryError) in
                try library.change(old, category.flatMap(FindingRow.Category.init), text)
            }
        }
        return show(.object(row.json), context)
    }

    private static let remove: CommandDescription = .init(
        name: "remove",
        summary: "Forget what is known",
        arguments: [project, finding],
        examples: [.init(line: "baton knowledge remove shop fnd_01k…", comment: "it is not so any more")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, id) = (context.invocation.word("PROJECT"), context.invocation.word("FINDING"))
        if let server = try context.server() {
            _ = try server.send(APIRequest("DELETE", path(name, id)))
        } else {
            try KnowledgeSession.writing(context) { library throws(CommandFailure) in
                let row = try known(id, name, library)
                try libraryCall { () throws(LibraryError) in try library.remove(row) }
            }
        }
        context.console.show(["id": .string(id), "status": "removed"]) { "\(id) is removed\n" }
        return .ok
    }

    // MARK: Parts

    private static func known(_ id: String, _ project: String, _ library: Library) throws(CommandFailure) -> FindingRow
    {
        let row = try libraryCall { () throws(LibraryError) in
            try FindingID(id).flatMap { id throws(LibraryError) in
                try library.finding(id, of: project, in: Ownership.defaultTenant)
            }
        }
        guard let row else { throw .notFound("there is no finding `\(id)`") }
        return row
    }

    private static func path(_ project: String, _ finding: String? = nil) -> String {
        APIRequest.path("v1", "projects", project, "knowledge") + (finding.map { APIRequest.path($0) } ?? "")
    }

    private static func show(_ row: JSONValue, _ context: CommandContext) -> ExitCode {
        context.console.show(row) {
            "\(row["id"]?.stringValue ?? "")  (\(row["category"]?.stringValue ?? "")) \(row["text"]?.stringValue ?? "")\n"
        }
        return .ok
    }
}
