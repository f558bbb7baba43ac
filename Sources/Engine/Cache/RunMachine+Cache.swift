// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

extension RunMachine {
    /// Ends a task that could start with an output that another run computed; no attempt is made.
    mutating func completeFromCache(_ task: TaskRef, _ output: Payload, from run: RunID) {
        if state.status == .waiting { emit(Event(body: .runResumed)) }
        emit(task, .again(.cached(from: run)))
        // It was kept because it had passed the same checks.
        completeVerified(task, output, nil)
        propagate()
    }
}
