// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What became of the nodes of a graph itself when another graph took its place. Bodies belong to their nodes.
public struct GraphChange: Sendable, Equatable {
    /// Ids that only the new graph has, in its order.
    public let added: [String]
    /// Ids that only the old graph has, in its order.
    public let removed: [String]
    /// Ids of nodes that both have and that differ, in the order of the new one.
    public let changed: [String]

    /// Compares two graphs. `renamed` gives the new id of nodes that have another one now.
    public init(from old: Graph, to new: Graph, renamed: [String: String] = [:]) {
        let before = old.storedNodes(renamed)
        let after = new.storedNodes()
        let known = Set(before.map(\.id))
        let kept = Dictionary(after.map { ($0.id, $0.content) }) { first, _ in first }
        let earlier = Dictionary(before.map { ($0.id, $0.content) }) { first, _ in first }
        added = after.map(\.id).filter { !known.contains($0) }
        removed = zip(old.nodes, before).filter { kept[$1.id] == nil }.map(\.0.id)
        changed = after.filter { node in earlier[node.id].map { $0 != node.content } ?? false }.map(\.id)
    }
}

extension Graph {
    /// Nodes as they are stored, without what follows from the graph around them.
    fileprivate func storedNodes(_ renamed: [String: String] = [:]) -> [(id: String, content: JSONValue)] {
        (json["nodes"]?.arrayValue ?? []).map { stored in
            let id = stored["id"]?.stringValue ?? ""
            var content = Self.withoutPlace(stored)
            if let name = renamed[id], case .object(var object) = content {
                object["id"] = .string(name)
                content = .object(object)
            }
            return (renamed[id] ?? id, content)
        }
    }

    /// Without waves, here and in bodies.
    private static func withoutPlace(_ stored: JSONValue) -> JSONValue {
        guard case .object(var node) = stored else { return stored }
        node["wave"] = nil
        if case .object(var config)? = node["config"], case .object(var body)? = config["body"],
            let nodes = body["nodes"]?.arrayValue
        {
            body["nodes"] = .array(nodes.map(withoutPlace))
            config["body"] = .object(body)
            node["config"] = .object(config)
        }
        return .object(node)
    }

    /// What edges of the graph itself say beside their ends, by position: conditions, cases, ports.
    public var edgeConditions: [JSONValue] {
        (json["edges"]?.arrayValue ?? []).map { stored in
            guard case .object(var edge) = stored else { return stored }
            (edge["from"], edge["to"], edge["fallback"]) = (nil, nil, nil)
            return .object(edge)
        }
    }

    /// How many nodes it has, those of bodies included, and how many of them are agents.
    public var size: (nodes: Int, agents: Int) {
        var result = (nodes: 0, agents: 0)
        var open = [body]
        while let body = open.popLast() {
            result.nodes += body.nodes.count
            for node in body.nodes {
                if case .agent = node.kind { result.agents += 1 }
                if let inner = node.kind.body { open.append(inner) }
            }
        }
        return result
    }

    /// Where a node of the graph itself names the one that undoes it: that one's id.
    public func undoing(_ node: Node) -> String? {
        guard case .node(let position) = node.compensation else { return nil }
        return nodes[position].id
    }
}
