// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine

extension PatchEvent {
    /// How it is shown to a person who watches.
    var mark: RunProgress.Step.Mark {
        switch self {
        case .applied: .done
        case .proposed: .waiting
        case .rejected: .failed
        case .superseded, .reverted: .info
        }
    }

    var note: String {
        switch self {
        case .applied(let patch):
            "\(patch.details.number) by \(patch.details.author)"
                + (patch.change.added.isEmpty ? "" : ": adds \(patch.change.added.joined(separator: ", "))")
        case .proposed(let details, _, let review): "\(details.number) by \(details.author): \(review)"
        case .rejected(let details, let findings):
            "\(details.number) by \(details.author)" + (findings.first.map { ": \($0.message)" } ?? "")
        case .superseded(let number, let reason): "\(number): \(reason)"
        case .reverted(let number, let other): "\(number) by patch \(other)"
        }
    }
}
