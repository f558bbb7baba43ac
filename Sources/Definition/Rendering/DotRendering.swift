// Baton
// SPDX-License-Identifier: Apache-2.0

/// Graphviz; bodies, phases and groups are clusters.
enum DotRendering {
    static func render(_ graph: Graph) -> String {
        let head = ["digraph \(quoted(graph.name)) {", "  rankdir=TB;", "  compound=true;", "  node [shape=box];"]
        let lines = head + lines(graph.body, phases: graph.phases, prefix: "n", indent: "  ") + ["}"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(
        _ body: Graph.Body,
        phases: [Graph.Phase],
        prefix: String,
        indent: String
    ) -> [String] {
        var lines: [String] = []
        for (number, cluster) in NodeClusters(body, phases: phases).clusters.enumerated() {
            let inner = cluster.title == nil ? indent : indent + "  "
            if let title = cluster.title {
                lines.append("\(indent)subgraph cluster_\(prefix)c\(number) {")
                lines.append("\(inner)label=\(quoted(title));")
            }
            for node in cluster.nodes { lines += self.lines(node, body, "\(prefix)\(node)", inner) }
            if cluster.title != nil { lines.append("\(indent)}") }
        }
        lines += body.edges.map { edge in
            let label = edge.label.map { " [label=\(quoted($0))]" } ?? ""
            return "\(indent)\(prefix)\(edge.from) -> \(prefix)\(edge.to)\(label);"
        }
        return lines
    }

    /// A node with a body is a box that stands in the cluster of its body.
    private static func lines(_ index: Int, _ body: Graph.Body, _ name: String, _ indent: String) -> [String] {
        let node = body.nodes[index]
        let label = quoted("\(node.name ?? node.id)\n\(node.kindText)")
        guard let inner = node.innerBody else { return ["\(indent)\(name) [label=\(label)];"] }
        return ["\(indent)subgraph cluster_\(name) {", "\(indent)  label=\(quoted(node.name ?? node.id));"]
            + ["\(indent)  \(name) [label=\(label)];"]
            + lines(inner, phases: [], prefix: "\(name)_", indent: indent + "  ") + ["\(indent)}"]
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
