// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON
import Model

/// Suggestions that only a person can judge: shared connections, parallel work, caches, smaller tiers.
extension Advisor {
    // MARK: H705

    /// Independent GETs to one host. The HTTP client keeps connections open between requests by itself, so there is
    /// nothing to patch; the requests themselves can only be saved by asking for more at a time.
    func sharedHosts(_ bodies: [ResolvedBody]) -> [Suggestion] {
        var result: [Suggestion] = []
        for body in bodies {
            var groups: [Place: [Int]] = [:]
            let waves = body.digraph.waves() ?? []
            for (index, node) in body.nodes.enumerated() where node.type == .http && node.isRead {
                guard let url = node.stored["config"]?["url"]?.stringValue, let host = Self.host(url) else { continue }
                // Nodes of one wave never depend on each other.
                groups[Place(host: host, wave: waves[index]), default: []].append(index)
            }
            for (place, nodes) in groups.sorted(by: { ($0.value[0]) < ($1.value[0]) }) where nodes.count > 1 {
                let ids = nodes.map(body.id)
                result.append(
                    Suggestion(
                        id: "H705:\(ids[0])",
                        code: .sharedConnection,
                        title: "\(nodes.count) GETs to \(place.host) at the same time",
                        description:
                            "These nodes ask one host independently of each other. If it can answer several questions "
                            + "in one request, one node saves \(nodes.count - 1) of them.",
                        affectedNodes: ids,
                        severity: .hint,
                        metrics: .init(requests: nodes.count - 1),
                        isAutoApplySafe: false,
                        patch: []
                    )
                )
            }
        }
        return Array(result.prefix(Self.suggestionLimit))
    }

    private struct Place: Hashable {
        let host: String
        let wave: Int
    }

    /// The host and port of a URL in which they are literal.
    static func host(_ url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return host.isEmpty || url[..<rest.startIndex].contains("$") || authority.contains("$")
            ? nil : host.lowercased()
    }

    // MARK: H706

    /// Edges between nodes of which one only reads and neither looks at the other.
    func parallelNodes(_ body: ResolvedBody) -> [Suggestion] {
        let lowered = LoweredBody(body)
        let implied = Set(TransitiveReduction.redundantEdges(of: lowered))
        var result: [Suggestion] = []
        for (position, edge) in lowered.edges.enumerated() where result.count < Self.suggestionLimit {
            let (source, target) = (body.nodes[edge.from], body.nodes[edge.to])
            guard edge.isPlain, !implied.contains(position), lowered.joins[edge.to] == .all,
                Self.takesTime(source.type), Self.takesTime(target.type), target.type != .agent,
                source.isRead || target.isRead, !Self.reads(target, source)
            else { continue }
            guard let patch = parallelPatch(body, lowered, position) else { continue }
            result.append(parallel(source.id, target.id, patch))
        }
        return result
    }

    private func parallel(_ source: String, _ target: String, _ patch: JSONValue) -> Suggestion {
        var saved: Int?
        if let first = history.nodes[source]?.milliseconds, let second = history.nodes[target]?.milliseconds {
            saved = Int(min(first.median, second.median))
        }
        return Suggestion(
            id: "H706:\(source):\(target)",
            code: .parallelNodes,
            title: "Run `\(source)` and `\(target)` at the same time",
            description:
                "`\(target)` waits for `\(source)` but reads nothing of it, and one of them only reads. Unless the "
                + "order matters outside of the workflow, they can run in parallel.",
            affectedNodes: [source, target],
            severity: .hint,
            metrics: .init(milliseconds: saved),
            isAutoApplySafe: false,
            patch: patch
        )
    }

    private static func takesTime(_ type: NodeType) -> Bool {
        [.agent, .tool, .http, .function, .workflow, .map, .loop].contains(type)
    }

    private static func reads(_ node: NodeDraft, _ source: NodeDraft) -> Bool {
        node.uses.contains { use in
            use.expression.references.contains { reference in
                switch reference.root {
                case "nodes", "ctx": reference.path.first.map { $0 == source.id || $0 == source.id + ":output" } ?? true
                case "vars": source.storeAs != nil && (reference.path.first.map { $0 == source.storeAs } ?? true)
                case "phases": true
                default: false
                }
            }
        } || node.body.map { $0.nodes.contains { reads($0, source) } } ?? false
    }

