// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// A workflow document that a person names: a file, or what is published under a name.
struct WorkflowFile {
    /// As it was typed, or `NAME@3`.
    let name: String
    let text: [UInt8]
    let result: CompileResult

    /// Reads and compiles a document; `-` is standard input.
    init(_ name: String, _ context: CommandContext, _ compiler: Compiler) throws(CommandFailure) {
        let found = try PublishedWorkflow.find(name, context, compiler)
        self.name = found.name
        text = found.text
        result = compiler.compile(text: text, fileName: found.name)
    }

    /// The graph; warnings go to standard error.
    ///
    /// - Throws: `definition.invalid` after every diagnostic was shown.
    func graph(_ console: Console) throws(CommandFailure) -> Graph {
        for diagnostic in result.diagnostics where diagnostic.severity != .hint || result.graph == nil {
            if diagnostic.severity == .error || result.graph != nil { show(diagnostic, console) }
        }
        guard let graph = result.graph else { throw invalid }
        return graph
    }

    /// Why there is no graph.
    var invalid: CommandFailure {
        let count = result.errors.count
        return CommandFailure(
            .usage,
            "definition.invalid",
            "\(name) has \(count) \(count == 1 ? "error" : "errors"); nothing was started"
        )
    }

    private func show(_ diagnostic: Diagnostic, _ console: Console) {
        let text = diagnostic.text(fileName: name)
        if diagnostic.severity == .error { console.complain(text) } else { console.note(text) }
    }
}
