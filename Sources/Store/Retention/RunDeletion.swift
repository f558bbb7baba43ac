// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// That an ended run is deleted: its row goes and a tombstone comes; the rest goes in steps of ``Clearing``.
public struct RunDeletion: Sendable, Equatable {
    /// The run; it must have ended, must not be held, and no other run may pin it.
    public var runKey: Int64
    /// The number of its last event as it was when that was decided; a run that went on since stays.
    public var lastSequence: Int64
    /// When it is deleted.
    public var at: Timestamp

    /// Describes a deletion.
    public init(runKey: Int64, lastSequence: Int64, at: Timestamp) {
        self.runKey = runKey
        self.lastSequence = lastSequence
        self.at = at
    }
}

/// A step in which rows go that an archive or a deletion left behind: records of what is packed, and everything of a run
/// that was deleted. The oldest records go first, so what is left is read as ever.
public struct Clearing: Sendable, Equatable {
    /// The run.
    public var runKey: Int64
    /// At most that many rows.
    public var limit: Int

    /// Describes a step.
    public init(runKey: Int64, limit: Int = 500) {
        self.runKey = runKey
        self.limit = limit
    }
}
