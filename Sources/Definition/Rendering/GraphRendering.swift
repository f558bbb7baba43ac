// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// A way to show the shape of a graph, the bodies of loops and maps included.
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
        case .text: TextRendering.render(graph)
        case .mermaid: MermaidRendering.render(graph)
        case .dot: DotRendering.render(graph)
        case .json: JSONRendering.json(of: graph).prettyText + "\n"
        }
    }
}

extension Graph.Edge {
    /// What is written at the edge.
    var label: String? {
        var parts: [String] = []
        if let branchCase { parts.append(branchCase) }
        if let loopExit { parts.append(loopExit.rawValue) }
        if let when { parts.append(when.source) }
        if isFallback { parts.append("else") }
        if let binding { parts.append("\(binding.source) → \(binding.target)") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

extension Graph.Join {
    /// The rule in words.
    var text: String {
        switch self {
        case .all: "all"
        case .any: "any"
        case .done: "done"
        case .quorum(let count): "quorum \(count)"
        }
    }
}

extension Graph.Node {
    /// The graph that the node holds: a body, or a workflow that stands in the document.
    var innerBody: Graph.Body? {
        if let body = kind.body { return body }
        switch kind {
        case .workflow(let child):
            if case .inline(let graph) = child.workflow { return graph.body }
        case .map(let map):
            if case .inline(let graph)? = map.workflow { return graph.body }
        default: break
        }
        return nil
    }

    /// What is said of the node beside its name.
    var kindText: String {
        switch kind {
        case .loop(let loop): "loop, at most \(loop.maxIterations) times"
        case .team(let team):
            team.match == nil ? "\(team.agents.count) agents, \(team.strategy.rawValue)" : "agents by what they can do"
        default: kind.name
        }
    }
}

/// Nodes in the order of a picture: those of one phase, or of one transactional group, stand together.
struct NodeClusters {
    /// A box around nodes.
    struct Cluster {
        /// `nil` for nodes that stand alone.
        let title: String?
        var nodes: [Int]
    }

    let clusters: [Cluster]

    init(_ body: Graph.Body, phases: [Graph.Phase]) {
        var clusters: [Cluster] = []
        var places: [String: Int] = [:]
        for (index, node) in body.nodes.enumerated() {
            guard let title = Self.title(node, phases) else {
                clusters.append(Cluster(title: nil, nodes: [index]))
                continue
            }
            if let place = places[title] {
                clusters[place].nodes.append(index)
            } else {
                places[title] = clusters.count
                clusters.append(Cluster(title: title, nodes: [index]))
            }
        }
        self.clusters = clusters
    }

    private static func title(_ node: Graph.Node, _ phases: [Graph.Phase]) -> String? {
        if let id = node.phase { return "phase " + (phases.first { $0.id == id }?.title ?? id) }
        return node.group.map { "group \($0)" }
    }
}
