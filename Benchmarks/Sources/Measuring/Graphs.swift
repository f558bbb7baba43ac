// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// Graphs of steps that do nothing.
package func compile(_ yaml: String) throws -> Graph {
    let registry = Registry(tools: [try Registry.Tool(name: "noop", input: ["type": "object"])])
    let result = Compiler(registry: registry).compile(text: Array(yaml.utf8), fileName: "benchmark")
    guard let graph = result.graph else { preconditionFailure("\(result.diagnostics)") }
    return graph
}

package func chain(_ count: Int) throws -> Graph {
    let nodes = (0..<count).map { index in
        let source = index == 0 ? "" : ", depends_on: [n\(index - 1)]"
        return "  - {id: n\(index), type: tool, config: {tool: noop}\(source)}\n"
    }
    return try compile("workflow: chain\nnodes:\n" + nodes.joined())
}

package func fan(_ count: Int) throws -> Graph {
    let nodes = (0..<count).map { "  - {id: n\($0), type: tool, config: {tool: noop}}\n" }
    let edges = (0..<count).map { "  - {from: n\($0), to: all}\n" }
    return try compile(
        "workflow: fan\nnodes:\n" + nodes.joined() + "  - {id: all, type: join}\nedges:\n" + edges.joined()
    )
}
