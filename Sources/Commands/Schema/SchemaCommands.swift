// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// `baton schema …`: what documents may hold. Needs no data folder but for its settings.
enum SchemaCommands {
    static let group: CommandDescription = .init(
        name: "schema",
        summary: "Show what documents may hold, and what diagnostics mean",
        children: [list, show, kinds, kind, code]
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List the kinds of documents that have a JSON Schema",
        examples: [.init(line: "baton schema list", comment: "what `baton schema show` can show")]
    ) { context throws(CommandFailure) in
        var table = Table([.init(title: "KIND"), .init(title: "ID")])
        for kind in DocumentSchema.kinds { table.add([kind.rawValue, DocumentSchema.path(for: kind)]) }
        let items = DocumentSchema.kinds.map { kind -> JSONValue in
            ["kind": .string(kind.rawValue), "id": .string(DocumentSchema.path(for: kind))]
        }
        context.console.show(items, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show the JSON Schema of a kind of document",
        discussion:
            "An editor that knows the schema completes keys and kinds and marks mistakes. With the YAML language server, write\n"
            + "it to a file and begin documents with `# yaml-language-server: $schema=workflow.json`.",
        arguments: [.init(name: "KIND", summary: names(DocumentSchema.kinds.map(\.rawValue)))],
        examples: [.init(line: "baton schema show workflow > workflow.json", comment: "for an editor")],
        exits: [.notFound]
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("KIND")
        guard let schema = DocumentKind(rawValue: name).flatMap(DocumentSchema.schema) else {
            let hint = "`baton schema list` shows them; `baton schema kind` shows kinds of nodes"
            throw .notFound("there is no schema of documents of kind `\(name)`", hint: hint)
        }
        context.console.show(schema) { "\(schema.prettyText)\n" }
        return .ok
    }

    private static let kinds: CommandDescription = .init(
        name: "kinds",
        summary: "List the kinds of nodes, and whether they can be executed here",
        examples: [
            .init(line: "baton schema kinds", comment: "all kinds"),
            .init(line: "baton schema kinds -o json", comment: "with fields, defaults and bounds, for a program"),
        ]
    ) { context throws(CommandFailure) in
        let registry = try registry(context)
        var table = Table([
            .init(title: "KIND"), .init(title: "CATEGORY"), .init(title: "STATUS"), .init(title: "WHAT IT DOES"),
        ])
        for type in NodeType.allCases {
            let description = type.description
            let status = type.status(in: registry).word
            table.add([type.rawValue, description.category.rawValue, status, description.summary])
        }
        context.console.show(NodeType.allCases.map { $0.json(registry: registry) }, table)
        return .ok
    }

    private static let kind: CommandDescription = .init(
        name: "kind",
        summary: "Show what nodes of a kind take and give",
        arguments: [.init(name: "NAME", summary: "a kind of node, such as http")],
        options: [
            OptionDescription(name: "schema", kind: .flag, summary: "show the JSON Schema of `config` instead")
        ],
        examples: [
            .init(line: "baton schema kind http", comment: "keys with types, bounds and defaults"),
            .init(line: "baton schema kind http --schema", comment: "for a form"),
        ],
        exits: [.notFound]
    ) { context throws(CommandFailure) in
        let type = try nodeType(context.invocation.word("NAME"))
        if context.invocation.isOn("schema") {
            context.console.show(type.configSchema) { "\(type.configSchema.prettyText)\n" }
            return .ok
        }
        let registry = try registry(context)
        context.console.show(type.json(registry: registry)) { NodeKindText(type, registry).text }
        return .ok
    }

    private static let code: CommandDescription = .init(
        name: "code",
        summary: "Say what the code of a diagnostic means and what to do",
        arguments: [.init(name: "CODE", summary: "such as E204; all codes when missing", count: .optional)],
        examples: [
            .init(line: "baton schema code E204", comment: "what is a cycle, and what to do"),
            .init(line: "baton schema code", comment: "all codes"),
        ],
        exits: [.notFound]
    ) { context throws(CommandFailure) in
        let word = context.invocation.words["CODE"]?.first
        guard let word else {
            var table = Table([.init(title: "CODE"), .init(title: "SEVERITY"), .init(title: "WHAT IT IS ABOUT")])
            for code in Diagnostic.Code.allCases { table.add([code.rawValue, code.severity.rawValue, code.title]) }
            context.console.show(Diagnostic.Code.allCases.map(\.json), table)
            return .ok
        }
        guard let code = Diagnostic.Code(rawValue: word.uppercased()) else {
            throw .notFound("there is no code `\(word)`", hint: "`baton schema code` shows them")
        }
        context.console.show(code.json) {
            "\(code.rawValue) \(code.severity.rawValue): \(code.title)\n\n\(code.advice)\n"
        }
        return .ok
    }

    private static func nodeType(_ name: String) throws(CommandFailure) -> NodeType {
        if let type = NodeType(spelling: name) { return type }
        let guess = NearestName.find(name, among: NodeType.allCases.map(\.rawValue))
        let hint = guess.map { "did you mean `\($0)`?" } ?? "`baton schema kinds` shows them"
        throw .notFound("there is no kind of node `\(name)`", hint: hint)
    }

    private static func registry(_ context: CommandContext) throws(CommandFailure) -> Registry {
        let settings = try SettingsReader.read(context)
        return try Toolbox(settings, context).makeCompiler(for: .check).registry
    }

    private static func names(_ words: [String]) -> String {
        words.count == 1 ? "the kind: \(words[0])" : "one of \(words.joined(separator: ", "))"
    }
}
