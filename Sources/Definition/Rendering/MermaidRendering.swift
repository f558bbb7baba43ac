// Baton
// SPDX-License-Identifier: Apache-2.0

/// A Mermaid flowchart; bodies, phases and groups are subgraphs.
enum MermaidRendering: BoxNotation {
    static let end = "end"

    static func render(_ graph: Graph) -> String {
        (["flowchart TD"] + lines(graph.body, phases: graph.phases)).joined(separator: "\n") + "\n"
    }

    static func box(_ title: String, _ name: String, _ indent: String) -> [String] {
        ["\(indent)subgraph \(name)[\"\(escaped(title))\"]"]
    }

    static func box(_ node: Graph.Node, _ name: String, _ indent: String) -> [String] {
        ["\(indent)subgraph \(name)[\"\(text(node))\"]"]
    }

    static func line(_ node: Graph.Node, _ name: String) -> String {
        switch node.kind {
        case .branch: "\(name){\"\(text(node))\"}"
        case .human: "\(name)([\"\(text(node))\"])"
        default: "\(name)[\"\(text(node))\"]"
        }
    }

    static func edge(_ from: String, _ to: String, _ label: String?) -> String {
        "\(from) -->\(label.map { "|\"\(escaped($0))\"|" } ?? "") \(to)"
    }

    private static func text(_ node: Graph.Node) -> String {
        "\(escaped(node.name ?? node.id))<br/>\(escaped(node.kindText))"
    }

    /// Mermaid reads `#…;` as a character and would take a quote as the end.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "#quot;"
            case "#": result += "#35;"
            case "<": result += "#lt;"
            case ">": result += "#gt;"
            case "\n": result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
