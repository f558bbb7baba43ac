// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A run that has not ended, as it is found at a start.
public struct OpenRunRow: Sendable, Equatable {
    /// The run.
    public var key: Int64
    /// The id.
    public var id: RunID
    /// The status, as of its row.
    public var status: RunStatus
    /// Why it waits, likewise.
    public var reason: WaitReason?
    /// Hash of the graph it runs.
    public var graphHash: String

    /// Puts a row together.
    public init(key: Int64, id: RunID, status: RunStatus, reason: WaitReason? = nil, graphHash: String) {
        self.reason = reason
        self.graphHash = graphHash
        self.key = key
        self.id = id
        self.status = status
    }
}

/// A task that waits for a signal.
public struct AwaitedSignalRow: Sendable, Equatable {
    /// The run of the task.
    public var runKey: Int64
    /// The kind of signal.
    public var type: String

    /// Puts a row together.
    public init(runKey: Int64, type: String) {
        self.runKey = runKey
        self.type = type
    }
}
