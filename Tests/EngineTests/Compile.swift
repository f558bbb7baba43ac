// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

/// Knows the tool `noop` and the agents `helper`, `ann`, `bob` and `cat`.
let testCompiler: Compiler = {
    let tool = try? Registry.Tool(name: "noop", input: ["type": "object"])
    var registry = Registry(tools: tool.map { [$0] } ?? [])
    let artists = ["ann", "bob", "cat"].map { ($0, Registry.Agent(capabilities: ["art"])) }
    registry.agents = Dictionary(uniqueKeysWithValues: artists + [("helper", .init())])
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
