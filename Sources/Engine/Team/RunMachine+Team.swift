// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Several agents that work on one task (spec 8.3): each has a scope of its own, so that it is a task like any other.
extension RunMachine {
    mutating func startTeam(_ task: TaskRef, _ team: Graph.Team) {
        let now = state[task]
        emit(task, .taskStarted(attempt: now.attempts + 1, fence: now.fence + 1, worker: "engine"))
        form(task, team)
    }

    private mutating func form(_ task: TaskRef, _ team: Graph.Team) {
        guard let match = team.match else { return formed(task, AgentChoice(agents: team.agents, basis: .null)) }
        effects.append(.chooseAgents(task: task, fence: state[task].fence, match))
    }

    /// Does what was in flight when a process died.
    mutating func formAgain(_ task: TaskRef, _ team: Graph.Team) {
        guard state[task].status == .running, state.teams[task] == nil else { return }
        form(task, team)
    }

    mutating func agentsChosen(
        _ task: TaskRef,
        _ fence: Int64,
        _ choice: Result<AgentChoice, TaskError>
    ) throws(Refusal) {
        guard state.has(task), state[task].status == .running, state[task].fence == fence, state.teams[task] == nil,
            !state.status.isTerminal
        else { throw .leaseLost }
        switch choice {
        case .success(let choice): formed(task, choice)
        case .failure(let error): attemptFailed(task, error, nil)
        }
    }

    private mutating func formed(_ task: TaskRef, _ choice: AgentChoice) {
        emit(task, .team(.formed(agents: choice.agents, basis: choice.basis)))
        continueTeam(task)
    }

    /// Begins what is due, or finds out what came of it, unless somebody works.
    mutating func continueTeam(_ task: TaskRef) {
        guard case .team(let team) = state.node(task).kind, let progress = state.teams[task], progress.open == 0,
            mayContinue(task)
        else { return }
        if progress.next == 0 {
            start(team.strategy.isInOrder ? 1 : progress.agents.count, of: task)
        } else {
            advance(task, team, progress)
        }
    }

    private mutating func start(_ count: Int, of task: TaskRef) {
        guard let first = state.teams[task]?.next, mayContinue(task) else { return }
        let scope = state.lastScope + 1
        emit(task, .team(.seatsStarted(first: first, count: count, scope: scope)))
        for offset in 0..<count {
            activateEntries(of: scope + offset)
            changedScopes.append(scope + offset)
        }
    }

    // MARK: Ends

    /// The agent of that scope is done.
    mutating func finishSeat(_ scope: Int, of task: TaskRef, _ team: Graph.Team) {
        emit(task, .team(.seatCompleted(scope: scope)))
        if let progress = state.teams[task] { advance(task, team, progress) }
    }

    /// The agent of that scope failed.
    mutating func failSeat(_ scope: Int, of task: TaskRef, _ team: Graph.Team, _ error: TaskError) {
        emit(task, .team(.seatFailed(scope: scope, error)))
        if let progress = state.teams[task] { advance(task, team, progress) }
    }

    private mutating func advance(_ task: TaskRef, _ team: Graph.Team, _ progress: TeamProgress) {
        let (count, succeeded, failed) = (progress.agents.count, progress.results.count, progress.failures.count)
        switch team.strategy {
        case .sequential, .pipeline:
            if failed > 0 { return teamFailed(task, progress) }
            if progress.next < count { return start(1, of: task) }
            finish(task, team, progress, with: progress.results[count - 1])
        case .parallel:
            if failed > count - min(team.minimum ?? count, count) { return teamFailed(task, progress) }
            guard succeeded + failed == count else { return }
            let outputs = progress.given.map { JSONObject.Member(key: progress.names[$0.seat], value: $0.output) }
            finish(task, team, progress, with: payload(.object(JSONObject(members: outputs))))
        case .race:
            if let winner = progress.results.keys.min() {
                return finish(
                    task,
                    team,
                    progress,
                    with: progress.results[winner],
                    more: ["winner": winnerName(progress, winner)]
                )
            }
            if failed == count { teamFailed(task, progress) }
        case .vote:
            guard succeeded + failed == count else { return }
            if succeeded == 0 { return teamFailed(task, progress) }
            countVotes(task, team, progress)
        case .consensus:
            if failed > 0 { return teamFailed(task, progress) }
            guard succeeded == progress.next else { return }
            agree(task, team, progress)
        }
    }

