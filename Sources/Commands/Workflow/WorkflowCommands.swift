// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// `baton workflow …`: looks at documents; starts nothing. The verbs of published workflows are in `Catalog`.
enum WorkflowCommands {
    static let group: CommandDescription = .init(
        name: "workflow",
        summary: "Check, draw and publish workflows",
        children: [validate, graph, EstimateCommand.command, OptimiseCommand.command] + PublishCommands.all
            + VersionCommands.all + [
                DiffCommand.command, TagCommands.group,
            ]
            + TransferCommands.all
    )

    private static let file = ArgumentDescription(
        name: "FILE",
        summary: "a workflow in YAML or JSON, - for standard input, or the name of a published one",
        completion: .files
    )

    private static let validate: CommandDescription = .init(
        name: "validate",
        summary: "Check workflow documents and say what is wrong, with line and column",
        discussion:
            "Errors make a document unusable; warnings and hints do not. The hash names the meaning of a document:\n"
            + "its formatting, comments and the order of keys do not change it. `baton schema code E204` explains a code.",
        arguments: [.init(name: "FILE", summary: file.summary, count: .many, completion: .files)],
        examples: [
            .init(line: "baton workflow validate order.yaml", comment: "check one document"),
            .init(line: "baton workflow validate -o json flows/*.yaml", comment: "diagnostics for a program"),
        ],
        exits: [.notFound],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let verdicts = try verdicts(context)
        if context.console.settings.format == .table {
            for verdict in verdicts { show(verdict, context.console) }
        } else {
            context.console.show(verdicts, Table([]))
        }
        return verdicts.allSatisfy { $0["ok"] == true } ? .ok : .usage
    }

    private static func verdicts(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        let names = context.invocation.words["FILE"] ?? []
        if let server = try context.server() {
            return try names.map { name throws(CommandFailure) in
                try ServerDocument.find(name, server, context).verdict()
            }
        }
        let compiler = try makeCompiler(context)
        return try names.map { name throws(CommandFailure) in json(try WorkflowFile(name, context, compiler)) }
    }

    private static let graph: CommandDescription = .init(
        name: "graph",
        summary: "Draw the graph of a workflow document",
        arguments: [file],
        options: [
            OptionDescription(
                name: "format",
                kind: .choice("FORMAT", GraphRendering.allCases.map(\.rawValue)),
                summary: "how it is drawn",
                defaultValue: "text"
            )
        ],
        examples: [
            .init(line: "baton workflow graph order.yaml", comment: "nodes by wave"),
            .init(line: "baton workflow graph order.yaml --format dot | dot -Tsvg > order.svg", comment: "a picture"),
        ],
        exits: [.notFound],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() {
            let document = try ServerDocument.find(context.invocation.word("FILE"), server, context)
            context.console.write(try document.drawing(context.invocation.text("format") ?? "text"))
            return .ok
        }
        let file = try WorkflowFile(context.invocation.word("FILE"), context, try makeCompiler(context))
        let graph = try file.graph(context.console)
        let format = context.invocation.text("format").flatMap(GraphRendering.init) ?? .text
        context.console.write(format.render(graph))
        return .ok
    }

    static func makeCompiler(_ context: CommandContext) throws(CommandFailure) -> Compiler {
        try Toolbox(try SettingsReader.read(context), context).makeCompiler(for: .check)
    }

    private static func show(_ verdict: JSONValue, _ console: Console) {
        let file = verdict["file"]?.stringValue ?? ""
        for diagnostic in verdict["diagnostics"]?.arrayValue ?? [] {
            console.line(DiagnosticText.text(of: diagnostic, file))
        }
        guard verdict["ok"] == true else { return }
        func count(_ key: String, _ one: String) -> String {
            let number = verdict[key]?.intValue ?? 0
            return number == 1 ? "1 \(one)" : "\(number) \(one)s"
        }
        let hash = verdict["hash"]?.stringValue ?? ""
        console.line("\(file): ok (\(count("nodes", "node")), \(count("edges", "edge")), \(hash))")
    }

    private static func json(_ file: WorkflowFile) -> JSONValue {
        var result: JSONObject = ["file": .string(file.name), "ok": .bool(file.result.graph != nil)]
        if let graph = file.result.graph {
            result["name"] = .string(graph.name)
            result["hash"] = .string(graph.hash)
            result["nodes"] = .int(Int64(graph.nodes.count))
            result["edges"] = .int(Int64(graph.edges.count))
        }
        result["diagnostics"] = .array(file.result.diagnostics.map(\.json))
        return .object(result)
    }
}
