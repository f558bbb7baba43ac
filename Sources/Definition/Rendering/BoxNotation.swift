// Baton
// SPDX-License-Identifier: Apache-2.0

/// A notation that draws bodies, phases and groups as boxes around their nodes.
protocol BoxNotation {
    /// Ends a box.
    static var end: String { get }
    /// Begins the box of a phase or group.
    static func box(_ title: String, _ name: String, _ indent: String) -> [String]
    /// Begins the box of a node with a body, the node itself included.
    static func box(_ node: Graph.Node, _ name: String, _ indent: String) -> [String]
    /// A node without a body.
    static func line(_ node: Graph.Node, _ name: String) -> String
    static func edge(_ from: String, _ to: String, _ label: String?) -> String
}

extension BoxNotation {
    /// - Parameter prefix: Of the names of nodes, so that those of bodies differ.
    static func lines(
        _ body: Graph.Body,
        phases: [Graph.Phase],
        prefix: String = "n",
        indent: String = "  "
    ) -> [String] {
        var lines: [String] = []
        for (number, cluster) in NodeClusters(body, phases: phases).clusters.enumerated() {
            let inner = cluster.title == nil ? indent : indent + "  "
            if let title = cluster.title { lines += box(title, "\(prefix)c\(number)", indent) }
            for node in cluster.nodes { lines += self.lines(body.nodes[node], "\(prefix)\(node)", inner) }
            if cluster.title != nil { lines.append(indent + end) }
        }
        lines += body.edges.map { indent + edge("\(prefix)\($0.from)", "\(prefix)\($0.to)", $0.label) }
        return lines
    }

    private static func lines(_ node: Graph.Node, _ name: String, _ indent: String) -> [String] {
        guard let inner = node.innerBody else { return [indent + line(node, name)] }
        return box(node, name, indent) + lines(inner, phases: [], prefix: "\(name)_", indent: indent + "  ")
            + [indent + end]
    }
}
