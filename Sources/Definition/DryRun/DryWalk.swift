// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Goes through a graph wave by wave.
struct DryWalk {
    let known: KnownValues
    let effects: (String) -> String?

    private var partial: PartialTemplate { PartialTemplate(known: known) }

    func waves(_ body: Graph.Body) -> [[DryRun.Step]] {
        var waves: [[DryRun.Step]] = []
        for (index, node) in body.nodes.enumerated() where !node.isCompensation {
            while waves.count <= node.wave { waves.append([]) }
            waves[node.wave].append(step(index, body))
        }
        return waves
    }

    private func step(_ index: Int, _ body: Graph.Body) -> DryRun.Step {
        let node = body.nodes[index]
        let (target, config) = self.config(of: node.kind)
        return DryRun.Step(
            id: node.id,
            kind: node.kind.type,
            target: target,
            after: node.incoming.map { position in
                let edge = body.edges[position]
                return body.nodes[edge.from].id + (edge.label.map { " (\($0))" } ?? "")
            },
            join: node.join.text,
            condition: node.when.map(partial.text(of:)),
            config: config,
            permissions: permissions(of: node.kind, config),
            allowedPatches: allowedPatches(node.kind, config),
            body: inner(node.kind)
        )
    }

    private func inner(_ kind: Graph.NodeKind) -> [[DryRun.Step]] {
        if let body = kind.body { return waves(body) }
        if case .workflow(let child) = kind, case .inline(let graph) = child.workflow { return waves(graph.body) }
        return []
    }

    // MARK: Configuration

    private func config(of kind: Graph.NodeKind) -> (target: String?, config: JSONValue) {
        let value = { (template: ValueTemplate) in partial.value(of: template.source) }
        switch kind {
        case .agent(let config):
            let config = value(config)
            let names = config["agent"]?.stringValue.map { [$0] } ?? config["agents"]?.arrayValue?.map(\.plainText)
            return (names?.joined(separator: ", "), config)
        case .team(let team):
            guard case .agent(let config)? = team.body.nodes.first?.kind else { return (nil, .null) }
            var object = value(config).objectValue ?? [:]
            (object["agent"], object["team"]) = (nil, nil)
            object["strategy"] = .string(team.strategy.rawValue)
            let names = team.match.map { "whoever can \($0.capabilities.joined(separator: ", "))" }
            return (names ?? team.agents.joined(separator: ", "), .object(object))
        case .tool(let name, let arguments, _): return (name, value(arguments))
        case .http(let config):
            let config = value(config)
            return ("\(config["method"]?.plainText ?? "GET") \(config["url"]?.plainText ?? "")", config)
        case .human(let human): return (nil, self.human(human))
        case .branch(let branch):
            let cases = branch.cases.map { JSONObject.Member(key: $0.name, value: .string(partial.text(of: $0.when))) }
            var object: JSONObject = ["cases": .object(JSONObject(members: cases))]
            if let name = branch.defaultCase { object["default"] = .string(name) }
            return (nil, .object(object))
        case .loop(let loop): return (nil, self.loop(loop))
        case .map(let map):
            let items = value(map.items)
            var object: JSONObject = ["items": items, "max_parallel": .int(Int64(map.maxParallel))]
            if let count = items.arrayValue?.count { object["count"] = .int(Int64(count)) }
            if let inputs = map.inputs { object["inputs"] = value(inputs) }
            return (map.workflow.map(Self.name), .object(object))
        case .join: return (nil, .null)
        case .transform(let template, _): return (nil, value(template))
        case .filter(let items, let predicate, _, _):
            return (nil, ["items": value(items), "where": .string(predicate.source)])
        case .aggregate(let aggregate): return (nil, ["items": value(aggregate.items)])
        case .function(let name, let arguments): return (name, value(arguments))
        case .workflow(let child): return (Self.name(child.workflow), ["inputs": value(child.inputs)])
        case .waitFor(let span): return (nil, ["for": value(span)])
        case .waitUntil(let time): return (nil, ["until": value(time)])
        case .waitSignal(let signal): return (signal.type, .null)
        case .signal(let config): return (value(config)["type"]?.plainText, value(config))
        }
    }

    private func human(_ human: Graph.Human) -> JSONValue {
        var object = JSONObject()
        object["kind"] = .string(human.kind.rawValue)
        object["title"] = partial.value(of: human.title.source)
        object["message"] = partial.value(of: human.message.source)
        if let evidence = human.evidence { object["evidence"] = partial.value(of: evidence.source) }
        object["deadline"] = .string(human.deadline.text)
        object["on_expire"] = .string(human.onExpiry.rawValue)
        return .object(object)
    }

    private func loop(_ loop: Graph.Loop) -> JSONValue {
        var object: JSONObject = ["max_iterations": .int(Int64(loop.maxIterations))]
        switch loop.condition {
        case .while(let condition): object["while"] = .string(condition.source)
        case .until(let condition): object["until"] = .string(condition.source)
        case nil: break
        }
        return .object(object)
    }

    private static func name(_ reference: Graph.WorkflowReference) -> String {
        switch reference {
        case .published(let name, let hash): hash.map { "\(name) \($0)" } ?? name
        case .inline(let graph): graph.name
        }
    }

    // MARK: Permissions

    private func permissions(of kind: Graph.NodeKind, _ config: JSONValue) -> [String] {
        switch kind {
        case .tool(let name, _, _): return [tool(name)]
        case .http:
            let url = config["url"]?.plainText ?? ""
            var result = ["host \(Advisor.host(url) ?? "of \(url)")"]
            if let secret = config["auth"]?["secret"]?.stringValue { result.append("secret \(secret)") }
            return result
        case .human(let human):
            return human.assignees.isEmpty ? ["person owner"] : human.assignees.map { "person \($0)" }
        case .agent, .team: return (config["tools"]?.arrayValue ?? []).map { tool($0.plainText) }
        default: return []
        }
    }

    private func tool(_ name: String) -> String {
        "tool \(name)" + (effects(name).map { " (\($0))" } ?? "")
    }

    private func allowedPatches(_ kind: Graph.NodeKind, _ config: JSONValue) -> JSONValue? {
        guard kind.agentCount > 0, let patches = config["can_patch"], patches != false else { return nil }
        return patches
    }
}

extension JSONValue {
    /// Text as it is, everything else as JSON.
    var plainText: String { stringValue ?? text }
}