    /// The target takes over what the source depends on; `nil` when the document would not compile any more.
    private func parallelPatch(_ body: ResolvedBody, _ lowered: LoweredBody, _ position: Int) -> JSONValue? {
        let edge = body.edges[position]
        let before = body.digraph.edges(to: edge.from)
        guard before.allSatisfy({ lowered.edges[$0].isPlain }) else { return nil }
        let path = SourcePath.pointer(body.nodes[edge.to].value.path).appending("depends_on")
        let written = document[path]?.arrayValue ?? []
        var dependencies = written.filter { $0.stringValue != body.id(edge.from) }
        for source in before.map({ body.id(body.edges[$0].from) }) where !dependencies.contains(.string(source)) {
            let isEdge = body.digraph.edges(to: edge.to).contains { body.id(body.edges[$0].from) == source }
            if !isEdge { dependencies.append(.string(source)) }
        }
        var operations: [JSONValue] = []
        if edge.value.text == nil {
            let place = SourcePath.pointer(edge.value.path)
            operations.append(["op": "remove", "path": .string(place.description)])
        }
        if dependencies != written {
            operations.append(["op": "add", "path": .string(path.description), "value": .array(dependencies)])
        }
        return compiles(operations) ? .array(operations) : nil
    }

    /// Whether the document can be used after a patch.
    func compiles(_ operations: [JSONValue]) -> Bool {
        guard let patch = try? JSONPatch(.array(operations)), let changed = try? patch.apply(to: document) else {
            return false
        }
        return compiler.compile(text: changed.bytes(), fileName: "patched.json").graph != nil
    }

    // MARK: H707, H708

    /// Agents and GETs that get the same inputs again and again.
    func caches(_ bodies: [ResolvedBody]) -> [Suggestion] {
        var result: [Suggestion] = []
        for node in bodies.flatMap(\.nodes) where result.count < Self.suggestionLimit {
            guard let past = history.nodes[node.id], past.executions >= Self.leastExecutions,
                past.repeatedInputs >= Self.worthwhileRepetition, node.stored["cache"] == nil,
                node.type == .agent || node.type == .http && node.isRead
            else { continue }
            let path = SourcePath.pointer(node.value.path).appending("cache").description
            result.append(
                Suggestion(
                    id: "H707:\(node.id)",
                    code: .cacheableNode,
                    title: "Cache the results of `\(node.id)`",
                    description:
                        "\(Int(past.repeatedInputs * 100)) % of its last \(past.executions) executions had inputs that "
                        + "had been seen before. With a cache an old result is used for an hour.",
                    affectedNodes: [node.id],
                    severity: .hint,
                    metrics: Self.saving(past.repeatedInputs, of: past, isRequest: node.type == .http),
                    isAutoApplySafe: false,
                    patch: [["op": "add", "path": .string(path), "value": ["ttl": "1h"]]]
                )
            )
        }
        return result
    }

    private static let leastExecutions = 5
    private static let worthwhileRepetition = 0.3
    private static let sufficientPassRate = 0.95
    /// Smaller first.
    private static let tiers = ["local", "small", "medium", "large"]

    private static func saving(_ share: Double, of past: History.Node, isRequest: Bool) -> Suggestion.Metrics {
        .init(
            milliseconds: past.milliseconds.map { Int($0.median * share) },
            requests: isRequest ? 1 : nil,
            llmTokens: past.llmTokens.map { Int($0.median * share) },
            usd: past.usd.map { Money(picodollars: Int64($0.median * share * 1e12)) }
        )
    }

    /// Agents whose output passes its checks on a smaller tier too.
    func tiers(_ bodies: [ResolvedBody]) -> [Suggestion] {
        bodies.flatMap(\.nodes).compactMap { node -> Suggestion? in
            guard node.type == .agent, let tier = node.stored["config"]?["tier"]?.stringValue,
                let current = Self.tiers.firstIndex(of: tier), let past = history.nodes[node.id],
                past.executions >= Self.leastExecutions,
                let smaller = Self.tiers[..<current].first(where: {
                    past.passRates[$0].map { $0 >= Self.sufficientPassRate } ?? false
                })
            else { return nil }
            let path = SourcePath.pointer(node.value.path).appending("config").appending("tier").description
            return Suggestion(
                id: "H708:\(node.id)",
                code: .smallerTier,
                title: "Run `\(node.id)` on tier \(smaller)",
                description:
                    "Its output passed its checks in \(Int((past.passRates[smaller] ?? 0) * 100)) % of the executions "
                    + "on tier `\(smaller)`; it runs on `\(tier)`.",
                affectedNodes: [node.id],
                severity: .hint,
                metrics: .init(),
                isAutoApplySafe: false,
                patch: [["op": "replace", "path": .string(path), "value": .string(smaller)]]
            )
        }.prefix(Self.suggestionLimit).map { $0 }
    }
}
