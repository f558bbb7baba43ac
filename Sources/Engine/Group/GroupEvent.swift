// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// What happens to a transactional group (spec 3.10).
public enum GroupEvent: Sendable, Equatable {
    /// Every member ended well: what they gave is there for others.
    case completed(GroupRef)
    /// A member failed, and the others are undone: now the failure is there for others.
    case failed(GroupRef)

    /// Which group.
    public var group: GroupRef {
        switch self {
        case .completed(let group), .failed(let group): group
        }
    }
}

/// How far a transactional group is.
struct GroupProgress: Sendable, Equatable {
    enum Status: String, Sendable {
        /// Not every member ended.
        case open
        /// A member failed, and the others are being undone.
        case rollingBack
        case completed
        case failed
    }
    var status = Status.open
    /// Edges that lead out of it, while it is open.
    var held: [HeldEdges] = []

    /// Others may see how it ended.
    var isOver: Bool { status == .completed || status == .failed }
}

extension RunState {
    mutating func fold(_ event: GroupEvent) {
        let group = event.group
        let held = self.group(group).held
        switch event {
        case .completed:
            setGroup(group) { $0 = GroupProgress(status: .completed) }
            for edges in held { route(edges.task, dead: edges.dead, otherwise: edges.otherwise) }
        case .failed:
            setGroup(group) { $0 = GroupProgress(status: .failed) }
            endRollbacks { $0 == .group(group) }
            for edges in held { route(edges.task, dead: edges.dead, otherwise: .broken) }
        }
    }

    /// How far a group is.
    func group(_ group: GroupRef) -> GroupProgress {
        scope(group.scope)?.groups[group.name] ?? GroupProgress()
    }

    mutating func setGroup(_ group: GroupRef, _ change: (inout GroupProgress) -> Void) {
        _ = withScope(group.scope) { change(&$0.groups[group.name, default: GroupProgress()]) }
    }

    /// The group that a task belongs to.
    func groupRef(of task: TaskRef) -> GroupRef? {
        let node = graph.nodes[task.node]
        guard let name = node.group, !node.isCompensation else { return nil }
        return GroupRef(scope: task.scope, name: name)
    }

    /// Its tasks, in written order.
    func members(of group: GroupRef) -> [TaskRef] {
        body(of: group.scope).nodes.map { TaskRef(scope: group.scope, node: $0) }
            .filter { groupRef(of: $0) == group }
    }

    /// The group of a task that ended, while others may not see that it did.
    func openGroup(of task: TaskRef) -> GroupRef? {
        guard let group = groupRef(of: task), !self.group(group).isOver else { return nil }
        return group
    }
}
