// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Everything of a run that can be undone, in the order in which it completed, and the rollbacks so far.
public struct CompensationStack: Sendable, Equatable {
    /// What can be undone or was, the oldest first.
    public internal(set) var all: [Compensation] = []
    /// The rollbacks, the oldest first.
    public internal(set) var rollbacks: [Rollback] = []
    /// Which compensation runs as an instance of its calls.
    var running: [Int: Int] = [:]
    /// The newest compensation of each task.
    var newest: [TaskRef: Int] = [:]
    /// A node said that the run is rolled back when its attempts are used up, and they are.
    var isRequested = false

    /// The rollbacks that are going on.
    var openRollbacks: [Int] { rollbacks.indices.filter { !rollbacks[$0].isOver } }

    /// Something is being undone.
    var isRollingBack: Bool { rollbacks.contains { !$0.isOver } }

    /// The members of a group are being undone.
    var isRollingBackGroup: Bool {
        rollbacks.contains { rollback in
            guard case .group = rollback.target else { return false }
            return !rollback.isOver
        }
    }

    /// The rollback of the whole run that is going on.
    var rollbackOfRun: Int? { rollbacks.firstIndex { $0.target.isWholeRun && !$0.isOver } }

    /// What a rollback has to do: steps of compensations by number, the first step last.
    func steps(of target: Rollback.Target, _ state: RunState) -> [[Int]] {
        let graph = state.graph
        let covered = all.indices.filter { all[$0].isOpen && covers(target, all[$0], state) }
        guard graph.definition.compensatesInParallel else { return covered.map { [$0] } }
        let places = covered.map { (number: $0, depth: all[$0].plan.depth(in: graph)) }
            .sorted { left, right in
                left.depth == right.depth
                    ? left.number < right.number : left.depth.lexicographicallyPrecedes(right.depth)
            }
        var steps: [[Int]] = []
        var last: [Int]?
        for place in places {
            if place.depth == last {
                steps[steps.count - 1].append(place.number)
            } else {
                steps.append([place.number])
            }
            last = place.depth
        }
        return steps
    }

    private func covers(_ target: Rollback.Target, _ compensation: Compensation, _ state: RunState) -> Bool {
        let (plan, graph) = (compensation.plan, state.graph)
        guard compensation.task != nil else { return false }
        switch target {
        case .run:
            return true
        case .toPhase(let phase):
            guard let number = graph.phase(named: phase) else { return false }
            return plan.phase(in: graph) != phase && compensation.sequence > state.phases[number].endSequence
        case .phase(let phase):
            return plan.phase(in: graph) == phase
        case .group(let group):
            return plan.path.contains { $0.scope == group.scope && graph.nodes[$0.node].group == group.name }
        }
    }
}

/// The fold of the events of single compensations. Numbers come from the log, so they are looked at first.
extension CompensationStack {
    mutating func record(
        _ plan: Compensation.Plan,
        at sequence: Int64,
        _ fence: Int64,
        isLate: Bool,
        in rollback: Int?
    ) {
        var round = 1
        if case .task(let task, _, _) = plan.subject {
            round += newest[task].map { all[$0].round } ?? 0
            newest[task] = all.count
        }
        if let rollback, rollbacks.indices.contains(rollback) { rollbacks[rollback].steps.append([all.count]) }
        all.append(Compensation(plan: plan, sequence: sequence, round: round, fence: fence, isLate: isLate))
    }

    /// Makes room in the graph for the calls of compensations that have none there yet.
    mutating func addCalls(of numbers: [Int], to graph: inout RunGraph) {
        let new = numbers.filter { all.indices.contains($0) && all[$0].body == nil }
        guard !new.isEmpty else { return }
        let bodies = new.map { graph.calls(of: all[$0]) }
        for (offset, number) in new.enumerated() { all[number].body = graph.bodies.count + offset }
        graph = graph.adding(bodies)
    }

    /// What of an event matters to the graph, for who reads the log without the state.
    mutating func follow(_ event: CompensationEvent, _ graph: inout RunGraph) {
        switch event {
        case .recorded(let plan, let isLate, let rollback):
            record(plan, at: 0, 0, isLate: isLate, in: nil)
            if rollback != nil { addCalls(of: [all.count - 1], to: &graph) }
        case .rollbackStarted(_, let steps):
            addCalls(of: steps.joined().sorted(), to: &graph)
        default: break
        }
    }

