// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Knowledge
import Model
import Store

/// `baton rag add`: files and folders into a source.
enum RAGAdd {
    static let command: CommandDescription = .init(
        name: "add",
        summary: "Take files and folders into a source, which is made when it is not there",
        discussion: """
            What is there with the same text is left alone, so repeating the command after a change is quick. Files that are no
            UTF-8 text, or longer than 1 MiB, are left out and named. Names that begin with a dot, links and node_modules are
            passed over.
            """,
        arguments: [
            RAGCommands.source,
            ArgumentDescription(
                name: "PATH",
                summary: "a file, a folder, or - for standard input",
                count: .many,
                completion: .files
            ),
        ],
        options: [
            OptionDescription(name: "name", kind: .text("PATH"), summary: "the path of what comes from standard input"),
            OptionDescription(
                name: "project",
                kind: .text("NAME"),
                summary: "whose members see the source; only when it is made"
            ),
            OptionDescription(
                name: "prune",
                kind: .flag,
                summary: "remove documents of the source that are not among these"
            ),
        ],
        examples: [
            .init(line: "baton rag add handbook docs/", comment: "all texts beneath, by their paths in it"),
            .init(line: "baton rag add handbook docs/ --prune", comment: "and forget files that are gone"),
            .init(line: "baton rag add history - --name log.txt", comment: "what another program writes"),
        ],
        exits: [.notFound, .conflict, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let source = context.invocation.word("SOURCE")
        guard Library.isSourceName(source) else {
            throw .usage(
                "`\(source)` cannot be the name of a source",
                hint: "letters, digits, _, - and ., the first a letter"
            )
        }
        var input = try Input(context)
        var report = Report(source)
        if let server = try context.server() {
            try add(&input, to: source, server, context, &report)
        } else {
            try add(&input, to: source, context, &report)
        }
        if report.counts[.added] ?? 0 > 0 || report.counts[.changed] ?? 0 > 0 {
            report.vectors = try RAGIndex.index(source, context)
        }
        report.leftOut = (input.files.leftOutCount, input.files.leftOut)
        return report.show(context)
    }

    /// What is to be taken in.
    private struct Input {
        var files: DocumentFiles
        var given: Library.Draft?

        init(_ context: CommandContext) throws(CommandFailure) {
            let words = context.invocation.words["PATH"] ?? []
            let name = context.invocation.text("name")
            files = try DocumentFiles(words.filter { $0 != "-" }, absolute: context.absolute)
            guard words.contains("-") else {
                if name != nil { throw .usage("--name is for standard input, `-`") }
                return
            }
            guard let name else { throw .usage("what comes from standard input needs a name", hint: "--name PATH") }
            let bytes = try TextFile.bytes("-", limit: Library.documentLimit)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .invalid("standard input is no UTF-8 text")
            }
            guard !files.files.contains(where: { $0.path == name }) else {
                throw .invalid("\(name) is a file as well as standard input")
            }
            given = Library.Draft(path: name, text: text)
        }

        var paths: Set<String> { Set(files.files.map(\.path) + [given?.path].compactMap(\.self)) }

        /// Hands all texts over in groups that are not larger than a request may be.
        mutating func forEachGroup(_ body: ([Library.Draft]) throws(CommandFailure) -> Void) throws(CommandFailure) {
            var (group, size) = ([given].compactMap(\.self), given?.text.utf8.count ?? 0)
            for entry in files.files {
                guard let draft = files.read(entry) else { continue }
                if group.count == 100 || size + draft.text.utf8.count > 2 << 20 {
                    try body(group)
                    (group, size) = ([], 0)
                }
                group.append(draft)
                size += draft.text.utf8.count
            }
            if !group.isEmpty { try body(group) }
        }
    }

