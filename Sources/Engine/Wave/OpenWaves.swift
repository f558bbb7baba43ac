// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// How many tasks of the graph itself have not ended, by wave: their dependency depth. Follows from the state and is
/// counted anew when it may have changed otherwise than by the end of a task.
struct OpenWaves: Sendable {
    private var counts: [Int]
    /// The nodes of each wave.
    let members: [[Int]]
    /// The first wave that has not ended; the number of waves when all have.
    private(set) var lowest = 0
    /// How many nodes the graph had.
    let nodeCount: Int

    init(_ state: RunState) {
        nodeCount = state.graph.nodes.count
        let nodes = state.graph.bodies[0].nodes
        var members: [[Int]] = Array(repeating: [], count: (nodes.map { state.graph.nodes[$0].wave }.max() ?? 0) + 1)
        counts = members.map { _ in 0 }
        for (position, node) in nodes.enumerated() where !state.graph.nodes[node].isCompensation {
            let wave = state.graph.nodes[node].wave
            members[wave].append(node)
            if !state.root.tasks[position].status.isTerminal { counts[wave] += 1 }
        }
        self.members = members
        skipEnded()
    }

    /// A task of that wave ended.
    mutating func end(_ wave: Int) {
        counts[wave] -= 1
        skipEnded()
    }

    private mutating func skipEnded() {
        while lowest < counts.count, counts[lowest] == 0 { lowest += 1 }
    }
}

/// `wave_mode: barrier` (spec 3.2): no task of the graph itself begins, or is skipped, before every task of the waves
/// before its own has ended.
extension RunMachine {
    /// A wave before that of the task has not ended.
    mutating func isBehindBarrier(_ task: TaskRef) -> Bool {
        guard state.graph.definition.isWaveBarrier, task.scope == 0 else { return false }
        return state.node(task).wave > openWaves().lowest
    }

    /// Looks at the next wave when the task was the last one of those before.
    mutating func followWave(of task: TaskRef) {
        guard state.graph.definition.isWaveBarrier, task.scope == 0 else { return }
        let before = waves?.lowest
        if waves?.nodeCount == state.graph.nodes.count, !state.node(task).isCompensation {
            waves?.end(state.node(task).wave)
        }
        let open = openWaves()
        guard open.lowest != before, open.lowest < open.members.count else { return }
        pending += open.members[open.lowest].reversed().map { TaskRef(node: $0) }.filter {
            state[$0].status == .blocked
        }
    }

    mutating func openWaves() -> OpenWaves {
        if let waves, waves.nodeCount == state.graph.nodes.count { return waves }
        let counted = OpenWaves(state)
        waves = counted
        return counted
    }
}

extension RunState {
    /// The tasks that keep a task from beginning whose own dependencies have all ended.
    func waveCause(_ ref: TaskRef) -> WaitCause? {
        guard graph.definition.isWaveBarrier, ref.scope == 0 else { return nil }
        let wave = node(ref).wave
        let before = graph.bodies[0].nodes.filter { node in
            let definition = graph.nodes[node]
            return definition.wave < wave && !definition.isCompensation && !self[TaskRef(node: node)].status.isTerminal
        }
        guard !before.isEmpty else { return nil }
        return .wave(wave, waitsFor: before.map { graph.nodes[$0].id })
    }
}
