// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Finds what a patch may not do to a run: touch what has started, add too much, or change what its author may not.
struct PatchGuards {
    let patch: JSONPatch
    let old: JSONValue
    let new: JSONValue
    let progress: RunPatch.Progress
    let limits: RunPatch.Limits

    func findings(_ author: RunPatch.Author) -> [Diagnostic] {
        var found = RunPatch.findings(touched, started: progress.started) + counts(author) + fixed()
        if case .agent(let rights) = author { found += permissions(rights) }
        return found
    }

    // MARK: What has started

    /// Nodes of the old document that are not as they were, with a sentence for when they have started.
    var touched: [String: String] {
        let (before, after) = (Self.nodes(old), Self.nodes(new))
        var result: [String: String] = [:]
        for (id, node) in before {
            if after[id] == nil {
                result[id] = "node `\(id)` has started and cannot be removed"
            } else if after[id] != node {
                result[id] = "node `\(id)` has started and cannot be changed"
            } else if Self.edges(to: id, old) != Self.edges(to: id, new) {
                result[id] = "node `\(id)` has started, so the edges that lead to it cannot change"
            }
        }
        return result
    }

    /// What makes a run the run that it is.
    private static let fixedKeys = [
        "kind", "workflow", "workstack", "plan", "metadata", "inputs", "concurrency", "deadline", "budget",
        "patch_review",
    ]
    /// How those are changed that may be.
    private static let otherWays = ["budget": "; `baton budget set` gives it another one"]

    private func fixed() -> [Diagnostic] {
        Self.fixedKeys.filter { old[$0] != new[$0] }
            .map { key in
                let way = Self.otherWays[key] ?? ""
                return .patch(.patchForbidden, "a run keeps the `\(key)` that it started with\(way)")
            }
    }

    private static func nodes(_ document: JSONValue) -> [String: JSONValue] {
        let nodes = document["nodes"]?.arrayValue ?? []
        return Dictionary(nodes.map { ($0["id"]?.stringValue ?? "", $0) }) { first, _ in first }
    }

    private static func edges(to id: String, _ document: JSONValue) -> Set<JSONValue> {
        Set(
            (document["edges"]?.arrayValue ?? []).filter { edge in
                edge["to"]?.stringValue?.split(separator: ".").first.map(String.init) == id
            }
        )
    }

    // MARK: Caps

    /// What it adds, bodies of old nodes that grow included.
    var added: (nodes: Int, agents: Int) {
        let before = Self.nodes(old)
        return Self.nodes(new).reduce(into: (nodes: 0, agents: 0)) { sum, entry in
            let now = Self.size(of: entry.value)
            let was = before[entry.key].map { Self.size(of: $0) } ?? (nodes: 0, agents: 0)
            sum.nodes += max(0, now.nodes - was.nodes)
            sum.agents += max(0, now.agents - was.agents)
        }
    }

    /// A node and those of its body.
    private static func size(of node: JSONValue) -> (nodes: Int, agents: Int) {
        let type = node["type"]?.stringValue.flatMap(NodeType.init(spelling:))
        let config = node["config"]
        var result = (nodes: 1, agents: type == .agent ? Graph.Team.size(of: config) : 0)
        for inner in (config?["body"]?["nodes"] ?? config?["nodes"])?.arrayValue ?? [] {
            let size = size(of: inner)
            result.nodes += size.nodes
            result.agents += size.agents
        }
        return result
    }

    private func counts(_ author: RunPatch.Author) -> [Diagnostic] {
        let (nodes, agents) = added
        var found: [Diagnostic] = []
        var ofPatch = limits.agentNodesOfPatch
        if case .agent(let rights) = author { ofPatch = min(ofPatch, rights.maxAgentNodes) }
        if agents > ofPatch {
            found.append(
                .patch(.patchAgentLimit, "the patch adds \(agents) agent nodes; at most \(ofPatch) are allowed")
            )
        }
        let all = progress.addedAgentNodes + agents
        if all > limits.addedAgentNodes {
            let message =
                "patches would have added \(all) agent nodes to the run; at most \(limits.addedAgentNodes) are allowed"
            found.append(.patch(.patchAgentLimit, message))
        }
        if let cap = new["limits"]?["max_agent_nodes"]?.intValue, agents > 0 {
            let total = Self.nodes(new).values.reduce(0) { $0 + Self.size(of: $1).agents }
            if total > cap {
                let message = "the graph would have \(total) agent nodes; `limits.max_agent_nodes` allows \(cap)"
                found.append(.patch(.patchAgentLimit, message))
            }
        }
        if agents > 0, progress.spawnDepth >= limits.spawnDepth {
            let message = "agents that were added by patches may add others only \(limits.spawnDepth) levels deep"
            found.append(.patch(.patchAgentLimit, message))
        }
        if progress.patches >= limits.patches {
            found.append(.patch(.patchForbidden, "a run takes at most \(limits.patches) patches"))
        }
        let allNodes = progress.addedNodes + nodes
        if allNodes > limits.addedNodes {
            let message =
                "patches would have added \(allNodes) nodes to the run; at most \(limits.addedNodes) are allowed"
            found.append(.patch(.patchForbidden, message))
        }
        return found
    }

    // MARK: What agents may not do

    /// Keys by which an agent would give itself or others more than they have.
    private static let powers = ["limits", "budget", "concurrency", "deadline", "on_failure"]
    private static let nodePowers = ["budget", "verify", "timeout", "total_timeout"]
    private static let configPowers = ["profile", "can_patch", "approve_tools", "auth", "repository"]

    private func permissions(_ rights: RunPatch.Rights) -> [Diagnostic] {
        var found: [Diagnostic] = []
        for (index, operation) in patch.operations.enumerated() {
            if let allowed = rights.operations, !allowed.contains(operation.name) {
                let message = "the agent may not use the operation `\(operation.name)`"
                found.append(.patch(.patchForbidden, message, operation: index))
            }
            if let paths = rights.paths, !paths.contains(where: { Self.covers($0, operation.path) }) {
                let message = "the agent may not touch `\(operation.path)`"
                found.append(.patch(.patchForbidden, message, operation: index))
            }
        }
        for key in Self.powers where old[key] != new[key] {
            found.append(.patch(.patchForbidden, "agents may not change `\(key)`"))
        }
        let before = Self.nodes(old)
        for (id, node) in Self.nodes(new).sorted(by: { $0.key < $1.key }) {
            let was = before[id]
            if let was {
                for key in Self.nodePowers where was[key] != node[key] {
                    found.append(.patch(.patchForbidden, "agents may not change `\(key)` of node `\(id)`"))
                }
            }
            for key in Self.configPowers where was?["config"]?[key] != node["config"]?[key] {
                found.append(.patch(.patchForbidden, "agents may not set `\(key)` of node `\(id)`"))
            }
        }
        return found
    }

    /// A pattern covers the path itself and everything below it.
    private static func covers(_ pattern: String, _ path: JSONPointer) -> Bool {
        let steps = pattern.split(separator: "/", omittingEmptySubsequences: true)
        guard steps.count <= path.tokens.count else { return false }
        return zip(steps, path.tokens).allSatisfy { $0 == "*" || $0 == $1 }
    }
}
