// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

/// Compiles a workflow whose only tool is `noop`, which takes any arguments.
func compile(_ yaml: String) throws -> Graph {
    let registry = Registry(tools: [try Registry.Tool(name: "noop", input: ["type": "object"])])
    let result = Compiler(registry: registry).compile(text: Array(yaml.utf8), fileName: "test.yaml")
    guard let graph = result.graph else {
        throw CompileFailure(description: "\(result.diagnostics.map(\.message))\n\(yaml)")
    }
    return graph
}

struct CompileFailure: Error, CustomStringConvertible {
    let description: String
}
