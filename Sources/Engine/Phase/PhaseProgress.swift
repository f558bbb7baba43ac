// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// How far a phase is, by its tasks.
public struct PhaseProgress: Sendable, Equatable {
    /// All of its tasks.
    let total: Int
    /// Those that completed, whatever was undone since.
    var completed = 0
    var failed = 0
    var cancelled = 0
    var skipped = 0
    /// Those that are neither blocked nor ready.
    var begun = 0
    /// What events said last.
    public internal(set) var status = PhaseStatus.pending
    /// The number of the event that said how it ended.
    var endSequence: Int64 = 0
    /// Edges that lead out of it and have to wait until it is rolled back.
    var held: [HeldEdges] = []
    /// Nothing is held any more.
    var isReleased = false
    /// How often it was rolled back before its tasks were done again.
    var rollbacksBefore = 0

    init(total: Int) {
        self.total = total
    }

    /// Every task ended.
    var isOver: Bool { completed + failed + cancelled + skipped == total }

    /// What the tasks say.
    var derived: PhaseStatus {
        if failed > 0 || (cancelled > 0 && (status != .pending || completed > 0)) { return .failed }
        if skipped + cancelled == total { return .skipped }
        if isOver { return .completed }
        return begun > 0 || completed > 0 ? .running : .pending
    }

    /// Takes a task from one status to another.
    mutating func move(_ old: TaskStatus, _ new: TaskStatus) {
        count(old, by: -1)
        count(new, by: 1)
    }

    private mutating func count(_ status: TaskStatus, by change: Int) {
        switch status {
        case .completed, .compensated: completed += change
        case .failed: failed += change
        case .cancelled: cancelled += change
        case .skipped: skipped += change
        case .running, .verifying, .waiting, .retrying, .needsReview: begun += change
        case .blocked, .ready: break
        }
    }
}

/// The outgoing edges of a task that ended, while nobody may see them.
struct HeldEdges: Sendable, Equatable {
    let task: TaskRef
    /// Those that are not taken whatever comes.
    let dead: [Int]
    /// What becomes of the others.
    let otherwise: RunState.EdgeState
}
