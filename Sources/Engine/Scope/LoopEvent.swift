// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// What happens to a loop beside what happens to every task.
public enum LoopEvent: Sendable, Equatable {
    /// A pass began, as that scope.
    case iterationStarted(scope: Int, number: Int)
    /// The pass of that scope ended well.
    case iterationCompleted(scope: Int, output: Payload)
}

extension RunState {
    mutating func fold(_ event: LoopEvent, _ task: TaskRef, _ now: Timestamp) {
        switch event {
        case .iterationStarted(let scope, let number):
            if self[task].status != .running { set(task, .running, now) }
            self[task].until = nil
            if loops[task] == nil { loops[task] = LoopProgress() }
            openScope(scope, number: number, owner: task)
        case .iterationCompleted(let scope, let output):
            inner[scope] = nil
            forgetHolds(in: scope)
            loops[task]?.iterations += 1
            loops[task]?.last = output
            guard case .loop(let loop) = graph.nodes[task.node].kind, loop.collectsResults else { return }
            loops[task]?.results.append(output)
        }
    }
}
