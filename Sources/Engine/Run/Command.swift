// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import Model

/// Something asked of a run. The machine answers with events, or refuses.
public enum Command: Sendable {
    /// The run may begin.
    case begin
    /// An executor finished an attempt. `log` names what its programs wrote.
    case taskCompleted(task: TaskRef, fence: Int64, output: Payload, log: BlobRef?)
    /// An executor's attempt failed.
    case taskFailed(task: TaskRef, fence: Int64, error: TaskError, log: BlobRef?)
    /// The attempt took longer than its node allows.
    case attemptTimedOut(task: TaskRef, fence: Int64)
    /// The executor of an attempt died, lost its lease, or handed it back.
    case attemptLost(task: TaskRef, fence: Int64, isRelease: Bool)
    /// An executor made checks of an output, as far as they had to be made; these have not been written down yet.
    case checked(task: TaskRef, fence: Int64, [CheckEvidence])
    /// The next call of an attempt costs more than there is room for: the attempt ends, and another one follows.
    case starve(task: TaskRef, fence: Int64, CallCost)
    /// A call of an attempt is answered later: the attempt ends, and another one follows then.
    case awaitAnswer(task: TaskRef, fence: Int64, until: Timestamp)
    /// A call of an attempt needs approval: the attempt ends, and another one follows when a person decided.
    case askForCall(task: TaskRef, fence: Int64, PreparedApproval)
    /// Whoever has the task has not done it and hands it back.
    case handBack(task: TaskRef, fence: Int64)
    /// The items of a map that are in a blob: as they were read, or why they could not be.
    case itemsLoaded(task: TaskRef, fence: Int64, Result<ItemsRead, TaskError>)
    /// The agents that a task needs: who they are, or why there are none.
    case agentsChosen(task: TaskRef, fence: Int64, Result<AgentChoice, TaskError>)
    /// Read the items of a map again, or choose agents again, because the process that did has died.
    case reloadItems(task: TaskRef)
    /// Go on with loops and maps that gave way to others.
    case proceed
    /// The run that a task asked for was started, or why it could not be.
    case childStarted(task: TaskRef, fence: Int64, Result<RunID, TaskError>)
    /// A run that this one started has ended.
    case childEnded(task: TaskRef, run: RunID, ChildEnd)
    /// A signal came.
    case signal(RunSignal)
    /// The signal that a task sent went to that many runs.
    case signalSent(task: TaskRef, fence: Int64, delivered: Int)
    /// Change something about the run.
    case update(RunUpdate)
    /// A point in time came.
    case timerFired(task: TaskRef, kind: TimerKind)
    /// A person did something with a request.
    case person(task: TaskRef, request: HumanTaskID, PersonAction)
    /// Stop starting work.
    case pause(reason: String?)
    /// Go on.
    case resume
    /// Nothing above the run holds it any more: what was held back goes on, with `all` also what waits for an executor.
    case goOn(all: Bool)
    /// What the run that this one replays had recorded for a task.
    case served(task: TaskRef, fence: Int64, RecordedOutcome)
    /// Make new attempts of tasks that failed or were skipped; of all that failed, when none is named.
    case retry([TaskName])
    /// Do a task again, and everything after it, in a run that failed or was cancelled.
    case rerun(from: String)
    /// Stop for good; then undo what was done, if asked to.
    case cancel(reason: String?, compensate: Bool = false)
    /// Stop one task for good; the run goes on.
    case cancelTask(TaskName, reason: String?)
    /// Change the graph of the run.
    case patch(PatchCommand)
    /// Stop for good, at once, and undo nothing.
    case terminate(reason: String?)
    /// Do what the supervisor found.
    case supervise(SupervisorOrder)
    /// Undo what a run did that has ended: all, or what completed after that phase.
    case rollBack(to: String?)
}

/// What the supervisor wants done.
public struct SupervisorOrder: Sendable {
    let finding: Supervisor.Finding
}

/// What a task of a run that is replayed had come to.
public struct RecordedOutcome: Sendable {
    let outcome: Recording.Outcome
}

/// What a blob of JSON lines held, one item a line.
public struct ItemsRead: Sendable, Equatable {
    /// The items as a list, and the blob they are in.
    var payload: Payload
}

/// Everything a machine may know besides its state and the command.
public struct Turn: Sendable {
    /// The time of the turn; all its events carry it.
    public var now: Timestamp
    /// Who asks: `user:NAME`, or `nil` for the engine itself.
    public var actor: String?
    /// Random bits; jitter and ids come from here.
    public var entropy: UInt64
}

/// What a turn asks of the shell besides storing its events. Everything here can be derived from the state again.
enum Effect: Sendable {
    /// May be started as soon as an executor is free.
    case offer(task: TaskRef)
    /// Begin, if nothing is against it; answer with `begin`.
    case askToBegin
    /// Does not wait for a permit any more.
    case withdraw(task: TaskRef)
    /// The attempt has to stop, `isKilled` without time for that; its result will be refused.
    case stopAttempt(task: TaskRef, fence: Int64, isKilled: Bool)
    /// The attempt is over; its permit is free.
    case attemptEnded(task: TaskRef, fence: Int64)
    /// Wake the run at that time.
    case arm(task: TaskRef, kind: TimerKind, at: Timestamp)
    /// Do not wake it any more.
    case disarm(task: TaskRef, kind: TimerKind)
    /// These bytes must be durable before the events are.
    case store(bytes: [UInt8])
    /// Read the JSON lines of a blob and answer with `itemsLoaded`.
    case loadItems(task: TaskRef, fence: Int64, blob: BlobRef)
    /// Choose agents and answer with `agentsChosen`.
    case chooseAgents(task: TaskRef, fence: Int64, Graph.Team.Match)
    /// Start a run and answer with `childStarted`, in the same turn.
    case startChild(task: TaskRef, fence: Int64, ChildOrder)
    /// Cancel a run that this one started, or with `isKilled` terminate it.
    case cancelChild(RunID, isKilled: Bool)
    /// Hand a signal to others and answer with `signalSent`, in the same turn.
    case sendSignal(task: TaskRef, fence: Int64, SignalTarget, RunSignal)
    /// The output has passed its checks: it may be used again.
    case keepOutput(task: TaskRef)
    /// Take the result of the task from the recording of the run that this one replays.
    case serve(task: TaskRef)
    /// The graph must be durable before the events that name it are.
    case storeGraph(Graph, source: [UInt8])
    /// Check the patch of that number again, which a person approved, and answer with `patch`.
    case checkPatch(Int64)
    /// There is more to do than one turn should hold; answer with `proceed` in a turn of its own.
    case giveWay
}

/// Why a command was refused. The run is as it was.
public enum Refusal: Error, Sendable, Equatable {
    /// The run is not in a status that allows it.
    case state(String)
    /// The request to people was answered, or has ended otherwise.
    case closed(String)
    /// What is asked makes no sense, in these places.
    case invalid(String, [InputViolation] = [])
    /// The attempt is not the current one any more.
    case leaseLost
}
