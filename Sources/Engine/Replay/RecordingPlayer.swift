// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// Hands the recorded results of a run out to the one that replays it, attempt by attempt.
struct RecordingPlayer: Sendable {
    private let outcomes: [TaskName: [Recording.Outcome]]

    init(_ recording: Recording) {
        outcomes = recording.outcomes
    }

    /// What an attempt of a task came to. After more attempts than there were, the last one is told again.
    ///
    /// - Parameter attempt: From 0, since the task last began anew.
    func outcome(of name: TaskName, attempt: Int) -> Recording.Outcome {
        let all = outcomes[name] ?? []
        if let outcome = all.indices.contains(attempt) ? all[attempt] : all.last { return outcome }
        let error = TaskError(
            code: "replay.missing",
            errorClass: .permanent,
            message: "the run that is replayed never came to `\(name)`, so there is nothing to serve"
        )
        return .failed(error, log: nil, unit: 0)
    }
}
