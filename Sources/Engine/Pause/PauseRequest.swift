// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// What is asked of the loop about pauses above single runs.
enum PauseRequest: Sendable {
    case pause(PauseScope, reason: String?, actor: String, Reply<PauseRow>)
    case resume(PauseScope, actor: String, Reply<ResumedScope>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .pause(_, _, _, let reply): reply(.failure(error))
        case .resume(_, _, let reply): reply(.failure(error))
        }
    }
}
