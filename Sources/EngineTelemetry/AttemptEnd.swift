// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Model
internal import Telemetry

/// How an attempt ended.
enum AttemptEnd: Equatable {
    case succeeded
    case failed(ErrorClass, code: String)
    /// Nobody knows what became of it.
    case lost
    /// It was handed back unmade.
    case released
    /// It was told to stop, or nobody needed it any more.
    case stopped

    /// The end that an event of its task says, if it says one.
    init?(_ body: Event.Body) {
        switch body {
        case .taskCompleted: self = .succeeded
        case .taskFailed(let error, _, _), .taskRetrying(let error, _, _, _): self = .failed(error)
        case .taskReady(.lost): self = .lost
        case .taskReady(.released): self = .released
        case .taskCancelled, .taskSkipped: self = .stopped
        case .review(.opened(_, let error, _)): self = error.map(Self.failed) ?? .lost
        case .review(.exhausted(let error, _)): self = .failed(error)
        case .review(.poisoned): self = .lost
        default: return nil
        }
    }

    private static func failed(_ error: TaskError) -> Self { .failed(error.errorClass, code: error.code) }

    /// The word for it: how it ended, or the class of its error.
    var outcome: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed(let errorClass, _): errorClass.rawValue
        case .lost: "lost"
        case .released: "released"
        case .stopped: "cancelled"
        }
    }

    var code: String? {
        switch self {
        case .failed(_, let code): code
        case .lost: "lost"
        case .succeeded, .released, .stopped: nil
        }
    }

    var status: Span.Status {
        switch self {
        case .succeeded: .good
        case .failed(_, let code): .failed(code)
        case .lost: .failed("lost")
        case .released, .stopped: .unset
        }
    }
}
