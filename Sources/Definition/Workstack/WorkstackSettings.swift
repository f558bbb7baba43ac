// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// What an installation sets for a workstack (spec 3.3).
public struct WorkstackSettings: Sendable, Equatable {
    /// Whether it may be started.
    public var isEnabled: Bool
    /// The longest life of a run of a workstack that sets no `timeout`.
    public var defaultTimeout: Duration?
    /// Phases that may start together, beside those of the document.
    public var parallelPhases: [String]

    /// Settings; without any of these nothing changes.
    public init(isEnabled: Bool = true, defaultTimeout: Duration? = nil, parallelPhases: [String] = []) {
        self.isEnabled = isEnabled
        self.defaultTimeout = defaultTimeout
        self.parallelPhases = parallelPhases
    }

    /// For the fingerprint of what a graph depends on.
    var text: String {
        "\(isEnabled) \(defaultTimeout.map(\.text) ?? "-") \(parallelPhases.joined(separator: ","))"
    }
}
