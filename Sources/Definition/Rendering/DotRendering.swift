// Baton
// SPDX-License-Identifier: Apache-2.0

/// Graphviz; bodies, phases and groups are clusters.
enum DotRendering: BoxNotation {
    static let end = "}"

    static func render(_ graph: Graph) -> String {
        let head = ["digraph \(quoted(graph.name)) {", "  rankdir=TB;", "  compound=true;", "  node [shape=box];"]
        return (head + lines(graph.body, phases: graph.phases) + ["}"]).joined(separator: "\n") + "\n"
    }

    static func box(_ title: String, _ name: String, _ indent: String) -> [String] {
        ["\(indent)subgraph cluster_\(name) {", "\(indent)  label=\(quoted(title));"]
    }

    /// The node is a box that stands in the cluster of its body.
    static func box(_ node: Graph.Node, _ name: String, _ indent: String) -> [String] {
        box(node.name ?? node.id, name, indent) + ["\(indent)  \(line(node, name))"]
    }

    static func line(_ node: Graph.Node, _ name: String) -> String {
        "\(name) [label=\(quoted("\(node.name ?? node.id)\n\(node.kindText)"))];"
    }

    static func edge(_ from: String, _ to: String, _ label: String?) -> String {
        "\(from) -> \(to)\(label.map { " [label=\(quoted($0))]" } ?? "");"
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
