// Baton
// SPDX-License-Identifier: Apache-2.0

/// Decides when the state of a run is written, and which snapshots are kept.
///
/// A snapshot is due when the log since the last one, its tail, has 128 events and is larger than the state, so that
/// snapshots never cost more than the log; after 1,000 events also when it is a quarter of the state; and when the run
/// starts to wait, if the tail is larger than the state. Reading a run back then costs little more than reading its
/// state, however long its log is.
///
/// A run that has ended is seldom read, and its log is read at a rate of some 100,000 events a second: it keeps
/// snapshots only where 1,000 events lie between them.
struct SnapshotPlan: Sendable {
    /// Events of the log that the last snapshot has not.
    private(set) var tailEvents = 0
    /// Their bytes.
    private(set) var tailBytes = 0
    /// Bytes of the last state that was written or measured.
    private var stateBytes = 0
    /// Of which events there are snapshots, in order; `nil` until somebody has looked.
    private(set) var kept: [Int64]?

    /// A run with fewer events has no snapshot.
    private static let fewest = 32

    /// Nothing was written yet.
    init() {}

    /// A run that was read back.
    ///
    /// - Parameter stateBytes: Size of the snapshot that it was read from.
    init(tailEvents: Int, tailBytes: Int, stateBytes: Int) {
        self.tailEvents = tailEvents
        self.tailBytes = tailBytes
        self.stateBytes = stateBytes
    }

    /// A record was added to the log.
    mutating func grow(events: Int, bytes: Int) {
        tailEvents += events
        tailBytes += bytes
    }

    /// It is time to write the state.
    ///
    /// - Parameters:
    ///   - tasks: How many tasks the state has.
    ///   - isWaiting: The run starts to wait, so that it may leave memory soon.
    func isDue(tasks: Int, isWaiting: Bool) -> Bool {
        guard tailEvents >= (isWaiting ? Self.fewest : 128) else { return false }
        // Looking at every task costs as well, even when most of them are alike and written once.
        let cost = max(stateBytes, 16 * tasks)
        return tailBytes >= cost || tailEvents >= 1000 && 4 * tailBytes >= cost
    }

    /// The state was written out: it is worth a snapshot, unless it turned out to be much larger than the tail.
    mutating func isWorth(_ bytes: Int) -> Bool {
        stateBytes = bytes
        return 4 * tailBytes >= bytes
    }

    /// A snapshot was added.
    ///
    /// - Parameter known: Of which events there were snapshots before; asked for once.
    /// - Returns: Events whose snapshots are not needed any more.
    mutating func add(_ sequence: Int64, known: () -> [Int64]) -> [Int64] {
        tailEvents = 0
        tailBytes = 0
        let all = (kept ?? known()).filter { $0 < sequence } + [sequence]
        let thinned = Self.thinned(all)
        kept = thinned
        return all.filter { !thinned.contains($0) }
    }

    /// The run has ended.
    ///
    /// - Parameters:
    ///   - sequence: Its last event.
    ///   - known: Of which events there are snapshots; asked for if nobody has looked and there may be some.
    /// - Returns: Events whose snapshots are not needed any more.
    mutating func end(at sequence: Int64, known: () -> [Int64]) -> [Int64] {
        guard sequence >= Self.fewest else { return [] }
        let all = kept ?? known()
        let far = all.reduce(into: [Int64]()) { far, next in
            if next - (far.last ?? 0) >= 1000 { far.append(next) }
        }
        kept = far
        return all.filter { !far.contains($0) }
    }

    /// The older, the wider apart: between two snapshots that are kept lie at most an eighth of the events that came
    /// later, so their number grows with the logarithm of the log.
    static func thinned(_ sequences: [Int64]) -> [Int64] {
        guard let newest = sequences.last else { return [] }
        var kept: [Int64] = []
        for (index, sequence) in sequences.enumerated().dropLast() {
            let next = sequences[index + 1]
            if next - (kept.last ?? 0) > (newest - next) / 8 { kept.append(sequence) }
        }
        return kept + [newest]
    }
}
