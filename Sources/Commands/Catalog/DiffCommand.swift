// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import Definition
import Engine
import JSON
import Model
import Store

/// `baton workflow diff`.
enum DiffCommand {
    static let command: CommandDescription = .init(
        name: "diff",
        summary: "Compare two documents",
        discussion: """
            Each is a version, a file, or a run, which stands for the document it was started with. By default nodes are compared
            by id, edges by their ends and everything else by its key; with --text the documents are compared as YAML, line by
            line. `@3` alone is version 3 of the first one's workflow.
            """,
        arguments: [
            .init(name: "OLD", summary: "NAME, NAME@TAG, NAME@3, NAME@sha256:…, a file, or the id of a run"),
            .init(name: "NEW", summary: "the same, or @… for another version of the same workflow"),
        ],
        options: [OptionDescription(name: "text", kind: .flag, summary: "line by line, as `diff -u` shows it")],
        examples: [
            .init(line: "baton workflow diff order_check@2 @3", comment: "what version 3 changed"),
            .init(line: "baton workflow diff order_check order.yaml --text", comment: "what publishing would change"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let compiler = try context.makeCompiler()
        let old = context.invocation.word("OLD")
        var new = context.invocation.word("NEW")
        if new.hasPrefix("@") { new = String(old.prefix { $0 != "@" }) + new }
        if let server = try context.server() {
            let documents = (
                try document(old, server, context, compiler), try document(new, server, context, compiler)
            )
            show(context, documents, old, new)
            return .ok
        }
        let documents = try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            (try document(old, session, context, compiler), try document(new, session, context, compiler))
        }
        show(context, documents, old, new)
        return .ok
    }

    private static func show(
        _ context: CommandContext,
        _ documents: (JSONValue, JSONValue),
        _ old: String,
        _ new: String
    ) {
        if context.invocation.isOn("text") {
            let (before, after) = (YAMLWriter.text(of: documents.0), YAMLWriter.text(of: documents.1))
            let text = TextDifference.unified(before, after, oldName: old, newName: new)
            context.console.show(["diff": .string(text)]) { text }
            return
        }
        let difference = StructuralDifference(from: documents.0, to: documents.1)
        guard context.console.settings.format == .table else {
            context.console.show(difference.json, Table([]))
            return
        }
        if difference.parts.isEmpty { context.console.note("they have the same content") }
        for part in difference.parts { for line in lines(part) { context.console.line(line) } }
    }

    /// One line for a part, and one more for each field.
    private static func lines(_ part: StructuralDifference.Part) -> [String] {
        let name = "\(part.section) \(part.id)"
        switch part.change {
        case .added(let value): return ["+ \(name): \(text(value))"]
        case .removed(let value): return ["- \(name): \(text(value))"]
        case .moved(let from, let to): return ["~ \(name): moved from place \(from + 1) to \(to + 1)"]
        case .changed(let fields):
            return ["~ \(name)"]
                + fields.map { field in
                    let path = field.path.isEmpty ? "" : "\(field.path): "
                    return "    \(path)\(field.old.map(text) ?? "nothing") -> \(field.new.map(text) ?? "nothing")"
                }
        }
    }

    private static func text(_ value: JSONValue) -> String { TextWidth.oneLine(TextWidth.cut(value.text, to: 200)) }

    private static func document(
        _ word: String,
        _ session: CatalogSession,
        _ context: CommandContext,
        _ compiler: Compiler
    ) throws(CommandFailure) -> JSONValue {
        if word.hasPrefix("run_"), RunID(word) != nil { return try ofRun(word, session, compiler) }
        guard !PublishedWorkflow.looksLikePath(word) else { return try ofFile(word, context, compiler) }
        let reference = try context.reference(text: word)
        return try catalogCall(context) { () throws(CatalogError) in
            try session.catalog.document(of: session.catalog.version(reference, owner: CatalogSession.owner))
        }
    }

    private static func ofFile(
        _ word: String,
        _ context: CommandContext,
        _ compiler: Compiler
    ) throws(CommandFailure) -> JSONValue {
        let text = try TextFile.bytes(word == "-" ? word : context.absolute(word))
        guard let document = compiler.compile(text: text, fileName: word).document else {
            throw .invalid("\(word) is neither YAML nor JSON", hint: "`baton workflow validate \(word)` says why")
        }
        return document
    }

    /// The same on a server; files are read here.
    private static func document(
        _ word: String,
        _ server: RemoteServer,
        _ context: CommandContext,
        _ compiler: Compiler
    ) throws(CommandFailure) -> JSONValue {
        if word.hasPrefix("run_"), RunID(word) != nil {
            return try server.get(APIRequest.path("v1", "runs", word, "document"))
        }
        guard !PublishedWorkflow.looksLikePath(word) else { return try ofFile(word, context, compiler) }
        let reference = try context.reference(text: word)
        let path = APIRequest.path("v1", "workflows", reference.name, "versions", reference.selectorText)
        return try server.get(path)["document"] ?? .null
    }

    /// The document that a run has now: the one it was started with, and its patches.
    private static func ofRun(
        _ word: String,
        _ session: CatalogSession,
        _ compiler: Compiler
    ) throws(CommandFailure) -> JSONValue {
        guard let runs = session.runs else { throw IdentifierLookup.noRun(word) }
        let row = try IdentifierLookup(store: runs).run(word)
        let reader = RunReader(store: runs, blobs: session.blobs)
        let hash = try engineCall { () throws(EngineError) in try reader.state(ofRun: row.key).graph.hash }
        let definition = try storeCall { () throws(StoreError) in try runs.definition(hash) }
        let document = definition.flatMap {
            compiler.compile(text: $0.source, fileName: "\(row.workflow).yaml").document
        }
        guard let document else { throw .notFound("the document of \(word) is not kept") }
        return document
    }
}
