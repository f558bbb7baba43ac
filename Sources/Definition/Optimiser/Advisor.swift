// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON

/// Looks for suggestions in a document that compiles.
struct Advisor {
    let compiler: Compiler
    let graph: Graph
    /// As it was written.
    let document: JSONValue
    let history: History

    /// Patches of one suggestion have at most so many operations (spec 4.2, E507).
    static let operationLimit = 100
    /// Of one kind; a person reads them.
    static let suggestionLimit = 50

    func advice(_ draft: WorkflowDraft, _ body: ResolvedBody, _ result: CompileResult) -> Advice {
        let bodies = Self.all(body)
        let constants = constants(draft, bodies)
        let edges = impliedEdges(bodies)
        // Places in other kinds of documents are not those of nodes and edges.
        var suggestions: [Suggestion] = []
        if graph.documentKind == .workflow {
            suggestions += suggestion(constants: constants.operations, constants.nodes)
            suggestions += suggestion(edges: edges)
            let dead = DeadCode(advisor: self, draft: draft, body: body)
            suggestions += dead.suggestions()
            suggestions += sharedHosts(bodies)
            suggestions += parallelNodes(body)
            suggestions += caches(bodies) + tiers(bodies)
        }
        let absorbed = bodies.reduce(0) { $0 + $1.nodes.count { Self.isAbsorbed($0.type) } }
        let applied: [Advice.Applied] = [
            .init(code: .foldedConstant, title: "expressions without variables replaced", count: constants.count),
            .init(code: .reducedEdge, title: "implied edges dropped", count: edges.count),
            .init(code: .absorbedNode, title: "nodes evaluated in the commit of their source", count: absorbed),
        ]
        return Advice(result: result, applied: applied, suggestions: suggestions)
    }

    private static func isAbsorbed(_ type: NodeType) -> Bool {
        [.branch, .join, .transform, .filter, .aggregate].contains(type)
    }

    /// A body and all bodies in it.
    private static func all(_ body: ResolvedBody) -> [ResolvedBody] {
        [body] + body.inner.sorted { $0.key < $1.key }.flatMap { all($0.value) }
    }

    // MARK: H701

    private struct Constants {
        var operations: [JSONValue] = []
        var nodes: [String] = []
        var count = 0
    }

    private func constants(_ draft: WorkflowDraft, _ bodies: [ResolvedBody]) -> Constants {
        var found = Constants()
        var seen: Set<String> = []
        add(draft.outputUses, nil, &found, &seen)
        for body in bodies {
            for node in body.nodes { add(node.uses, node.id, &found, &seen) }
            for edge in body.edges { add(edge.uses, nil, &found, &seen) }
            add(body.draft.outputUses, nil, &found, &seen)
        }
        return found
    }

    private func add(_ uses: [ExpressionUse], _ node: String?, _ found: inout Constants, _ seen: inout Set<String>) {
        for use in uses where use.expression.isConstant && !use.isRewritten {
            let place = use.position(0).value
            guard case .text(let text) = place.node.content else { continue }
            let pointer = SourcePath.pointer(place.path).description
            guard seen.insert(pointer).inserted else { continue }
            var folding = ConstantFolding()
            let value: JSONValue?
            if use.isCondition || use.offset == 0 {
                value = use.isCondition ? folding.condition(use.expression.source).map { .bool($0 == "true") } : nil
            } else {
                value = folding.folded(text)
            }
            guard let value else { continue }
            found.count += folding.count
            found.operations.append(["op": "replace", "path": .string(pointer), "value": value])
            if let node, found.nodes.last != node { found.nodes.append(node) }
        }
    }

    private func suggestion(constants operations: [JSONValue], _ nodes: [String]) -> [Suggestion] {
        guard !operations.isEmpty else { return [] }
        let shown = Array(operations.prefix(Self.operationLimit))
        return [
            Suggestion(
                id: "H701",
                code: .foldedConstant,
                title: "Write constants as values",
                description:
                    "\(shown.count) expressions read no variable. They are evaluated when the document is compiled; as "
                    + "plain values they are easier to read.",
                affectedNodes: nodes,
                severity: .hint,
                metrics: .init(),
                isAutoApplySafe: true,
                patch: .array(shown)
            )
        ]
    }

    // MARK: H702

    private func impliedEdges(_ bodies: [ResolvedBody]) -> [(edge: ResolvedBody.Edge, target: String)] {
        bodies.flatMap { body in
            TransitiveReduction.redundantEdges(of: LoweredBody(body)).map {
                (body.edges[$0], body.id(body.edges[$0].to))
            }
        }
    }

    private func suggestion(edges: [(edge: ResolvedBody.Edge, target: String)]) -> [Suggestion] {
        // A dependency that a `back_to` loop took over may stand twice.
        var paths: [JSONPointer] = []
        for edge in edges.prefix(Self.operationLimit) {
            let pointer = SourcePath.pointer(edge.edge.value.path)
            if document[pointer] != nil, !paths.contains(pointer) { paths.append(pointer) }
        }
        guard !paths.isEmpty else { return [] }
        return [
            Suggestion(
                id: "H702",
                code: .reducedEdge,
                title: "Remove implied edges",
                description:
                    "\(paths.count) edges only say what longer ways say already. The graph is run without them; without "
                    + "them it is easier to read.",
                affectedNodes: Self.unique(edges.prefix(Self.operationLimit).map(\.target)),
                severity: .hint,
                metrics: .init(),
                isAutoApplySafe: true,
                patch: Self.removing(paths)
            )
        ]
    }

    /// Takes places out from the last to the first, so that none moves before its turn.
    static func removing(_ paths: [JSONPointer]) -> JSONValue {
        let sorted = paths.sorted { left, right in
            for (one, other) in zip(left.tokens, right.tokens) where one != other {
                if let first = Int(one), let second = Int(other) { return first > second }
                return one > other
            }
            return left.tokens.count > right.tokens.count
        }
        return .array(sorted.map { ["op": "remove", "path": .string($0.description)] })
    }

    static func unique(_ ids: [String]) -> [String] {
        var seen: Set<String> = []
        return ids.filter { seen.insert($0).inserted }
    }
}
