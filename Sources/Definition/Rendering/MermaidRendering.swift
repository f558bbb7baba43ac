// Baton
// SPDX-License-Identifier: Apache-2.0

/// A Mermaid flowchart; bodies, phases and groups are subgraphs.
enum MermaidRendering {
    static func render(_ graph: Graph) -> String {
        let lines = ["flowchart TD"] + lines(graph.body, phases: graph.phases, prefix: "n", indent: "  ")
        return lines.joined(separator: "\n") + "\n"
    }

    /// - Parameter prefix: Of the names of nodes, so that those of bodies differ.
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
                lines.append("\(indent)subgraph \(prefix)c\(number)[\"\(escaped(title))\"]")
            }
            for node in cluster.nodes { lines += self.lines(node, body, "\(prefix)\(node)", inner) }
            if cluster.title != nil { lines.append("\(indent)end") }
        }
        lines += body.edges.map { edge in
            let label = edge.label.map { "|\"\(escaped($0))\"|" } ?? ""
            return "\(indent)\(prefix)\(edge.from) -->\(label) \(prefix)\(edge.to)"
        }
        return lines
    }

    private static func lines(_ index: Int, _ body: Graph.Body, _ name: String, _ indent: String) -> [String] {
        let node = body.nodes[index]
        let text = "\(escaped(node.name ?? node.id))<br/>\(escaped(node.kindText))"
        guard let inner = node.innerBody else {
            switch node.kind {
            case .branch: return ["\(indent)\(name){\"\(text)\"}"]
            case .human: return ["\(indent)\(name)([\"\(text)\"])"]
            default: return ["\(indent)\(name)[\"\(text)\"]"]
            }
        }
        return ["\(indent)subgraph \(name)[\"\(text)\"]"]
            + lines(inner, phases: [], prefix: "\(name)_", indent: indent + "  ") + ["\(indent)end"]
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
