// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// Who carries out the tasks of a run that an executor has to (spec 6.1).
public enum RunExecution: String, Sendable, CaseIterable {
    /// The executors of this program.
    case auto
    /// Whoever claims them from outside.
    case external
    /// Whoever claims those whose node has the label `external`; this program the others.
    case hybrid

    /// Calls of the node wait to be claimed.
    func isExternal(_ node: Graph.Node) -> Bool {
        switch node.kind {
        case .tool, .http, .agent: break
        default: return false
        }
        switch self {
        case .auto: return false
        case .external: return true
        case .hybrid: return node.labels["external"].map { $0 != "false" } ?? false
        }
    }

    /// The first node that nobody could carry out: an agent that is left to this program.
    func agentForNobody(in graph: RunGraph) -> Graph.Node? {
        graph.nodes.first { node in
            switch node.kind {
            case .agent: return !isExternal(node)
            default: return false
            }
        }
    }
}

extension RunExecution: SnapshotValue {}

extension RunState {
    /// The task is not made by an executor of this program: it waits to be claimed, and is worked on outside.
    public func isExternal(_ task: TaskRef) -> Bool {
        execution != .auto && execution.isExternal(node(task))
    }
}
