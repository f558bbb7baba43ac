// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import JSON
public import Model

/// Two runs side by side, task by task (engine.md 7). Tasks are aligned by node, pass and item.
public struct RunDiff: Sendable {
    /// What one run made of a task.
    public struct Side: Sendable, Equatable {
        /// The status.
        public let status: TaskStatus
        /// SHA-256 of the canonical JSON of the output; `nil` without one.
        public let output: String?
        /// Code of the error, when it failed.
        public let error: String?
        /// Attempts, lost ones included.
        public let attempts: Int
        /// From the first start to the end; `nil` when there was no such span.
        public let duration: Duration?
        /// Attempts since it last began anew.
        private let recentAttempts: Int

        init(_ task: RunState.TaskState) {
            status = task.status
            output = task.output?.outputHash
            error = task.error?.code
            attempts = task.attempts
            recentAttempts = task.attempts - task.attemptsBefore
            duration = task.startedAt.flatMap { start in task.endedAt.map { $0 - start } }
        }

        /// The same outcome, however long it took; attempts before it last began anew do not matter.
        func isSame(as other: Side) -> Bool {
            status == other.status && output == other.output && error == other.error
                && recentAttempts == other.recentAttempts
        }
    }
    /// One task of either run or of both.
    public struct Entry: Sendable, Equatable {
        /// The task.
        public let task: TaskName
        /// What the first run made of it; `nil` when it has no such task.
        public let left: Side?
        /// What the second run made of it.
        public let right: Side?

        /// Both have it, with the same status, output, error and number of attempts.
        public var isSame: Bool { left.map { left in right.map(left.isSame(as:)) ?? false } ?? false }
    }
    /// The runs.
    public let runs: (left: RunID, right: RunID)
    /// Their statuses.
    public let statuses: (left: RunStatus, right: RunStatus)
    /// Hashes of their graphs.
    public let graphs: (left: String, right: String)
    /// Hashes of their inputs.
    public let inputs: (left: String, right: String)
    /// Hashes of their outputs; `nil` for a run that did not complete.
    public let outputs: (left: String?, right: String?)
    /// Every task, by node in the order of the graph, then by pass and item.
    public let entries: [Entry]

    /// Compares two runs.
    public init(_ left: RunHistory, _ right: RunHistory) {
        runs = (left.state.id, right.state.id)
        statuses = (left.state.status, right.state.status)
        graphs = (left.state.graph.hash, right.state.graph.hash)
        inputs = (left.state.inputs.outputHash, right.state.inputs.outputHash)
        outputs = (left.state.outputs?.outputHash, right.state.outputs?.outputHash)
        let names = Set(left.tasks.keys).union(right.tasks.keys)
        func order(_ name: TaskName) -> Int {
            left.state.graph.index(of: name.node) ?? .max / 2 + (right.state.graph.index(of: name.node) ?? 0)
        }
        let sorted = names.map { (order($0), $0) }.sorted { first, second in
            first.0 == second.0
                ? first.1.place.lexicographicallyPrecedes(second.1.place) : first.0 < second.0
        }
        entries = sorted.map { _, name in
            Entry(task: name, left: left.tasks[name].map(Side.init), right: right.tasks[name].map(Side.init))
        }
    }

    /// Both runs ended alike: status, outputs, and every task.
    public var isSame: Bool {
        statuses.left == statuses.right && outputs.left == outputs.right && entries.allSatisfy(\.isSame)
    }

    /// Tasks that came out otherwise, or that only one run has.
    public var differences: [Entry] { entries.filter { !$0.isSame } }

    /// `{left, right, same, status[], graph_same, inputs_same, outputs[], tasks[{task, left, right}]}`; with `isWhole`
    /// also tasks that are the same.
    public func json(isWhole: Bool = false) -> JSONValue {
        let shown = isWhole ? entries : differences
        return [
            "left": .string(runs.left.description), "right": .string(runs.right.description), "same": .bool(isSame),
            "status": [.string(statuses.left.rawValue), .string(statuses.right.rawValue)],
            "graph_same": .bool(graphs.left == graphs.right), "inputs_same": .bool(inputs.left == inputs.right),
            "outputs": [
                outputs.left.map(JSONValue.string) ?? .null, outputs.right.map(JSONValue.string) ?? .null,
            ],
            "tasks_same": .int(Int64(entries.count - differences.count)),
            "tasks": .array(
                shown.map { entry in
                    [
                        "task": .string(entry.task.description), "same": .bool(entry.isSame),
                        "left": entry.left?.json ?? .null, "right": entry.right?.json ?? .null,
                    ]
                }
            ),
        ]
    }
}

extension RunDiff.Side {
    /// `{status, attempts, output?, error?, duration_ms?}`.
    fileprivate var json: JSONValue {
        var result: JSONObject = ["status": .string(status.rawValue), "attempts": .int(Int64(attempts))]
        result["output"] = output.map(JSONValue.string)
        result["error"] = error.map(JSONValue.string)
        result["duration_ms"] = duration.map { .int($0.milliseconds) }
        return .object(result)
    }
}

extension Payload {
    /// SHA-256 of the canonical JSON, however the value is kept.
    var outputHash: String { blob?.hash ?? SHA256.hex(value.canonicalBytes()) }
}
