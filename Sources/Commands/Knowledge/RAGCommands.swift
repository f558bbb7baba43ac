// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Knowledge
import Model
import Store

/// `baton rag …`: documents that agents, tools and people search.
enum RAGCommands {
    static let group: CommandDescription = .init(
        name: "rag",
        summary: "Keep documents that agents and people search",
        discussion: """
            A source is a collection of documents. They are cut into passages by headings and paragraphs, and found by their
            words. With a model in the setting tiers.embedding they are found by what they mean as well; without one nothing
            leaves this machine. Agents and nodes search them with the tool rag.search.
            """,
        examples: [
            .init(line: "baton rag add handbook docs/", comment: "all texts of a folder"),
            .init(line: "baton rag search 'how are retries limited?'", comment: "the passages that tell"),
        ],
        children: [RAGAdd.command, RAGIndex.command, list, search, remove]
    )

    static let source = ArgumentDescription(
        name: "SOURCE",
        summary: "letters, digits, `_`, `-` and `.`, the first a letter"
    )

    // MARK: list

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List sources, or the documents of one",
        arguments: [ArgumentDescription(name: "SOURCE", summary: "shows its documents", count: .optional)],
        options: [
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...100_000),
                summary: "so many documents at most",
                defaultValue: "1000"
            )
        ],
        examples: [
            .init(line: "baton rag list", comment: "what is there?"),
            .init(line: "baton rag list handbook", comment: "its documents"),
        ],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("SOURCE")
        return name.isEmpty ? try listSources(context) : try listDocuments(name, context)
    }

    private static func listSources(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let rows: [JSONValue]
        if let server = try context.server() {
            rows = try server.items("/v1/rag/sources")
        } else {
            rows = try KnowledgeSession.reading(context) { library throws(CommandFailure) in
                try libraryCall { () throws(LibraryError) in
                    try library.sources(KnowledgeSession.visibility).map(\.json)
                }
            }
        }
        var table = Table([
            .init(title: "SOURCE"), .init(title: "DOCUMENTS", isNumber: true), .init(title: "PASSAGES", isNumber: true),
            .init(title: "BYTES", isNumber: true), .init(title: "PROJECT"),
        ])
        for row in rows {
            table.add([
                row["name"]?.stringValue ?? "", row["documents"]?.text ?? "", row["passages"]?.text ?? "",
                row["bytes"]?.text ?? "", row["project"]?.stringValue ?? "",
            ])
        }
        context.console.show(rows, table)
        return .ok
    }

    private static func listDocuments(_ name: String, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let limit = context.invocation.number("limit") ?? 1000
        let rows: [JSONValue]
        if let server = try context.server() {
            rows = try server.list(APIRequest.path("v1", "rag", name, "documents"), limit: limit)
        } else {
            rows = try KnowledgeSession.reading(context) { library throws(CommandFailure) in
                let source = try known(name, library)
                return try libraryCall { () throws(LibraryError) in
                    try library.documents(in: source, limit: limit).map { .object($0.json) }
                }
            }
        }
        var table = Table([
            .init(title: "DOCUMENT"), .init(title: "PATH"), .init(title: "TITLE"),
            .init(title: "PASSAGES", isNumber: true),
            .init(title: "BYTES", isNumber: true), .init(title: "CHANGED", paint: .dim),
        ])
        for row in rows {
            table.add([
                row["id"]?.stringValue ?? "", row["path"]?.stringValue ?? "", row["title"]?.stringValue ?? "",
                row["passages"]?.text ?? "", row["bytes"]?.text ?? "", RunDetails.date(row["updated_at"]),
            ])
        }
        context.console.show(rows, table)
        return .ok
    }

    /// The source of that name in a folder.
    static func known(_ name: String, _ library: Library) throws(CommandFailure) -> SourceRow {
        let row = try libraryCall { () throws(LibraryError) in
            try library.source(name, tenant: Ownership.defaultTenant)
        }
        guard let row else {
            throw .notFound("there is no source `\(name)`", hint: "`baton rag list` shows what there is")
        }
        return row
    }

    // MARK: search

    private static let search: CommandDescription = .init(
        name: "search",
        summary: "Find passages by words, the best first",
        discussion: """
            A passage needs at least one of the words; rare ones count for more, and words of headings twice. Nothing in the
            question is read as a language. Where a model makes vectors, passages that mean something alike are found, too. The
            score is between 0 and 1 and tells hits of one answer apart.
            """,
        arguments: [ArgumentDescription(name: "QUESTION", summary: "words, or a whole question", count: .many)],
        options: [
            OptionDescription(
                name: "source",
                kind: .text("SOURCE"),
                summary: "only there; may be given several times",
                isRepeated: true
            ),
            OptionDescription(name: "limit", kind: .number("N", 1...50), summary: "so many at most", defaultValue: "8"),
        ],
        examples: [
            .init(line: "baton rag search retry budget --source handbook", comment: "in one source"),
            .init(line: "baton rag search 'who may approve?' --limit 3 -o json", comment: "for programs"),
        ],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let answer = try answer(context)
        context.console.show(answer) { text(of: answer) }
        return .ok
    }

    private static func answer(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let invocation = context.invocation
        let words = (invocation.words["QUESTION"] ?? []).joined(separator: " ")
        let (sources, limit) = (invocation.texts("source"), invocation.number("limit") ?? 8)
        if let server = try context.server() {
            return try server.post(
                "/v1/rag/search",
                [
                    "query": .string(words), "limit": .int(Int64(limit)),
                    "sources": .array(sources.map(JSONValue.string)),
                ]
            )
        }
        let question = Library.Question(words, sources: sources, limit: limit)
        func ask(_ search: LibrarySearch) throws(CommandFailure) -> JSONValue {
            try RAGIndex.wait { () async throws(LibraryError) in
                try await search.search(question, KnowledgeSession.visibility, for: PaidCaller(.common)).json
            }
        }
        var absence: String?
        if try SettingsReader.read(context).embeddingModel != nil {
            do throws(CommandFailure) {
                return try RAGIndex.working(context, ask)
            } catch {
                guard error.exit == .unavailable else { throw error }
                absence = "only words were looked for: \(error.message)"
            }
        }
        return try KnowledgeSession.reading(context) { library throws(CommandFailure) in
            try ask(LibrarySearch(library, absence: absence))
        }
    }

    private static func text(of answer: JSONValue) -> String {
        let hits = answer["hits"]?.arrayValue ?? []
        var text = answer["notice"]?.stringValue.map { "note: \($0)\n\n" } ?? ""
        if hits.isEmpty { text += "nothing was found\n" }
        for hit in hits {
            func word(_ key: String) -> String { hit[key].map { $0.stringValue ?? $0.text } ?? "" }
            text += "\(word("source")) \(word("path")):\(word("first_line"))-\(word("last_line"))  \(word("score"))\n"
            if !word("heading").isEmpty { text += "  \(TextWidth.oneLine(word("heading")))\n" }
            for line in word("text").split(separator: "\n").prefix(6) {
                text += "  | \(TextWidth.cut(TextWidth.oneLine(String(line)), to: 110))\n"
            }
            text += "\n"
        }
        return text
    }

    // MARK: remove

    private static let remove: CommandDescription = .init(
        name: "remove",
        summary: "Remove a source, or documents of it",
        arguments: [
            source,
            ArgumentDescription(name: "PATH", summary: "a document, by its path; all when left out", count: .any),
        ],
        examples: [
            .init(line: "baton rag remove handbook", comment: "with all that is in it"),
            .init(line: "baton rag remove handbook intro.md", comment: "one document"),
        ],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, paths) = (context.invocation.word("SOURCE"), context.invocation.words["PATH"] ?? [])
        if let server = try context.server() {
            try remove(name, paths, server)
        } else {
            try remove(name, paths, context)
        }
        context.console.show([
            "source": .string(name), "removed": paths.isEmpty ? "source" : .array(paths.map(JSONValue.string)),
        ]) {
            paths.isEmpty ? "\(name) is removed\n" : "\(paths.count) of \(name) removed\n"
        }
        return .ok
    }

    private static func remove(_ name: String, _ paths: [String], _ server: RemoteServer) throws(CommandFailure) {
        guard !paths.isEmpty else {
            _ = try server.send(APIRequest("DELETE", APIRequest.path("v1", "rag", name)))
            return
        }
        let rows = try server.list(APIRequest.path("v1", "rag", name, "documents"), limit: Library.documentCountLimit)
        var ids: [String] = []
        for path in paths {
            guard let id = rows.first(where: { $0["path"]?.stringValue == path })?["id"]?.stringValue else {
                throw missing(path, name)
            }
            ids.append(id)
        }
        for id in ids { _ = try server.send(APIRequest("DELETE", APIRequest.path("v1", "rag", name, "documents", id))) }
    }

    private static func remove(_ name: String, _ paths: [String], _ context: CommandContext) throws(CommandFailure) {
        try KnowledgeSession.writing(context) { library throws(CommandFailure) in
            let source = try known(name, library)
            guard !paths.isEmpty else {
                try libraryCall { () throws(LibraryError) in try library.remove(source) }
                return
            }
            var rows: [DocumentRow] = []
            for path in paths {
                let row = try libraryCall { () throws(LibraryError) in try library.document(at: path, in: source) }
                guard let row else { throw missing(path, name) }
                rows.append(row)
            }
            let all = rows
            try libraryCall { () throws(LibraryError) in try library.remove(all) }
        }
    }

    private static func missing(_ path: String, _ source: String) -> CommandFailure {
        .notFound("there is no document `\(path)` in `\(source)`", hint: "`baton rag list \(source)` shows them")
    }
}
