// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
public import JSON
public import Model

/// What happens to several agents that work on one task, beside what happens to every task.
public enum TeamEvent: Sendable, Equatable {
    /// It is known who works; `basis` says why they were chosen, null for agents that the node names.
    case formed(agents: [String], basis: JSONValue)
    /// Seats `first ..< first + count` began, as scopes `scope ..< scope + count`.
    case seatsStarted(first: Int, count: Int, scope: Int)
    /// The agent of that scope is done.
    case seatCompleted(scope: Int)
    /// The agent of that scope failed.
    case seatFailed(scope: Int, TaskError)
    /// What came of it beside the output: `nodes.ID.info`.
    case decided(JSONObject)
}

extension RunState {
    mutating func fold(_ event: TeamEvent, _ task: TaskRef) {
        switch event {
        case .formed(let agents, _):
            teams[task] = TeamProgress(agents: agents)
        case .seatsStarted(let first, let count, let scope):
            teams[task]?.start(first: first, count: count)
            for offset in 0..<count { openScope(scope + offset, number: first + offset, owner: task) }
        case .seatCompleted(let scope):
            guard let state = inner[scope] else { return }
            let result = state.onlyOutput(in: graph) ?? Payload(inline: .null)
            inner[scope] = nil
            forgetHolds(in: scope)
            teams[task]?.end(state.number, result)
        case .seatFailed(let scope, let error):
            guard let state = inner.removeValue(forKey: scope) else { return }
            forgetHolds(in: scope)
            teams[task]?.end(state.number, error)
        case .decided(let info): infos[task] = info
        }
    }

    /// What one of several agents sees of the others: `{agent, team}`.
    func participant(_ seat: Int, of task: TaskRef) -> JSONValue {
        guard case .team(let team) = node(task).kind, let progress = teams[task] else { return .null }
        var given = JSONValue.null
        let count = max(1, progress.agents.count)
        switch team.strategy {
        case .sequential, .pipeline:
            if let before = progress.results[seat - 1] {
                let key = team.strategy == .pipeline ? "input" : "previous_result"
                given = [key: ["agent": .string(progress.agent(of: seat - 1)), "output": before.value]]
            }
        case .consensus where seat >= count:
            let round = seat / count
            let last = progress.given.filter { $0.seat / count == round - 1 }
            given = [
                "round": .int(Int64(round)),
                "answers": .array(
                    last.map { ["agent": .string(progress.names[$0.seat % count]), "output": $0.output] }
                ),
                "own": .string(progress.names[seat % count]),
            ]
        case .parallel, .race, .vote, .consensus: break
        }
        return ["agent": .string(progress.agent(of: seat)), "team": given]
    }

    /// The agent that works on a task, where it is known before the task begins.
    func agent(of task: TaskRef) -> String? {
        guard case .agent(let config) = node(task).kind else { return nil }
        if let scope = scope(task.scope), let owner = scope.owner, let progress = teams[owner] {
            return progress.agent(of: scope.number)
        }
        guard let name = config.source["agent"]?.stringValue, !name.contains("${") else { return nil }
        return name
    }

    /// What people said about a task, and about the one it works for.
    func guidance(of task: TaskRef) -> [String] {
        guard let owner = scope(task.scope)?.owner, case .team = node(owner).kind else { return self[task].guidance }
        return self[owner].guidance + self[task].guidance
    }
}
