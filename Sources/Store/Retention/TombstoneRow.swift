// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What is left of a run that was deleted; kept for ever.
public struct TombstoneRow: Sendable, Equatable {
    /// The run's key; no other run gets it.
    public var runKey: Int64
    /// The id.
    public var id: RunID
    /// Name of the workflow.
    public var workflow: String
    /// The status it had.
    public var status: RunStatus
    /// The number of its events.
    public var events: Int64
    /// When it was accepted.
    public var createdAt: Timestamp
    /// When it ended.
    public var endedAt: Timestamp?
    /// When it was deleted.
    public var deletedAt: Timestamp

    /// What is left of a run.
    public init(of run: RunRow, events: Int64, deletedAt: Timestamp) {
        runKey = run.key
        id = run.id
        workflow = run.workflow
        status = run.status
        self.events = events
        createdAt = run.createdAt
        endedAt = run.endedAt
        self.deletedAt = deletedAt
    }

    /// Puts a row together.
    public init(
        runKey: Int64,
        id: RunID,
        workflow: String,
        status: RunStatus,
        events: Int64,
        createdAt: Timestamp,
        endedAt: Timestamp?,
        deletedAt: Timestamp
    ) {
        self.runKey = runKey
        self.id = id
        self.workflow = workflow
        self.status = status
        self.events = events
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.deletedAt = deletedAt
    }
}
