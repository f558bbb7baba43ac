// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// A way to show the shape of a graph.
public enum GraphRendering: String, Sendable, CaseIterable {
    /// Nodes by wave, with what they wait for.
    case text
    /// A Mermaid flowchart.
    case mermaid
    /// Graphviz.
    case dot
    /// Nodes and edges as JSON.
    case json

    /// The graph in this form, with a newline at the end.
    public func render(_ graph: Graph) -> String {
        switch self {
        case .text: text(graph)
        case .mermaid: mermaid(graph)
        case .dot: dot(graph)
        case .json: json(graph).prettyText + "\n"
        }
    }

    private func text(_ graph: Graph) -> String {
        let counts = "\(graph.nodes.count) nodes, \(graph.edges.count) edges"
        var lines = ["\(graph.name)  \(counts)  \(graph.hash)"]
        let waves = Dictionary(grouping: graph.nodes.indices) { graph.nodes[$0].wave }
        for (wave, nodes) in waves.sorted(by: { $0.key < $1.key }) {
            lines.append("wave \(wave)")
            lines += nodes.map { "  \(line($0, graph))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func line(_ index: Int, _ graph: Graph) -> String {
        let node = graph.nodes[index]
        let sources = node.incoming.map { position in
            let edge = graph.edges[position]
            return graph.nodes[edge.from].id + (edge.label.map { " (\($0))" } ?? "")
        }
        let join = sources.count > 1 && node.join != .all ? "\(node.join.text) of " : ""
        return "\(node.id) [\(node.kind.name)]"
            + (sources.isEmpty ? "" : " after \(join)\(sources.joined(separator: ", "))")
    }

    private func mermaid(_ graph: Graph) -> String {
        var lines = ["flowchart TD"]
        for (index, node) in graph.nodes.enumerated() {
            let label = "\"\(Self.mermaidText(node.name ?? node.id))<br/>\(node.kind.name)\""
            switch node.kind {
            case .branch: lines.append("  n\(index){\(label)}")
            case .human: lines.append("  n\(index)([\(label)])")
            default: lines.append("  n\(index)[\(label)]")
            }
        }
        lines += graph.edges.map { edge in
            let label = edge.label.map { "|\"\(Self.mermaidText($0))\"|" } ?? ""
            return "  n\(edge.from) -->\(label) n\(edge.to)"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func dot(_ graph: Graph) -> String {
        var lines = ["digraph \(Self.dotText(graph.name)) {", "  rankdir=TB;", "  node [shape=box];"]
        lines += graph.nodes.enumerated().map { index, node in
            "  n\(index) [label=\(Self.dotText("\(node.name ?? node.id)\n\(node.kind.name)"))];"
        }
        lines += graph.edges.map { edge in
            let label = edge.label.map { " [label=\(Self.dotText($0))]" } ?? ""
            return "  n\(edge.from) -> n\(edge.to)\(label);"
        }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    private func json(_ graph: Graph) -> JSONValue {
        let nodes = graph.nodes.map { node -> JSONValue in
            var object: JSONObject = [
                "id": .string(node.id), "kind": .string(node.kind.name), "wave": .int(Int64(node.wave)),
                "join": .string(node.join.text),
            ]
            object["name"] = node.name.map { .string($0) }
            return .object(object)
        }
        let edges = graph.edges.map { edge -> JSONValue in
            var object: JSONObject = [
                "from": .string(graph.nodes[edge.from].id), "to": .string(graph.nodes[edge.to].id),
            ]
            object["case"] = edge.branchCase.map { .string($0) }
            object["when"] = edge.when.map { .string($0.source) }
            if edge.isFallback { object["fallback"] = true }
            return .object(object)
        }
        return [
            "name": .string(graph.name), "hash": .string(graph.hash), "nodes": .array(nodes), "edges": .array(edges),
        ]
    }

    /// Mermaid reads `#…;` as a character and would take a quote as the end.
    private static func mermaidText(_ text: String) -> String {
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

    private static func dotText(_ text: String) -> String {
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

extension Graph.Edge {
    /// What is written at the edge.
    fileprivate var label: String? {
        if let branchCase { return branchCase }
        if let when { return when.source }
        return isFallback ? "else" : nil
    }
}

extension Graph.Join {
    fileprivate var text: String {
        switch self {
        case .all: "all"
        case .any: "any"
        case .done: "done"
        case .quorum(let count): "quorum \(count)"
        }
    }
}
