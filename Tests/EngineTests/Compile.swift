// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

/// Knows the tool `noop` and the agent `helper`.
let testCompiler: Compiler = {
    let tool = try? Registry.Tool(name: "noop", input: ["type": "object"])
    var registry = Registry(tools: tool.map { [$0] } ?? [])
    registry.agents = ["helper": .init()]
    return Compiler(registry: registry)
}()

/// Compiles a workflow whose only tool is `noop`, which takes any arguments.
func compile(_ yaml: String) throws -> Graph {
    let result = testCompiler.compile(text: Array(yaml.utf8), fileName: "test.yaml")
    guard let graph = result.graph else {
        throw CompileFailure(description: "\(result.diagnostics.map(\.message))\n\(yaml)")
    }
    return graph
}

struct CompileFailure: Error, CustomStringConvertible {
    let description: String
}
