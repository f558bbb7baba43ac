// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

extension PhaseEvent {
    var type: EventType {
        switch self {
        case .changed(_, .running), .changed(_, .pending): .phaseStarted
        case .changed(_, .completed): .phaseCompleted
        case .changed(_, .failed): .phaseFailed
        case .changed(_, .rolledBack): .phaseRolledBack
        case .changed(_, .skipped): .phaseSkipped
        case .released: .phaseReleased
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .changed(let phase, _), .released(let phase): ["phase": .string(phase)]
        }
    }
}

extension EventDecoder {
    func phase(_ type: EventType, _ data: JSONValue) -> PhaseEvent? {
        guard let phase = data["phase"]?.stringValue else { return nil }
        return switch type {
        case .phaseStarted: .changed(phase, .running)
        case .phaseCompleted: .changed(phase, .completed)
        case .phaseFailed: .changed(phase, .failed)
        case .phaseRolledBack: .changed(phase, .rolledBack)
        case .phaseSkipped: .changed(phase, .skipped)
        case .phaseReleased: .released(phase)
        default: nil
        }
    }
}
