// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
public import JSON
internal import Model

/// An output that an agent gets to see (spec 6.4).
public struct ForwardedOutput: Sendable {
    /// How far what is in it can be trusted; the least of all that went into it.
    public enum Trust: String, Sendable, Comparable {
        /// From outside: a program, a service.
        case external
        /// An agent wrote it.
        case agent
        /// A person did, or it was put together from the inputs of the run.
        case user

        private var rank: Int {
            switch self {
            case .external: 0
            case .agent: 1
            case .user: 2
            }
        }

        /// What is trusted less comes first.
        public static func < (left: Trust, right: Trust) -> Bool { left.rank < right.rank }
    }

    /// The id of the node.
    public let node: String
    /// What it gave.
    public let output: JSONValue
    /// How far it can be trusted.
    public let trust: Trust
    /// The node names it in `context.from`; else it is that of a node on which this one depends.
    public let isNamed: Bool

    /// Puts one together.
    public init(node: String, output: JSONValue, trust: Trust, isNamed: Bool) {
        (self.node, self.output, self.trust, self.isNamed) = (node, output, trust, isNamed)
    }
}

extension Assignment {
    /// What an agent gets to see: the outputs of the nodes that `context.from` names, in its order; without it those of the
    /// nodes on which it depends directly, the newest first, but for those that its configuration reads anyway. Whatever is
    /// there has completed, so its checks passed, were skipped, or a person decided about them.
    static func forwarded(_ config: ValueTemplate, to task: TaskRef, in state: RunState) -> [ForwardedOutput] {
        if let named = config.source["context"]?["from"]?.arrayValue {
            return named.compactMap(\.stringValue).compactMap { id in
                guard let node = state.graph.index(of: id), let source = state.visibleTask(node, from: task.scope)
                else {
                    return nil
                }
                return state.forwarded(source, isNamed: true)
            }
        }
        let read = Set(
            config.slots.flatMap(\.expression.references).filter { ["nodes", "ctx"].contains($0.root) }
                .map { $0.path.first ?? "" }
        )
        // Whatever reads all of them by name needs none of them again.
        guard !read.contains("") else { return [] }
        var task = task
        // Agents that work together depend on what their node depends on.
        if let owner = state.scope(task.scope)?.owner, case .team = state.node(owner).kind { task = owner }
        let sources = state.sources(of: task).filter { state[$0].status == .completed }
        var seen: Set<TaskRef> = []
        return sources.filter { seen.insert($0).inserted && !read.contains(state.node($0).id) }
            .sorted { left, right in
                let (first, second) = (state[left].endedAt, state[right].endedAt)
                guard first != second, let first, let second else { return left.node < right.node }
                return first > second
            }
            .compactMap { state.forwarded($0, isNamed: false) }
    }
}

extension RunState {
    fileprivate func forwarded(_ source: TaskRef, isNamed: Bool) -> ForwardedOutput? {
        guard let value = self[source].output?.value, !value.isNull else { return nil }
        var seen: Set<TaskRef> = []
        return ForwardedOutput(node: node(source).id, output: value, trust: trust(source, &seen), isNamed: isNamed)
    }

    /// What computes on data alone is trusted as little as what it computes on.
    private func trust(_ task: TaskRef, _ seen: inout Set<TaskRef>) -> ForwardedOutput.Trust {
        guard seen.insert(task).inserted, seen.count < 1000 else { return .external }
        switch node(task).kind {
        case .agent, .team: return .agent
        case .human: return .user
        case .branch, .join, .transform, .filter, .aggregate:
            return sources(of: task).map { trust($0, &seen) }.min() ?? .user
        default: return .external
        }
    }
}
