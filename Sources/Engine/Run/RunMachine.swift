// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Decides what happens to one run. Pure: the same state, command and turn give the same events and effects.
///
/// The state changes only through ``emit(_:)``, that is through the fold of the events that are returned, so that the
/// log alone can rebuild it. A turn is: any number of ``handle(_:in:)`` and ``start(_:worker:)``, then ``settle()``,
/// then the shell takes events and effects and commits them.
struct RunMachine: Sendable {
    /// The run as it will be once the events are durable.
    private(set) var state: RunState
    /// New facts, in order.
    var events: [Event] = []
    /// What the shell has to do.
    var effects: [Effect] = []
    /// Tasks whose row may differ from what is stored.
    var touched: [TaskRef] = []

    var turn: Turn
    /// What is stopped by the command gets no time for that.
    var isKilling = false
    /// Something above the run is paused: nothing of it begins. The shell says so before each turn.
    var isHeld = false
    /// Variables of the task that is being activated, and the scope it sees.
    var locals: [String: JSONValue] = [:]
    var scope = 0
    /// Tasks whose join has to be looked at again.
    var pending: [TaskRef] = []
    /// Scopes in which a task ended, so that they may be over.
    var changedScopes: [Int] = []
    /// Maps that may have room for more items.
    var openedMaps: Set<TaskRef> = []
    /// Transactional groups of which a member ended.
    var changedGroups: Set<GroupRef> = []
    /// Phases that failed, and of which something changed.
    var changedPhases: Set<Int> = []
    /// Under `wave_mode: barrier`: which waves have ended.
    var waves: OpenWaves?
    /// Tasks handed to the scheduler in this turn.
    var offered: Set<TaskRef> = []
    /// By scope: the failure that nothing can handle any more, once found; failures are never taken back.
    var unhandled: [Int: TaskRef] = [:]
    /// What the project says about patches.
    var policy = PatchPolicy()
    /// Scopes in which a task failed or was skipped for a failure since ``unhandled`` was last looked for.
    var newFailures: Set<Int> = []

    /// Takes up a run that exists.
    init(_ state: RunState, turn: Turn) {
        self.state = state
        self.turn = turn
        newFailures = Set(state.openScopes.lazy.filter { $0.scope.failed > 0 }.map(\.number))
    }

    /// Accepts a run; it begins with the command for that.
    static func accept(_ origin: Event.RunOrigin, graph: RunGraph, in turn: Turn) -> RunMachine {
        var machine = RunMachine(RunState(origin: origin, graph: graph, at: turn.now), turn: turn)
        machine.events.append(Event(actor: turn.actor, body: .runQueued(origin)))
        if let deadline = origin.deadline {
            machine.effects.append(.arm(task: .run, kind: .deadline, at: deadline))
        }
        return machine
    }

    /// Offers everything that can start.
    private mutating func begin() {
        guard state.status == .queued, !isHeld else { return }
        emit(Event(body: .runStarted))
        announceWaves()
        activateEntries(of: 0)
    }

    /// Adds a fact and folds it.
    mutating func emit(_ event: Event) {
        state.fold(event, at: turn.now)
        events.append(event)
        switch event.body {
        case .again, .patch: waves = nil
        default: break
        }
        guard let task = event.task else { return }
        touched.append(task)
        limitScheduling(task, event.body)
        switch event.body {
        case .taskFailed, .taskSkipped, .taskCancelled:
            if (state.scope(task.scope)?.failed ?? 0) > 0 { newFailures.insert(task.scope) }
            taskEnded(task)
        case .taskCompleted:
            taskEnded(task)
        default: break
        }
        if !state.phases.isEmpty { followPhase(of: task) }
    }

    private mutating func taskEnded(_ task: TaskRef) {
        if task.scope != 0 { changedScopes.append(task.scope) }
        followWave(of: task)
        if let group = state.groupRef(of: task) { changedGroups.insert(group) }
    }

    mutating func emit(_ task: TaskRef, _ body: Event.Body, actor: String? = nil) {
        emit(Event(task: task, actor: actor, body: body))
    }

