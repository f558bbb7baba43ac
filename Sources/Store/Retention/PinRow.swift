// Baton
// SPDX-License-Identifier: Apache-2.0

/// That a run needs the beginning of another one's log, because it was forked from it. The pin goes with the run that
/// has it; until then the origin is not deleted.
public struct PinRow: Sendable, Equatable {
    /// The run that was forked.
    public var runKey: Int64
    /// The run it was forked from.
    public var originKey: Int64
    /// The number of the last event of the origin that it needs.
    public var sequence: Int64

    /// Puts a row together.
    public init(runKey: Int64, originKey: Int64, sequence: Int64) {
        self.runKey = runKey
        self.originKey = originKey
        self.sequence = sequence
    }
}
