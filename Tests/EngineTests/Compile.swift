// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

/// Compiles a workflow whose only tool is `noop`, which takes any arguments.
func compile(_ yaml: String) throws -> Graph {
    let registry = Registry(tools: [try Registry.Tool(name: "noop", input: ["type": "object"])])
    let result = Compiler(registry: registry).compile(text: Array(yaml.utf8), fileName: "test.yaml")
    return try #require(result.graph, "\(result.diagnostics.map(\.message))\n\(yaml)")
}
