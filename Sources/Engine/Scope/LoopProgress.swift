// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// How far a loop is.
struct LoopProgress: Sendable, Equatable {
    /// Passes that ended.
    var iterations = 0
    /// What the last of them gave.
    var last: Payload?
    /// What all of them gave, when the loop collects results.
    var results: [Payload] = []
}
