// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names a task within a run: the scope it stands in, and the node.
///
/// A scope is one instance of a body: 0 is the graph itself, every pass of a loop and every item of a map gets the next
/// number. Neither number is ever used for something else within the run, so fences, leases and timers can name tasks
/// by it.
public struct TaskRef: Hashable, Sendable, Comparable {
    /// Both numbers in one, as rows hold it: `scope << 20 | node`.
    public let number: Int

    /// Reads the number of a row.
    public init(number: Int) {
        self.number = number
    }

    /// The task of the node with that index of ``RunGraph/nodes`` in that scope.
    public init(scope: Int = 0, node: Int) {
        number = scope << Self.nodeBits | node
    }

    /// What timers of the run itself name instead of a task.
    static let run = TaskRef(number: -1)

    /// What timers of a phase name instead of a task.
    static func phase(_ number: Int) -> TaskRef { TaskRef(number: -2 - number) }

    /// The phase that it names instead of a task.
    var phase: Int? { number <= -2 ? -2 - number : nil }

    private static let nodeBits = 20

    /// The instance of a body; 0 is the graph itself.
    public var scope: Int { number >> Self.nodeBits }
    /// Index of the node in ``RunGraph/nodes``.
    public var node: Int { number & (1 << Self.nodeBits - 1) }

    /// By scope, then by node.
    public static func < (left: Self, right: Self) -> Bool {
        left.number < right.number
    }
}
