// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// An immutable fact about a run. A run's state is the fold of its events and nothing else.
public struct Event: Sendable, Equatable {
    /// The task it is about; `nil` for facts about the run.
    public var task: TaskRef?
    /// Who caused it, for example `user:local`; `nil` means the engine itself.
    public var actor: String?
    /// What happened.
    public var body: Body

    /// Puts an event together.
    public init(task: TaskRef? = nil, actor: String? = nil, body: Body) {
        self.task = task
        self.actor = actor
        self.body = body
    }

    /// What happened, with everything the fold needs to know. Cases carry the spelling of spec 10.3 in ``type``. Only
    /// those of every task lie in the value itself, which is copied often.
    public enum Body: Sendable, Equatable {
        /// The run was accepted.
        indirect case runQueued(RunOrigin)
        /// The first tasks may start.
        case runStarted
        /// No task can go on before something happens.
        case runWaiting(WaitReason)
        /// Work goes on, after a wait or on request.
        case runResumed
        /// A person stopped it.
        case runPaused(reason: String?)
        /// Every task ended well.
        case runCompleted(outputs: Payload)
        /// A failure was left unhandled; `task` is the root cause, if one is.
        indirect case runFailed(TaskError)
        /// Stopped on request; `isTerminated` says that nothing got time for it.
        case runCancelled(reason: String?, isTerminated: Bool = false)
        /// Something about it was changed on request.
        indirect case runUpdated(RunUpdate)

        /// May start, has not yet.
        case taskReady(ReadyReason)
        /// Ready, but kept from starting.
        indirect case held(TaskHold)
        /// An executor has it: a new attempt under a new fence.
        case taskStarted(attempt: Int, fence: Int64, worker: String)
        /// Done. `routing` says which outgoing edges are not taken.
        case taskCompleted(output: Payload, routing: Routing, log: BlobRef?)
        /// Failed for good.
        indirect case taskFailed(TaskError, routing: Routing, log: BlobRef?)
        /// Failed; the next attempt starts at `next`. `unit` is the random draw behind the jitter.
        indirect case taskRetrying(TaskError, next: Timestamp, unit: Double, log: BlobRef?)
        /// A `wait` node waits until then.
        case taskWaiting(until: Timestamp)
        /// Will never run.
        case taskSkipped(SkipReason, routing: Routing)
        /// Stopped before its end.
        case taskCancelled(reason: String)

        /// A pass of a loop began or ended.
        indirect case loop(LoopEvent)
        /// Items of a map began or ended.
        indirect case map(MapEvent)
        /// Agents that work together began or ended.
        indirect case team(TeamEvent)

        /// Something is done again.
        indirect case again(AgainEvent)
        /// A run was started by this one, or ended.
        indirect case child(ChildEvent)
        /// A signal came, is waited for, or is taken.
        indirect case signal(SignalEvent)
        /// What undoes a task was recorded, or runs, or the whole run is rolled back.
        indirect case compensation(CompensationEvent)
        /// A transactional group ended.
        indirect case group(GroupEvent)
        /// A phase has a new status.
        indirect case phase(PhaseEvent)
        /// A wave began or ended, under `wave_mode: barrier`.
        indirect case wave(WaveEvent)
        /// The graph became another one, or somebody wants it to.
        indirect case patch(PatchEvent)
        /// A request to people was made, or something came of it.
        indirect case human(HumanEvent)
        /// A task that cannot go on by itself.
        indirect case review(ReviewEvent)
        /// Money was held or spent for a call, or the limit of the run was changed.
        indirect case budget(BudgetEvent)
        /// The supervisor did something about the run.
        indirect case supervision(SupervisionEvent)
        /// Somebody outside took a task, or told how far it is.
        indirect case claim(ClaimEvent)
        /// A call of an attempt began or ended.
        indirect case step(StepEvent)
        /// A task was given up.
        indirect case deadLetter(DeadLetterEvent)
        /// What the run did was done often enough to propose it.
        indirect case pattern(PatternEvent)
        /// An output is checked.
        indirect case verification(VerificationEvent)
    }

    /// Why a task is ready and not running.
    public enum ReadyReason: String, Sendable {
        /// No executor is free.
        case queued
        /// As many as may share a key with it are in flight.
        case limit
        /// No worker serves its queue and has its labels.
        case unserved
        /// Nobody outside has claimed it.
        case external
        /// The executor that had it died or lost its lease.
        case lost
        /// The executor that had it handed it back.
        case released
        /// The back-off is over.
        case retry
        /// A person said to try again.
        case review
        /// The run is paused; its condition has not been looked at.
        case paused
    }

    /// What became of the outgoing edges of a task that ended.
    public struct Routing: Sendable, Equatable {
        /// Positions of the edges that are not taken although the task's end alone would take them.
        public var dead: [Int] = []
        /// The case a branch chose.
        public var chosen: String?

        /// Every edge is taken.
        public init() {}

        init(dead: [Int], chosen: String? = nil) {
            self.dead = dead
            self.chosen = chosen
        }
    }

    /// What a run starts from.
    public struct RunOrigin: Sendable, Equatable {
        /// The run.
        public var id: RunID
        /// Name of the workflow.
        public var workflow: String
        /// Hash of the graph.
        public var graphHash: String
        /// Checked inputs, defaults filled in.
        public var inputs: Payload
        /// It fails then.
        public var deadline: Timestamp?
        /// The run whose recorded results it is served.
        public var derivation: Derivation?
        /// The run that started it.
        public var parent: ParentRun?
        /// The schedule that started it.
        public var schedule: ScheduleID?
        /// 0–1000; for nodes that have no priority of their own.
        public var priority: Int?
        /// For people and lists.
        public var labels: [String: String] = [:]
        /// Whose it is.
        public var ownership = Ownership.common
        /// What it may spend, with all that it starts; goes before what its document says.
        public var budget = BudgetLimit.none
        /// Who carries out its tasks.
        public var execution = RunExecution.auto
    }
}
