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
        action: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let compiler = try WorkflowCommands.makeCompiler(context)
        let file = try WorkflowFile(context.invocation.word("FILE"), context, compiler)
        _ = try file.graph(context.console)
        if context.invocation.isOn("apply") { return try apply(file, compiler, context) }
        for option in ["all", "out"] where context.invocation.options[option] != nil {
            throw .usage("--\(option) belongs to --apply")
        }
        let advice = compiler.advise(text: file.text, fileName: file.name)
        let json: JSONValue = [
            "file": .string(file.name), "applied": .array(advice.applied.map(\.json)),
            "suggestions": .array(advice.suggestions.map(\.json)),
        ]
        context.console.show(json) { text(advice, file.name) }
        return .ok
    }

    private static func text(_ advice: Advice, _ name: String) -> String {
        var lines: [String] = []
        let done = advice.applied.filter { $0.count > 0 }
        for item in done { lines.append("\(item.code.rawValue) done by the compiler: \(item.count) \(item.title)") }
        for suggestion in advice.suggestions {
            let safety =
                suggestion.isAutoApplySafe ? "--apply" : suggestion.isApplicable ? "--apply --all" : "by hand"
            lines.append("\(suggestion.code.rawValue) \(suggestion.title)  (\(safety))")
            lines.append("  \(suggestion.description)")
        }
        if advice.suggestions.isEmpty { lines.append("\(name): nothing to suggest") }
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
        for suggestion in result.applied {
            context.console.note("applied \(suggestion.code.rawValue): \(suggestion.title)")
        }
        if result.applied.isEmpty { context.console.note("nothing to apply") }
        let isYAML = file.name.hasSuffix(".yaml") || file.name.hasSuffix(".yml")
        let text = isYAML ? YAMLWriter.text(of: result.document) : result.document.prettyText + "\n"
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
