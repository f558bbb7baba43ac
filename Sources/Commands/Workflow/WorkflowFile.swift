// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// A workflow document that a person names.
struct WorkflowFile {
    /// As it was typed.
    let name: String
    let text: [UInt8]
    let result: CompileResult

    /// Reads and compiles a file; `-` is standard input.
    init(_ name: String, _ context: CommandContext, _ compiler: Compiler) throws(CommandFailure) {
        self.name = name
        text = try TextFile.bytes(name == "-" ? name : context.absolute(name))
        result = compiler.compile(text: text, fileName: name)
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
