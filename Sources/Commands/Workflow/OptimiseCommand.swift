// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Glibc
import JSON

/// `baton workflow optimise`.
enum OptimiseCommand {
    static let command: CommandDescription = .init(
        name: "optimise",
        summary: "Suggest how to make a workflow better, or apply what nobody can notice",
        discussion: """
            Says what the compiler does by itself and what a person could do. --apply writes the changed document to standard
            output, or to --out: only changes that nobody can notice, or with --all every suggestion that has a patch. Comments of
            the document are not kept.
            """,
        arguments: [
            .init(name: "FILE", summary: "a workflow in YAML or JSON; - reads standard input", completion: .files)
        ],
        options: [
            OptionDescription(name: "apply", kind: .flag, summary: "write the document with suggestions applied"),
            OptionDescription(name: "all", kind: .flag, summary: "apply those that somebody could notice too"),
            OptionDescription(name: "out", kind: .path("FILE"), summary: "where --apply writes"),
        ],
        examples: [
            .init(line: "baton workflow optimise order.yaml", comment: "list suggestions"),
            .init(line: "baton workflow optimise order.yaml --apply --out order.yaml", comment: "tidy up"),
        ],
        exits: [.notFound],
        reach: .folderOrServer,
        action: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        if let server = try context.server() { return try run(server, context) }
        let compiler = try WorkflowCommands.makeCompiler(context)
        let file = try WorkflowFile(context.invocation.word("FILE"), context, compiler)
        _ = try file.graph(context.console)
        if context.invocation.isOn("apply") { return try apply(file, compiler, context) }
        try checkUnapplied(context)
        let advice = compiler.advise(text: file.text, fileName: file.name)
        let json: JSONValue = [
            "file": .string(file.name), "applied": .array(advice.applied.map(\.json)),
            "suggestions": .array(advice.suggestions.map(\.json)),
        ]
        context.console.show(json) { text(json, file.name) }
        return .ok
    }

    private static func checkUnapplied(_ context: CommandContext) throws(CommandFailure) {
        for option in ["all", "out"] where context.invocation.options[option] != nil {
            throw .usage("--\(option) belongs to --apply")
        }
    }

    /// The same by a server.
    private static func run(_ server: RemoteServer, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let file = try ServerDocument.find(context.invocation.word("FILE"), server, context)
        _ = try file.check()
        guard context.invocation.isOn("apply") else {
            try checkUnapplied(context)
            let answer = try server.send(file.request("/v1/optimise")).objectValue ?? [:]
            let json = JSONValue.object(
                JSONObject(members: [.init(key: "file", value: .string(file.name))] + answer.members)
            )
            context.console.show(json) { text(json, file.name) }
            return .ok
        }
        let which = context.invocation.isOn("all") ? "all" : "safe"
        let answer = try server.send(file.request("/v1/optimise", query: [("apply", which)]))
        return try write(answer["document"] ?? .null, answer["applied"]?.arrayValue ?? [], file.name, context)
    }

    private static func text(_ advice: JSONValue, _ name: String) -> String {
        var lines: [String] = []
        func words(_ value: JSONValue, _ key: String) -> String { value[key]?.stringValue ?? "" }
        for item in advice["applied"]?.arrayValue ?? [] where item["count"]?.intValue ?? 0 > 0 {
            let count = item["count"]?.intValue ?? 0
            lines.append("\(words(item, "code")) done by the compiler: \(count) \(words(item, "title"))")
        }
        let suggestions = advice["suggestions"]?.arrayValue ?? []
        for suggestion in suggestions {
            let isApplicable = suggestion["patch"]?.arrayValue?.isEmpty == false
            let safety =
                suggestion["auto_apply_safe"] == true ? "--apply" : isApplicable ? "--apply --all" : "by hand"
            lines.append("\(words(suggestion, "code")) \(words(suggestion, "title"))  (\(safety))")
            lines.append("  \(words(suggestion, "description"))")
        }
        if suggestions.isEmpty { lines.append("\(name): nothing to suggest") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func apply(
        _ file: WorkflowFile,
        _ compiler: Compiler,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let takesAll = context.invocation.isOn("all")
        let result = compiler.applying(to: file.text, fileName: file.name) { takesAll || $0.isAutoApplySafe }
        guard let result else { throw file.invalid }
        return try write(result.document, result.applied.map(\.json), file.name, context)
    }

    private static func write(
        _ document: JSONValue,
        _ applied: [JSONValue],
        _ name: String,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        for suggestion in applied {
            let (code, title) = (suggestion["code"]?.stringValue ?? "", suggestion["title"]?.stringValue ?? "")
            context.console.note("applied \(code): \(title)")
        }
        if applied.isEmpty { context.console.note("nothing to apply") }
        let isYAML = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
        let text = isYAML ? YAMLWriter.text(of: document) : document.prettyText + "\n"
        guard let path = context.invocation.text("out") else {
            context.console.write(text)
            return .ok
        }
        try replace(context.absolute(path), with: Array(text.utf8))
        return .ok
    }

    /// Readers see the old file or the new one, never half of it.
    private static func replace(_ path: String, with bytes: [UInt8]) throws(CommandFailure) {
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        var failure = Console.writeAll(bytes, to: descriptor)
        if fsync(descriptor) != 0, failure == 0 { failure = errno }
        close(descriptor)
        if failure == 0, rename(draft, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(draft)
            throw unwritable(path, failure)
        }
    }

    private static func unwritable(_ path: String, _ number: Int32) -> CommandFailure {
        .invalid("\(path) cannot be written: \(String(cString: strerror(number)))")
    }
}
