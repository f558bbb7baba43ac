// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model

/// The chain of tasks that a run takes longest for, by what they have taken so far.
public struct CriticalPath: Sendable, Equatable {
    /// One task on it.
    public struct Step: Sendable, Equatable {
        /// The node; a loop or map is one step.
        public let node: String
        /// Where it stands.
        public let status: TaskStatus
        /// From its first attempt, or since it was ready, to its end or to now; zero for what has not begun.
        public let duration: Duration
    }
    /// In the order of the graph.
    public let steps: [Step]

    /// Follows the edges of the graph itself: O(nodes + edges).
    ///
    /// While tasks are open the path ends at one of them, because the run ends with them. Of paths that took equally
    /// long, that with most open tasks counts, then the one that is written first.
    init(_ state: RunState, now: Timestamp) {
        let body = state.graph.bodies[0]
        let tasks = state.root.tasks
        let positions = body.nodes.indices.filter { !state.graph.nodes[body.nodes[$0]].isCompensation }
        let order = positions.sorted {
            (state.graph.nodes[body.nodes[$0]].wave, $0) < (state.graph.nodes[body.nodes[$1]].wave, $1)
        }
        var lengths = [Length](repeating: Length(), count: body.nodes.count)
        var before = [Int?](repeating: nil, count: body.nodes.count)
        for position in order {
            for edge in body.incoming[position] {
                let source = body.edges[edge].from
                if before[position] == nil || lengths[source] > lengths[position] {
                    (lengths[position], before[position]) = (lengths[source], source)
                }
            }
            lengths[position].duration += tasks[position].duration(at: now)
            lengths[position].open += tasks[position].status.isTerminal ? 0 : 1
        }
        let open = positions.filter { !tasks[$0].status.isTerminal }
        let ends = open.isEmpty ? positions : open
        // The first of equals.
        var path = [ends.reduce(ends.first) { best, next in best.map { lengths[next] > lengths[$0] ? next : $0 } }]
            .compactMap(\.self)
        while let first = path.last, let source = before[first] { path.append(source) }
        steps = path.reversed().map { position in
            Step(
                node: state.graph.nodes[body.nodes[position]].id,
                status: tasks[position].status,
                duration: tasks[position].duration(at: now)
            )
        }
    }

    /// How long a path is.
    private struct Length: Comparable {
        var duration = Duration.zero
        var open = 0

        static func < (left: Self, right: Self) -> Bool { (left.duration, left.open) < (right.duration, right.open) }
    }

    /// `[{task, status, duration_ms}]`.
    public var json: JSONValue {
        .array(
            steps.map { step in
                [
                    "task": .string(step.node), "status": .string(step.status.rawValue),
                    "duration_ms": .int(step.duration.milliseconds),
                ]
            }
        )
    }
}

extension RunState.TaskState {
    /// How long it has taken.
    fileprivate func duration(at now: Timestamp) -> Duration {
        guard status != .blocked, let start = startedAt ?? (status.isTerminal ? nil : since) else { return .zero }
        return max(.zero, (endedAt ?? now) - start)
    }
}
