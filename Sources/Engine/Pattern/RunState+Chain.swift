// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// What a run did as a chain (spec 9.14). Pure: the state of a run says it.
extension RunState {
    /// The longest chain that is one.
    static let chainLimit = 20

    /// The agents and tools of a run that ended well, in order, 2 to 20 of them; `nil` when they are no chain.
    ///
    /// They are one when each comes after the one before it, all that began ended well, and beside them there are only
    /// nodes that work on data: whoever repeats the chain does all that the run did. Runs that another one started, and
    /// those made from others, have none.
    var chain: [PatternStep]? {
        guard status == .completed, parent == nil, derivation == nil, !compensations.isRollingBack else { return nil }
        let body = graph.bodies[0]
        var found: [(position: Int, steps: [PatternStep])] = []
        var count = 0
        for (position, node) in body.nodes.enumerated() {
            switch root.tasks[position].status {
            case .skipped: continue
            case .completed: break
            // What undoes something has not begun.
            case .blocked where graph.nodes[node].isCompensation: continue
            default: return nil
            }
            guard let steps = steps(of: TaskRef(node: node)) else { return nil }
            guard !steps.isEmpty else { continue }
            count += steps.count
            guard count <= Self.chainLimit else { return nil }
            found.append((position, steps))
        }
        return count >= 2 ? ordered(found, in: body) : nil
    }

    /// What one task comes to; empty for one that works on data, `nil` for one that keeps a run from being a chain.
    private func steps(of task: TaskRef) -> [PatternStep]? {
        let kind = node(task).kind
        switch kind {
        case .tool(let name, _, _): return [PatternStep(.tool, name)]
        case .agent(let config):
            return Self.constant("agent", of: config).map { [Self.agent($0, config)] }
        case .team(let team):
            let agents = team.match == nil ? team.agents : Self.names(infos[task]?["agents"])
            guard team.strategy.isInOrder || agents.count == 1, !agents.isEmpty,
                case .agent(let config)? = team.body.nodes.first?.kind
            else { return nil }
            return agents.map { Self.agent($0, config) }
        case .function: return []
        default: return kind.isAbsorbed ? [] : nil
        }
    }

    private static func agent(_ name: String, _ config: ValueTemplate) -> PatternStep {
        PatternStep(.agent, name, operation: constant("operation", of: config))
    }

    /// A text that is in a configuration as it is.
    private static func constant(_ key: String, of config: ValueTemplate) -> String? {
        config.source[key]?.stringValue.flatMap { $0.contains("$") || $0.isEmpty ? nil : $0 }
    }

    private static func names(_ list: JSONValue?) -> [String] { (list?.arrayValue ?? []).compactMap(\.stringValue) }

    /// The steps in the order of their dependencies; `nil` when two of them could have changed places: they all follow one
    /// another exactly when one way through the graph meets them all.
    private func ordered(
        _ found: [(position: Int, steps: [PatternStep])],
        in body: RunGraph.Body
    ) -> [PatternStep]? {
        let marked = Set(found.map(\.position))
        // How many marked nodes the longest way up to and with a node meets. Edges lead to higher waves.
        var longest = Array(repeating: 0, count: body.nodes.count)
        let waves = body.nodes.map { graph.nodes[$0].wave }
        for position in body.nodes.indices.sorted(by: { (waves[$0], $0) < (waves[$1], $1) }) {
            let before = body.incoming[position].map { longest[body.edges[$0].from] }.max() ?? 0
            longest[position] = before + (marked.contains(position) ? 1 : 0)
        }
        let order = found.sorted { longest[$0.position] < longest[$1.position] }
        guard order.indices.allSatisfy({ longest[order[$0].position] == $0 + 1 }) else { return nil }
        return order.flatMap(\.steps)
    }
}
