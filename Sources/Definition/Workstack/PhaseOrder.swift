// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore

/// Finds out which phases each phase waits for (spec 3.3).
struct PhaseOrder {
    let phases: [WorkstackPhase]
    /// `order: graph`.
    let isGraph: Bool
    /// Ids of phases that may start together.
    let parallel: Set<String>
    let sink: DiagnosticSink

    /// A phase that another one waits for.
    struct Dependency {
        let phase: Int
        /// Where it is written, or the phase that waits when it is not.
        let value: SourceValue
    }

    /// For each phase what it waits for; something is reported when they cannot all run.
    func dependencies() -> [[Dependency]] {
        let positions = Dictionary(phases.enumerated().map { ($1.id, $0) }) { first, _ in first }
        var result: [[Dependency]] = []
        for index in phases.indices {
            if let written = phases[index].dependencies {
                result.append(resolve(written, of: index, positions))
            } else if isGraph || index == 0 {
                result.append([])
            } else if startsTogether(index) {
                result.append(result[index - 1].filter { $0.phase != index })
            } else {
                result.append(before(index).map { Dependency(phase: $0, value: phases[index].idValue) })
            }
        }
        checkCycle(result)
        return result
    }

    private func resolve(
        _ written: [(id: String, value: SourceValue)],
        of index: Int,
        _ positions: [String: Int]
    ) -> [Dependency] {
        var seen: Set<Int> = []
        return written.compactMap { id, value in
            guard let phase = positions[id] else {
                let suggestion = sink.suggestion(for: id, among: phases.lazy.map(\.id))
                sink.report(.unknownNode, at: value, "there is no phase `\(id)`\(suggestion)")
                return nil
            }
            guard phase != index else {
                sink.report(.selfDependency, at: value, "phase `\(id)` depends on itself")
                return nil
            }
            guard seen.insert(phase).inserted else {
                sink.report(.impliedEdge, at: value, "`\(id)` is written twice; one of them is enough")
                return nil
            }
            return Dependency(phase: phase, value: value)
        }
    }

    /// Both this phase and the one written before it may start together with others.
    private func startsTogether(_ index: Int) -> Bool {
        parallel.contains(phases[index].id) && parallel.contains(phases[index - 1].id)
    }

    /// The phase written before, with those that start together with it.
    private func before(_ index: Int) -> [Int] {
        var first = index - 1
        while first > 0, startsTogether(first) { first -= 1 }
        return Array(first..<index)
    }

    private func checkCycle(_ dependencies: [[Dependency]]) {
        let edges = dependencies.enumerated().flatMap { index, list in
            list.map { Digraph.Edge(from: $0.phase, to: index) }
        }
        guard let cycle = Digraph(nodeCount: phases.count, edges: edges).shortestCycle(), let first = cycle.first else {
            return
        }
        let steps = zip(cycle, cycle.dropFirst() + [first]).compactMap { from, to in
            dependencies[to].first { $0.phase == from }.map { (from: from, to: to, value: $0.value) }
        }
        guard let last = steps.last else { return }
        let names = (cycle + [first]).map { phases[$0].id }.joined(separator: " → ")
        sink.report(
            .cycle,
            at: last.value,
            "cycle: \(names); remove one of these dependencies",
            related: steps.dropLast().prefix(20).map {
                DiagnosticSink.related($0.value, "\(phases[$0.from].id) → \(phases[$0.to].id)")
            }
        )
    }
}