    /// Answers one command.
    mutating func handle(_ command: Command, in turn: Turn) throws(Refusal) {
        self.turn = turn
        switch command {
        case .taskCompleted(let task, let fence, let output, let log):
            if completesLate(task, fence, output.value) { break }
            try finishAttempt(task, fence)
            complete(task, output, log)
        case .checked(let task, let fence, let evidence):
            try finishChecks(task, fence)
            checked(task, evidence)
        case .taskFailed(let task, let fence, let error, _) where isChecking(task, fence):
            try finishChecks(task, fence)
            checksFailed(task, error)
        case .attemptLost(let task, let fence, let isRelease) where isChecking(task, fence):
            try finishChecks(task, fence)
            checksLost(task, isRelease: isRelease)
        case .taskFailed(let task, let fence, let error, let log):
            try finishAttempt(task, fence)
            attemptFailed(task, error, log)
        case .attemptTimedOut(let task, let fence):
            try finishAttempt(task, fence)
            effects.append(.stopAttempt(task: task, fence: fence, isKilled: false))
            attemptFailed(task, timeoutError(task), nil)
        case .attemptLost(let task, let fence, let isRelease):
            try finishAttempt(task, fence)
            attemptLost(task, isRelease)
        case .starve(let task, let fence, let cost):
            try finishAttempt(task, fence)
            emit(task, .step(.starved(cost)))
            handBack(task)
        case .awaitAnswer(let task, let fence, let until):
            try finishAttempt(task, fence)
            awaitAnswer(task, until: until)
        case .askForCall(let task, let fence, let approval):
            try finishAttempt(task, fence)
            askForCall(task, approval)
        case .handBack(let task, let fence):
            try finishAttempt(task, fence)
            handBack(task)
        case .itemsLoaded(let task, let fence, let items):
            try itemsLoaded(task, fence, items)
        case .agentsChosen(let task, let fence, let choice):
            try agentsChosen(task, fence, choice)
        case .reloadItems(let task):
            reloadItems(task)
        case .childStarted(let task, let fence, let answer):
            try childStarted(task, fence, answer)
        case .childEnded(let task, let run, let end):
            childEnded(task, run, end)
        case .signal(let signal):
            try receive(signal)
        case .signalSent(let task, let fence, let delivered):
            try signalSent(task, fence, delivered)
        case .update(let change):
            try update(change)
        case .begin:
            begin()
        case .proceed:
            proceed()
        case .timerFired(let task, let kind):
            timerFired(task, kind)
        case .person(let task, let request, let action):
            try person(task, request, action)
        case .pause(let reason):
            try pause(reason)
        case .resume:
            try resume()
        case .goOn(let all):
            goOn(all: all)
        case .served(let task, let fence, let recorded):
            guard state.has(task), state[task].fence == fence, !state.status.isTerminal else { throw .leaseLost }
            if state[task].status == .running { effects.append(.attemptEnded(task: task, fence: fence)) }
            serve(task, recorded.outcome)
        case .retry(let names):
            try retry(names)
        case .rerun(let node):
            try rerun(from: node)
        case .cancel(let reason, let compensate):
            try cancel(reason, compensate: compensate)
        case .cancelTask(let name, let reason):
            try cancelTask(name, reason: reason)
        case .terminate(let reason):
            try terminate(reason)
        case .supervise(let order):
            try supervise(order.finding)
        case .rollBack(let phase):
            try rollBack(to: phase)
        case .patch(let command):
            try patch(command)
        }
        propagate()
    }

    /// An executor takes a ready task. The caller made sure that one is free.
    mutating func start(_ task: TaskRef, worker: String) {
        if state.status == .waiting { emit(Event(body: .runResumed)) }
        let now = state[task]
        if now.status == .verifying {
            emit(task, .verification(.dispatched(fence: now.fence + 1, worker: worker)))
        } else {
            emit(task, .taskStarted(attempt: now.attempts + 1, fence: now.fence + 1, worker: worker))
        }
    }

    /// Writes down that a task could not start in this turn.
    mutating func queue(_ task: TaskRef) {
        // It may have been cancelled since, with the pass or item it belongs to.
        guard state.has(task), state[task].status == .blocked else { return }
        emit(task, .taskReady(.queued))
    }

    /// The task may be started now: offered and not stopped since.
    mutating func canStart(_ task: TaskRef) -> Bool {
        guard [.running, .waiting, .compensating].contains(state.status), state.has(task) else { return false }
        // What is checked has begun: a failure elsewhere does not keep it from its end.
        if state[task].status == .verifying { return state.awaitsChecks(task) && !isHeld }
        return (state[task].status == .blocked || state.isStartable(task)) && mayBegin(task)
    }

    private mutating func finishAttempt(_ task: TaskRef, _ fence: Int64) throws(Refusal) {
        guard state.has(task), state[task].status == .running, state[task].fence == fence, !state.status.isTerminal
        else { throw .leaseLost }
        effects.append(.attemptEnded(task: task, fence: fence))
    }

    private func isChecking(_ task: TaskRef, _ fence: Int64) -> Bool {
        state.has(task) && state.isChecking(task, fence)
    }

    private mutating func finishChecks(_ task: TaskRef, _ fence: Int64) throws(Refusal) {
        guard isChecking(task, fence), !state.status.isTerminal else { throw .leaseLost }
        effects.append(.attemptEnded(task: task, fence: fence))
    }

    private mutating func attemptLost(_ task: TaskRef, _ isRelease: Bool) {
        if state.node(task).isNonIdempotent {
            let error = TaskError(
                code: "attempt.lost",
                errorClass: .permanent,
                message: "the process ended during the call, which may have taken effect; it is not repeated because "
                    + "the node says idempotency: none"
            )
            giveUp(task, error, nil)
        } else if isRelease {
            emit(task, .taskReady(.released))
            effects.append(.offer(task: task))
        } else {
            executorDied(task)
        }
    }

    func timeoutError(_ task: TaskRef) -> TaskError {
        let limit = state.node(task).timeout?.text ?? "its total timeout"
        let isRepeatable = !state.node(task).isNonIdempotent
        return TaskError(
            code: "timeout",
            errorClass: isRepeatable ? .transient : .permanent,
            message: "the attempt took longer than \(limit)"
                + (isRepeatable
                    ? "" : " and may have taken effect; it is not repeated because the node says idempotency: none")
        )
    }

    /// A value made in the turn, as a payload; a large one has to be durable before an event names it.
    mutating func payload(_ value: JSONValue) -> Payload {
        let (payload, bytes) = Payload.of(value)
        if let bytes { effects.append(.store(bytes: bytes)) }
        return payload
    }
}
