// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore

/// Puts tasks that write the same paths in an order, or refuses them (spec 9.3).
struct WriteOrder {
    let draft: PlanDraft
    let sink: DiagnosticSink

    /// An order that is not written in the plan.
    struct Step {
        let task: Int
        /// The pattern of the later task.
        let value: SourceValue
    }

    /// How many pairs of letters are compared before paths are taken to overlap.
    private static let workLimit = 20_000_000

    /// For each task those that must run before it because of what they write. The tasks have no cycle.
    func steps() -> [[Step]] {
        let tasks = draft.tasks
        let edges = tasks.enumerated().flatMap { index, task in
            task.dependencies.map { Digraph.Edge(from: $0.task, to: index) }
        }
        var result = [[Step]](repeating: [], count: tasks.count)
        guard let waves = Digraph(nodeCount: tasks.count, edges: edges).waves() else { return result }
        let patterns = tasks.map { $0.writes.map(PathPattern.init) }
        let order = tasks.indices.sorted { (waves[$0], $0) < (waves[$1], $1) }
        var ancestors = [Set<Int>](repeating: [], count: tasks.count)
        var work = Self.workLimit
        for (place, task) in order.enumerated() {
            for (before, _) in tasks[task].dependencies { ancestors[task].formUnion(ancestors[before].union([before])) }
            guard !patterns[task].isEmpty else { continue }
            // Every order leads forward, so that none closes a cycle; the latest first, so that few are needed.
            for before in order[..<place].reversed() where !ancestors[task].contains(before) {
                guard let pair = overlap(patterns[before], patterns[task], &work) else { continue }
                let value = location(task, pair.later)
                if draft.serializes {
                    result[task].append(Step(task: before, value: value))
                    ancestors[task].formUnion(ancestors[before].union([before]))
                } else {
                    report(before, pair.earlier, task, value)
                }
            }
        }
        return result
    }

    private func overlap(_ earlier: [PathPattern], _ later: [PathPattern], _ work: inout Int) -> (
        earlier: Int, later: Int
    )? {
        for (i, first) in earlier.enumerated() {
            for (j, second) in later.enumerated() where first.overlaps(second, work: &work) { return (i, j) }
        }
        return nil
    }

    /// Where a pattern of a task stands.
    private func location(_ task: Int, _ pattern: Int) -> SourceValue {
        let value = draft.tasks[task].value
        let items = value.member("writes")?.items ?? []
        return items.indices.contains(pattern) ? items[pattern] : value
    }

    private func report(_ earlier: Int, _ pattern: Int, _ later: Int, _ value: SourceValue) {
        let (first, second) = (draft.tasks[earlier].key, draft.tasks[later].key)
        let other = location(earlier, pattern)
        sink.report(
            .overlappingWrites,
            at: value,
            "`\(first)` and `\(second)` may run at the same time and both write `\(value.text ?? "")`; let one depend on "
                + "the other, or set `serialize: true`",
            related: [DiagnosticSink.related(other, "`\(first)` writes `\(other.text ?? "")`")]
        )
    }
}
