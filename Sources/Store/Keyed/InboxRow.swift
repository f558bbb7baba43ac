// Baton
// SPDX-License-Identifier: Apache-2.0

/// A message that a run has taken in; the row keeps it from being taken in twice. It goes with the run.
public struct InboxRow: Sendable, Equatable {
    /// The run.
    public var runKey: Int64
    /// What makes the message unique within the run: the dedupe key of a signal, the key of an update.
    public var message: String
    /// The number of the event that took it in.
    public var appliedSequence: Int64

    /// Puts a row together.
    public init(runKey: Int64, message: String, appliedSequence: Int64) {
        self.runKey = runKey
        self.message = message
        self.appliedSequence = appliedSequence
    }
}
