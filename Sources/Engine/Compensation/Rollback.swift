// Baton
// SPDX-License-Identifier: Apache-2.0

/// The act of running compensations, the newest first.
public struct Rollback: Sendable, Equatable {
    /// What is rolled back.
    public enum Target: Sendable, Equatable {
        /// The run: everything.
        case run
        /// The run: what completed after that phase.
        case toPhase(String)
        /// A phase that failed.
        case phase(String)
        /// A transactional group, one member of which failed.
        case group(GroupRef)

        /// It is what the run is doing, instead of running.
        var isWholeRun: Bool {
            switch self {
            case .run, .toPhase: true
            case .phase, .group: false
            }
        }
    }

    /// What is rolled back.
    public let target: Target
    /// Compensations that have not begun, those of the last step first to come. Those of one step run in parallel.
    var steps: [[Int]]
    /// Compensations that run.
    var current: [Int] = []
    /// A compensation of it that gave up.
    var failed: Int?
    /// Nothing of it runs any more.
    var isOver = false
}

/// A transactional group of one instance of a body.
public struct GroupRef: Hashable, Sendable, Comparable {
    /// The instance of the body; 0 is the graph itself.
    public let scope: Int
    /// The id that nodes name.
    public let name: String

    /// By scope, then by name.
    public static func < (left: Self, right: Self) -> Bool {
        (left.scope, left.name) < (right.scope, right.name)
    }
}
