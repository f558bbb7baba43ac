// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Replays (spec 6.6): what comes from outside is taken from the recording of the origin.
extension RunMachine {
    /// The run computes another one again, and the task's result comes from outside.
    func isServed(_ task: TaskRef) -> Bool {
        state.derivation?.isReplay ?? false && state.node(task).kind.isServed
    }

    /// Begins a task whose result is recorded: nothing is asked, sent or started.
    mutating func beginServed(_ task: TaskRef) {
        guard state.node(task).kind.isWait else { return offer(task) }
        emit(task, .taskWaiting(until: turn.now))
        effects.append(.serve(task: task))
    }

    /// Ends the task, or its attempt, with what was recorded.
    mutating func serve(_ task: TaskRef, _ outcome: Recording.Outcome) {
        guard state.has(task), isServed(task), state[task].status == .running || state[task].status == .waiting
        else { return }
        end(task, outcome)
        propagate()
    }

    /// Ends a task that could start with what it came to without a start.
    mutating func serve(unstarted task: TaskRef, _ outcome: Recording.Outcome) {
        end(task, outcome)
        propagate()
    }

    /// Ends the review of a task as a person did.
    mutating func serve(review outcome: Recording.Outcome, of task: TaskRef) {
        switch outcome {
        case .failed(let error, let log, _): fail(task, error, log)
        case .completed(let output, let log):
            var chosen: String?
            if case .branch = state.node(task).kind { chosen = output.value["case"]?.stringValue }
            complete(task, output, log, chosen: chosen, loopExit: state.node(task).kind.isContainer ? .break : nil)
        default: end(task, outcome)
        }
        propagate()
    }

    private mutating func end(_ task: TaskRef, _ outcome: Recording.Outcome) {
        switch outcome {
        case .completed(let output, let log):
            // A branch is computed, so that its choice is never served; edges of humans have conditions.
            complete(task, output, log)
        case .cached(let output, let run):
            emit(task, .again(.cached(from: run)))
            complete(task, output, nil)
        case .failed(let error, let log, let unit):
            // The wait before the next attempt comes out as it was.
            turn.entropy = UInt64(unit * Double(1 << 53)) << 11
            attemptFailed(task, error, log)
        case .skipped(let reason):
            skip(task, reason)
        case .lost(let isRelease):
            if isRelease {
                emit(task, .taskReady(.released))
                offer(task)
            } else {
                beginAgain(task)
            }
        case .poisoned(let crashes): quarantine(task, crashes)
        case .unverified(let log):
            emit(task, .review(.opened(.unverified, nil, log: log)))
        case .resumed(let guidance):
            tryAgain(task, guidance: guidance)
        }
    }
}