    private static func add(
        _ input: inout Input,
        to name: String,
        _ context: CommandContext,
        _ report: inout Report
    ) throws(CommandFailure) {
        try KnowledgeSession.writing(context) { library throws(CommandFailure) in
            let project = context.invocation.text("project")
            let ownership = Ownership(tenant: Ownership.defaultTenant, owner: nil, project: project)
            let source = try libraryCall { () throws(LibraryError) in
                if let known = try library.source(name, tenant: ownership.tenant) { return known }
                return try library.makeSource(name, ownership)
            }
            guard project == nil || project == source.ownership.project else {
                throw inAnotherProject(name)
            }
            try input.forEachGroup { drafts throws(CommandFailure) in
                let results = try libraryCall { () throws(LibraryError) in
                    try library.add(drafts, to: source, by: context.actor)
                }
                for result in results { report.count(result.arrival) }
            }
            guard context.invocation.isOn("prune") else { return }
            let kept = input.paths
            try libraryCall { () throws(LibraryError) in
                let gone = try library.documents(in: source, limit: Library.documentCountLimit).filter {
                    !kept.contains($0.path)
                }
                try library.remove(gone)
                report.removed = gone.count
            }
        }
    }

    private static func inAnotherProject(_ source: String) -> CommandFailure {
        CommandFailure(.conflict, "state.conflict", "the source `\(source)` is there, and in another project")
    }

    /// Texts that the server has are not sent again.
    private static func add(
        _ input: inout Input,
        to name: String,
        _ server: RemoteServer,
        _ context: CommandContext,
        _ report: inout Report
    ) throws(CommandFailure) {
        let path = APIRequest.path("v1", "rag", name, "documents")
        var known: [String: JSONValue] = [:]
        do throws(CommandFailure) {
            for row in try server.list(path, limit: Library.documentCountLimit) {
                known[row["path"]?.stringValue ?? ""] = row
            }
        } catch {
            guard error.exit == .notFound else { throw error }
        }
        let project = context.invocation.text("project")
        if project != nil,
            let row = try server.items("/v1/rag/sources").first(where: { $0["name"]?.stringValue == name }),
            row["project"]?.stringValue != project
        {
            throw inAnotherProject(name)
        }
        try input.forEachGroup { drafts throws(CommandFailure) in
            let fresh = drafts.filter { known[$0.path]?["hash"]?.stringValue != Library.hash(of: $0.text) }
            for _ in fresh.count..<drafts.count { report.count(.unchanged) }
            guard !fresh.isEmpty else { return }
            let body: JSONObject = [
                "documents": .array(fresh.map { ["path": .string($0.path), "text": .string($0.text)] })
            ]
            let answer = try server.post(path, body.with("project", project))
            for item in answer["items"]?.arrayValue ?? [] {
                if let arrival = item["status"]?.stringValue.flatMap(Library.Arrival.init) { report.count(arrival) }
            }
        }
        guard context.invocation.isOn("prune") else { return }
        let kept = input.paths
        for (path, row) in known where !kept.contains(path) {
            let id = row["id"]?.stringValue ?? ""
            _ = try server.send(APIRequest("DELETE", APIRequest.path("v1", "rag", name, "documents", id)))
            report.removed += 1
        }
    }

    /// What became of it.
    private struct Report {
        let source: String
        var counts: [Library.Arrival: Int] = [:]
        var removed = 0
        var leftOut: (count: Int, reasons: [String]) = (0, [])
        var vectors: RAGIndex.Outcome?

        init(_ source: String) { self.source = source }

        mutating func count(_ arrival: Library.Arrival) { counts[arrival, default: 0] += 1 }

        func show(_ context: CommandContext) -> ExitCode {
            var json: JSONObject = ["source": .string(source)]
            for arrival in Library.Arrival.allCases { json[arrival.rawValue] = .int(Int64(counts[arrival] ?? 0)) }
            json["removed"] = .int(Int64(removed))
            json["left_out"] = .int(Int64(leftOut.count))
            if let vectors { json["vectors"] = .object(vectors.json) }
            if let notice = vectors?.notice { context.console.note("vectors are missing: \(notice)") }
            for reason in leftOut.reasons { context.console.note("left out: \(reason)") }
            context.console.show(.object(json)) {
                let words = Library.Arrival.allCases.map { "\(counts[$0] ?? 0) \($0.rawValue)" }
                let more =
                    (removed > 0 ? [", \(removed) removed"] : [])
                    + (leftOut.count > 0 ? [", \(leftOut.count) left out"] : [])
                let made = vectors.map { ", \($0.embedded) got vectors" } ?? ""
                return "\(source): \(words.joined(separator: ", "))\(more.joined())\(made)\n"
            }
            return .ok
        }
    }
}
