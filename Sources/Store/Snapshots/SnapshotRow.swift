// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The state of a run after one of its events, so that reading the run does not begin at its first one.
///
/// Snapshots are a cache: without them everything is as it was, only slower.
public struct SnapshotRow: Sendable, Equatable {
    /// Where the state is.
    public enum Content: Sendable, Equatable {
        /// In the row: at most ``SnapshotRow/inlineLimit`` bytes.
        case inline([UInt8])
        /// In the blob store; it is put there before the row is written.
        case blob(BlobRef)
    }
    /// The run.
    public var runKey: Int64
    /// The number of the last event that the state has taken in, from 1.
    public var sequence: Int64
    /// The state.
    public var content: Content
    /// When it was taken.
    public var takenAt: Timestamp

    /// The largest state, in bytes, that lies in the row. More than for values of events: the row is flushed with the
    /// commit anyway, a blob would be a second flush that all runs of the commit wait for.
    public static let inlineLimit = 65_536

    /// Puts a row together.
    public init(runKey: Int64, sequence: Int64, content: Content, takenAt: Timestamp) {
        self.runKey = runKey
        self.sequence = sequence
        self.content = content
        self.takenAt = takenAt
    }
}

/// Snapshots of a run that are not needed any more.
public struct StaleSnapshots: Sendable, Equatable {
    /// The run.
    public var runKey: Int64
    /// Those of a later event than this go.
    public var after: Int64
    /// Those of an earlier event than this go; `Int64.max` means all.
    public var before: Int64

    /// Names the snapshots of a run between two events, which stay.
    public init(runKey: Int64, after first: Int64 = 0, before sequence: Int64) {
        self.runKey = runKey
        after = first
        before = sequence
    }
}
