// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON

/// Suggests to take out nodes that can never run (H704): no edge to them is ever taken, or their condition is false.
struct DeadCode {
    let advisor: Advisor
    let draft: WorkflowDraft
    let body: ResolvedBody

    func suggestions() -> [Suggestion] {
        let unreachable = unreachableNodes
        var result: [Suggestion] = []
        if !unreachable.isEmpty { result.append(removal(of: unreachable)) }
        let skipped = body.nodes.indices.filter { isNever(body.nodes[$0].stored["when"]?.stringValue) }
        result += skipped.filter { !unreachable.contains($0) }.prefix(Advisor.suggestionLimit).map { bypass($0) }
        return result
    }

    private func isNever(_ condition: String?) -> Bool {
        guard let condition, let expression = try? CELExpression(condition), expression.isConstant else { return false }
        return (try? expression.condition(in: EmptyScope())) == false
    }

    /// Nodes that every edge to is dead, whatever happens.
    private var unreachableNodes: [Int] {
        var isDead = [Bool](repeating: false, count: body.nodes.count)
        for node in body.digraph.topologicalOrder() ?? [] {
            let incoming = body.digraph.edges(to: node)
            let open = incoming.count { edge in
                !isDead[body.edges[edge].from] && !isNever(body.edges[edge].when?.source)
            }
            switch body.nodes[node].join {
            case .all, .any: isDead[node] = !incoming.isEmpty && open == 0
            case .quorum(let count): isDead[node] = open < count
            case .done: break
            }
        }
        return body.nodes.indices.filter { isDead[$0] }
    }

    private func removal(of nodes: [Int]) -> Suggestion {
        let dead = Set(nodes)
        var paths = nodes.map { SourcePath.pointer(body.nodes[$0].value.path) }
        for edge in body.edges where dead.contains(edge.from) || dead.contains(edge.to) {
            let path = SourcePath.pointer(edge.value.path)
            // What stands in a node that goes need not be taken out of it.
            if !dead.contains(edge.to) || edge.value.text == nil, !paths.contains(path) { paths.append(path) }
        }
        let patch = Advisor.removing(paths)
        return suggestion(nodes, "never run: no edge that leads to them is ever taken", patch)
    }

    /// What comes after a node that is always skipped depends on what comes before it.
    private func bypass(_ node: Int) -> Suggestion {
        let before = body.digraph.edges(to: node).map { body.edges[$0] }
        let after = body.digraph.edges(from: node).map { body.edges[$0] }
        let isPlain = (before + after).allSatisfy { !$0.isConditional && !$0.bindsPort }
        guard isPlain, body.nodes[node].join == .all, after.allSatisfy({ body.nodes[$0.to].join == .all }) else {
            return suggestion([node], "is always skipped: its condition is false", [])
        }
        var operations: [JSONValue] = []
        for edge in after {
            let path = SourcePath.pointer(body.nodes[edge.to].value.path).appending("depends_on")
            let written = advisor.document[path]?.arrayValue ?? []
            var dependencies = written.filter { $0.stringValue != body.id(node) }
            for source in before.map({ JSONValue.string(body.id($0.from)) }) where !dependencies.contains(source) {
                dependencies.append(source)
            }
            operations.append(["op": "add", "path": .string(path.description), "value": .array(dependencies)])
        }
        let edges = (before + after).filter { $0.value.text == nil }.map { SourcePath.pointer($0.value.path) }
        let removals = Advisor.removing(edges + [SourcePath.pointer(body.nodes[node].value.path)])
        operations += removals.arrayValue ?? []
        return suggestion([node], "is always skipped: its condition is false", .array(operations))
    }

    private func suggestion(_ nodes: [Int], _ reason: String, _ patch: JSONValue) -> Suggestion {
        let ids = nodes.map(body.id)
        let names = ids.prefix(5).map { "`\($0)`" }.joined(separator: ", ") + (ids.count > 5 ? ", …" : "")
        let operations = patch.arrayValue ?? []
        let isUsable = operations.count <= Advisor.operationLimit && advisor.compiles(operations)
        return Suggestion(
            id: "H704:\(ids[0])",
            code: .deadNode,
            title: ids.count == 1 ? "Remove \(names)" : "Remove \(ids.count) nodes that never run",
            description: "\(names) \(reason). Without it the list of tasks is shorter.",
            affectedNodes: ids,
            severity: .hint,
            metrics: .init(),
            isAutoApplySafe: false,
            patch: isUsable ? patch : []
        )
    }
}