    private func winnerName(_ progress: TeamProgress, _ seat: Int) -> JSONValue {
        .string(progress.names[seat % max(1, progress.agents.count)])
    }

    private mutating func countVotes(_ task: TaskRef, _ team: Graph.Team, _ progress: TeamProgress) {
        let ballot = Ballot(progress.given)
        let most = Double(ballot.groups.first?.seats.count ?? 0) / Double(max(1, progress.agents.count))
        let more: JSONObject = ["share": .double(most), "answers": answers(ballot, progress)]
        if let winner = ballot.winner(of: progress.agents.count, threshold: team.threshold) {
            return finish(task, team, progress, with: progress.results[winner.seats[0]], more: more)
        }
        undecided(task, team, progress, more, "the votes have no majority")
    }

    private mutating func agree(_ task: TaskRef, _ team: Graph.Team, _ progress: TeamProgress) {
        let count = max(1, progress.agents.count)
        let round = progress.next / count - 1
        let ballot = Ballot(progress.given.filter { $0.seat / count == round })
        let more: JSONObject = ["rounds": .int(Int64(round)), "answers": answers(ballot, progress)]
        if ballot.groups.count == 1 {
            return finish(task, team, progress, with: progress.results[round * count], more: more)
        }
        if round < team.rounds { return start(count, of: task) }
        undecided(task, team, progress, more, "the agents do not agree")
    }

    /// `[{answer, agents}]`, the most frequent first.
    private func answers(_ ballot: Ballot, _ progress: TeamProgress) -> JSONValue {
        .array(
            ballot.groups.map { group in
                ["answer": group.answer, "agents": .array(group.seats.map { winnerName(progress, $0) })]
            }
        )
    }

    // MARK: The end

    private mutating func finish(
        _ task: TaskRef,
        _ team: Graph.Team,
        _ progress: TeamProgress,
        with output: Payload?,
        more: JSONObject = [:]
    ) {
        stopOthers(of: task)
        emit(task, .team(.decided(info(team, progress, more))))
        complete(task, output ?? Payload(inline: .null), nil)
    }

    /// Somebody who is still at work is not needed any more.
    private mutating func stopOthers(of task: TaskRef) {
        for scope in state.scopes(of: task) { cancelOpenTasks(of: scope, reason: "not_needed") }
    }

    /// What is known beside the output.
    private func info(_ team: Graph.Team, _ progress: TeamProgress, _ more: JSONObject) -> JSONObject {
        var info: JSONObject = [
            "strategy": .string(team.strategy.rawValue), "agents": .array(progress.agents.map(JSONValue.string)),
        ]
        if team.strategy.isInOrder {
            info["results"] = .array(
                progress.given.map { ["agent": .string(progress.agent(of: $0.seat)), "output": $0.output] }
            )
        }
        if !progress.failures.isEmpty {
            info["failed"] = .array(
                progress.failures.sorted { $0.key < $1.key }.map {
                    ["agent": winnerName(progress, $0.key), "error": $0.value.json]
                }
            )
        }
        for member in more.members { info[member.key] = member.value }
        return info
    }

    /// They failed as a whole. Each has been tried again by itself.
    private mutating func teamFailed(_ task: TaskRef, _ progress: TeamProgress) {
        guard let (seat, cause) = progress.failures.min(by: { $0.key < $1.key }) else { return }
        stopOthers(of: task)
        let error = TaskError(
            code: cause.code,
            errorClass: cause.errorClass,
            message: "agent `\(progress.agent(of: seat))` failed: \(cause.message)"
        )
        giveUp(task, error, nil)
    }

    /// A person has to say what the answer is.
    private mutating func undecided(
        _ task: TaskRef,
        _ team: Graph.Team,
        _ progress: TeamProgress,
        _ more: JSONObject,
        _ reason: String
    ) {
        let info = info(team, progress, more)
        emit(task, .team(.decided(info)))
        escalate(
            task,
            .undecided,
            summary: "`\(state.name(of: task))`: \(reason)",
            error: TaskError(code: "agent.undecided", errorClass: .permanent, message: reason),
            question: "Which answer should count? `take_over` with one, or let them try again.",
            output: payload(.object(info))
        )
    }
}
