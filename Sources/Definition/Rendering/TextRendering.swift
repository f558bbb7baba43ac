// Baton
// SPDX-License-Identifier: Apache-2.0

/// Nodes by wave, with what they wait for; bodies indented below their node.
enum TextRendering {
    static func render(_ graph: Graph) -> String {
        let counts = "\(graph.nodes.count) nodes, \(graph.edges.count) edges"
        let lines = ["\(graph.name)  \(counts)  \(graph.hash)"] + waves(graph.body, indent: "")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func waves(_ body: Graph.Body, indent: String) -> [String] {
        let waves = Dictionary(grouping: body.nodes.indices) { body.nodes[$0].wave }
        var lines: [String] = []
        for (wave, nodes) in waves.sorted(by: { $0.key < $1.key }) {
            lines.append("\(indent)wave \(wave)")
            for node in nodes {
                lines.append("\(indent)  \(line(node, body))")
                if let inner = body.nodes[node].innerBody { lines += self.waves(inner, indent: indent + "    ") }
            }
        }
        return lines
    }

    private static func line(_ index: Int, _ body: Graph.Body) -> String {
        let node = body.nodes[index]
        let sources = node.incoming.map { position in
            let edge = body.edges[position]
            return body.nodes[edge.from].id + (edge.label.map { " (\($0))" } ?? "")
        }
        let join = sources.count > 1 && node.join != .all ? "\(node.join.text) of " : ""
        let after = sources.isEmpty ? "" : " after \(join)\(sources.joined(separator: ", "))"
        let place = [node.phase.map { "phase \($0)" }, node.group.map { "group \($0)" }].compactMap { $0 }
        let undoes = node.isCompensation ? " only to undo" : ""
        return "\(node.id) [\(node.kind.name)]\(after)\(undoes)"
            + (place.isEmpty ? "" : " {\(place.joined(separator: ", "))}")
    }
}
