// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// The reverse action of a task that completed, and what became of it (spec 3.10).
public struct Compensation: Sendable, Equatable {
    /// What undoes the task. Fixed when it completes, so that a rollback depends on nothing that may be gone by then.
    public let plan: Plan
    /// The number of the event that recorded it.
    public let sequence: Int64
    /// Numbers the compensations of one task, which may complete more than once.
    let round: Int
    /// The fence under which the task completed.
    let fence: Int64
    /// It completed after it had been cancelled.
    public let isLate: Bool

    /// What became of it.
    public internal(set) var status = Status.pending
    /// The rollback that last took it up.
    var rollback: Int?
    /// Which body of the run's graph holds its calls, once a rollback took it up.
    var body: Int?
    /// The instance of that body, while it runs.
    var scope: Int?
    /// Attempts of all its calls.
    public internal(set) var attempts = 0
    /// Why it failed.
    public internal(set) var error: TaskError?

    /// How far it is.
    public enum Status: String, Sendable, CaseIterable {
        /// Not begun, or stopped before its end.
        case pending
        /// Its calls are being made.
        case running
        /// Undone.
        case completed
        /// It gave up.
        case failed
        /// It gave up, and a person said to go on without it.
        case skipped
    }

    /// What a compensation consists of.
    public struct Plan: Sendable, Equatable {
        /// What it undoes.
        public enum Subject: Sendable, Equatable {
            /// A task. `owners` are the loops and maps around it, `place` their passes and items, both outermost first.
            case task(TaskRef, owners: [TaskRef], place: [Int])
            /// A phase, by its id: one of the calls that its document lists, from 0.
            case phase(String, call: Int)
        }
        /// What it undoes.
        public let subject: Subject
        /// Its calls, in order.
        public let calls: [Call]
        /// Why the arguments could not be evaluated; there are no calls then.
        public let error: TaskError?
    }

    /// One call with its arguments as they were when the task completed.
    public struct Call: Sendable, Equatable {
        /// The tool; `nil` for a request.
        public let tool: String?
        /// Its arguments, or the configuration of the request.
        public let arguments: Payload
    }

    /// The task it undoes; `nil` for a call that belongs to a phase.
    public var task: TaskRef? {
        if case .task(let task, _, _) = plan.subject { task } else { nil }
    }

    /// It is taken up by the next rollback that covers it.
    var isOpen: Bool { status == .pending }

    /// A failure of it does not stop the rollback.
    var isBestEffort: Bool {
        if case .phase = plan.subject { true } else { false }
    }
}

extension Compensation.Plan {
    /// The task and the loops and maps around it, outermost first; empty for a phase.
    var path: [TaskRef] {
        if case .task(let task, let owners, _) = subject { owners + [task] } else { [] }
    }

    /// What it undoes, for people: `save`, `check[3]`, or the id of a phase.
    func name(in graph: RunGraph) -> String {
        switch subject {
        case .task(let task, _, let place):
            let id = graph.nodes[task.node].id
            return place.isEmpty ? id : id + "[" + place.map(String.init).joined(separator: ".") + "]"
        case .phase(let id, _):
            return id
        }
    }

    /// The phase it belongs to: that of its task, or of the loop or map of the graph itself which the task is in.
    func phase(in graph: RunGraph) -> String? {
        switch subject {
        case .task: path.first.flatMap { graph.phase(of: $0.node) }.map { graph.phases[$0].id }
        case .phase(let id, _): id
        }
    }

    /// Where the task stands in the order of its graph: its wave, within loops also the passes; what depends on something
    /// else has a larger one. Items of a map are siblings.
    func depth(in graph: RunGraph) -> [Int] {
        guard case .task(_, let owners, let place) = subject else { return [] }
        var result: [Int] = []
        for (owner, number) in zip(owners, place) {
            result.append(graph.nodes[owner.node].wave)
            if case .loop = graph.nodes[owner.node].kind { result.append(number) }
        }
        // After the end of what it contains.
        return result + (path.last.map { [graph.nodes[$0.node].wave, .max] } ?? [])
    }
}