    /// - Returns: The body that holds its calls.
    mutating func start(_ number: Int, _ rollback: Int, as scope: Int) -> Int? {
        guard all.indices.contains(number), rollbacks.indices.contains(rollback), let body = all[number].body else {
            return nil
        }
        all[number].status = .running
        all[number].error = nil
        all[number].rollback = rollback
        all[number].scope = scope
        running[scope] = number
        rollbacks[rollback].take(number)
        return body
    }

    func scope(of number: Int) -> Int? {
        all.indices.contains(number) ? all[number].scope : nil
    }

    func rollback(of number: Int) -> Int? {
        all.indices.contains(number) ? all[number].rollback : nil
    }

    mutating func close(_ number: Int, _ status: Compensation.Status, _ error: TaskError?, attempts: Int) {
        all[number].status = status
        all[number].error = error
        all[number].attempts += attempts
        if let rollback = all[number].rollback { rollbacks[rollback].current.removeAll { $0 == number } }
        if let scope = all[number].scope { running[scope] = nil }
        all[number].scope = nil
    }

    /// The rollback ends with a compensation that failed, unless a person said to go on.
    mutating func gaveUp(_ number: Int, isSkipped: Bool) {
        guard !isSkipped, let rollback = rollback(of: number), !all[number].isBestEffort else { return }
        rollbacks[rollback].failed = number
    }

    /// The rollback is over; what it did not begin is left for another one.
    mutating func end(_ rollback: Int) {
        rollbacks[rollback].steps = []
        rollbacks[rollback].isOver = true
    }
}

extension Rollback {
    fileprivate mutating func take(_ compensation: Int) {
        guard !steps.isEmpty else { return }
        steps[steps.count - 1].removeAll { $0 == compensation }
        if steps[steps.count - 1].isEmpty { steps.removeLast() }
        current.append(compensation)
    }
}

extension RunState {
    /// The compensation that a task belongs to, while it runs.
    func compensation(of task: TaskRef) -> Int? {
        task.scope == 0 ? nil : compensations.running[task.scope]
    }
}

extension RunGraph {
    /// The calls of a compensation as a body.
    func calls(of compensation: Compensation) -> Graph.Body {
        let plan = compensation.plan
        let prefix: String
        switch plan.subject {
        case .task:
            let round = compensation.round > 1 ? "~\(compensation.round)" : ""
            prefix = "compensate:\(plan.name(in: self))\(round)"
        case .phase(_, let call):
            prefix = "rollback:\(plan.name(in: self))" + (call > 0 ? "/\(call + 1)" : "")
        }
        // What could not be evaluated is a call too: one that fails before it is made.
        let calls = plan.calls.isEmpty ? [Compensation.Call(tool: "", arguments: .init(inline: .null))] : plan.calls
        return Graph.Body(
            calls: calls.enumerated().map { index, call in
                let id = index == 0 ? prefix : "\(prefix)/\(index + 1)"
                return self.call(call, id: id, plan.subject)
            }
        )
    }

    private func call(_ call: Compensation.Call, id: String, _ subject: Compensation.Plan.Subject) -> Graph.Call {
        let target = call.tool.map { Graph.Call.Target.tool($0) } ?? .http
        var result = Graph.Call(id: id, target: target, arguments: call.arguments.value)
        switch subject {
        case .task(let task, _, _):
            result.profile = undoing(task.node)?.profile ?? nodes[task.node].profile
            guard let node = undoing(task.node) else { break }
            result.retry = node.retry
            result.timeout = node.timeout
            result.totalTimeout = node.totalTimeout
            result.isNonIdempotent = node.isNonIdempotent
        case .phase:
            result.timeout = .seconds(60)
            result.totalTimeout = .seconds(60)
        }
        return result
    }

    /// The node that a node names as its compensation.
    func undoing(_ node: Int) -> Graph.Node? {
        guard case .node(let position) = nodes[node].compensation, body(of: node) >= 0 else { return nil }
        return nodes[bodies[body(of: node)].nodes[position]]
    }
}
