// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// That consecutive records of a run lie packed in a blob; the records themselves may go.
///
/// The rows of a run follow on each other from its first event. Whoever reads the run's log gets the records as ever.
public struct ArchiveRow: Sendable, Equatable {
    /// The run.
    public var runKey: Int64
    /// The number of the first event in it.
    public var firstSequence: Int64
    /// The last event in it, with the hash over everything up to it.
    public var end: ChainLink
    /// The global number of the last event in it.
    public var lastGlobalSequence: Int64
    /// The packed records: what ``ArchiveSegment/packed()`` gives.
    public var blob: BlobRef
    /// Hashes of the blobs that the records name, as ``BlobMarks/packed`` gives them.
    public var names: [UInt8]
    /// Those of texts that attempts wrote.
    public var logNames: [UInt8]
    /// When its last event happened.
    public var lastAt: Timestamp
    /// When it was packed.
    public var packedAt: Timestamp

    /// Puts a row together.
    public init(
        runKey: Int64,
        firstSequence: Int64,
        end: ChainLink,
        lastGlobalSequence: Int64,
        blob: BlobRef,
        names: [UInt8],
        logNames: [UInt8],
        lastAt: Timestamp,
        packedAt: Timestamp
    ) {
        self.runKey = runKey
        self.firstSequence = firstSequence
        self.end = end
        self.lastGlobalSequence = lastGlobalSequence
        self.blob = blob
        self.names = names
        self.logNames = logNames
        self.lastAt = lastAt
        self.packedAt = packedAt
    }

    /// The number of its events.
    public var count: Int64 { end.sequence - firstSequence + 1 }
}
