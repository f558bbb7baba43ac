// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// Everything one run is. The fold of its events; nothing in here has another source.
public struct RunState: Sendable {
    /// The graph it runs.
    public internal(set) var graph: RunGraph
    /// The id.
    public internal(set) var id: RunID
    /// Checked inputs.
    public internal(set) var inputs: Payload
    /// The status.
    public internal(set) var status: RunStatus
    /// Set while waiting.
    public internal(set) var waitReason: WaitReason?
    /// Who paused it and why, while paused.
    public internal(set) var pause: Pause?
    /// The tasks of the graph itself.
    public internal(set) var root: Scope
    /// Instances of bodies that have not ended, by number.
    var inner: [Int: Scope] = [:]
    /// The largest number given to a scope.
    var lastScope = 0
    /// Loops and maps that have started and not ended.
    var loops: [TaskRef: LoopProgress] = [:]
    var maps: [TaskRef: MapProgress] = [:]
    /// How many tasks of all scopes have each status, by ``RunState/slot(of:)``. A loop or map does not count as
    /// running: what is in it does. Tasks of scopes that ended count where they ended.
    var counts: [Int]
    /// What can be undone, and what was.
    public internal(set) var compensations = CompensationStack()
    /// What was asked to change in the graph, and what was changed.
    public internal(set) var patches = PatchLog()
    /// How it ended before it was rolled back.
    public internal(set) var outcome: RunStatus?
    /// One for each phase of the graph.
    public internal(set) var phases: [PhaseProgress]
    /// Under `wave_mode: barrier`: the wave that events said goes on.
    var wave: Int?
    /// Evaluated outputs, once completed.
    public internal(set) var outputs: Payload?
    /// Why it failed.
    public internal(set) var error: TaskError?
    /// The task whose failure ended the run.
    public internal(set) var failedTask: TaskRef?
    /// When it was accepted.
    public internal(set) var createdAt: Timestamp
    /// When the first task could start.
    public internal(set) var startedAt: Timestamp?
    /// When it ended.
    public internal(set) var endedAt: Timestamp?
    /// It fails then.
    public internal(set) var deadline: Timestamp?
    /// The run it was made from, if it was.
    public internal(set) var derivation: Derivation?
    /// The run that started it.
    public internal(set) var parent: ParentRun?
    /// The schedule that started it.
    public internal(set) var schedule: ScheduleID?
    /// 0–1000; for nodes that have no priority of their own.
    public internal(set) var priority: Int?
    /// For people and lists.
    public internal(set) var labels: [String: String]
    /// The tenant it belongs to.
    public internal(set) var tenant: String
    /// Whose it is; `nil` for everybody's in the tenant.
    public internal(set) var owner: String?
    /// The project it belongs to.
    public internal(set) var project: String
    /// The API key that is charged for it.
    public internal(set) var apiKey: APIKeyID?
    /// What it may spend, with all that it starts.
    public internal(set) var budget: BudgetLimit
    /// Why ready tasks have not started, where it is not for want of an executor.
    var holds: [TaskRef: TaskHold] = [:]
    /// Who carries out its tasks.
    public internal(set) var execution: RunExecution
    /// Who works on tasks outside.
    public internal(set) var claims: [TaskRef: Claim] = [:]
    /// Tasks that are carried out in steps.
    var steps: [TaskRef: Steps] = [:]
    /// Agents that work together.
    var teams: [TaskRef: TeamProgress] = [:]
    /// What is known of tasks beside their outputs: `nodes.ID.info`.
    var infos: [TaskRef: JSONObject] = [:]
    /// What is known about outputs of tasks that have checks.
    var verifications: [TaskRef: Verification] = [:]
    /// What the calls of tasks cost, where they cost something.
    var costs: [TaskRef: Charge] = [:]
    /// Variables that were set from outside.
    var assigned = JSONObject()
    /// Signals that came.
    var signals = SignalBox()
    /// Runs it started without waiting for them, and what becomes of them when it ends.
    var detached: [RunID: Graph.Child.ParentClose] = [:]
    /// The number of its last event.
    public internal(set) var lastSequence: Int64

    /// Who stopped a run, and why.
    public struct Pause: Sendable, Equatable {
        /// `user:NAME`.
        public var by: String
        /// As given.
        public var reason: String?
        /// When.
        public var at: Timestamp
    }

    /// What became of an edge.
    public enum EdgeState: UInt8, Sendable {
        /// Its source has not ended.
        case unresolved
        /// The target may go on.
        case taken
        /// This way was not chosen.
        case dead
        /// The source failed.
        case broken
    }

    /// A run as its first event makes it.
    public init(origin: Event.RunOrigin, graph: RunGraph, at now: Timestamp) {
        self.graph = graph
        id = origin.id
        inputs = origin.inputs
        status = .queued
        root = Scope(owner: nil, number: 0, body: 0, in: graph)
        counts = Array(repeating: 0, count: TaskStatus.allCases.count)
        counts[Self.slot(of: .blocked)] = root.open
        phases = graph.phases.map { PhaseProgress(total: $0.nodes.count) }
        createdAt = now
        deadline = origin.deadline
        derivation = origin.derivation
        parent = origin.parent
        schedule = origin.schedule
        priority = origin.priority
        labels = origin.labels
        tenant = origin.ownership.tenant
        owner = origin.ownership.owner
        project = origin.ownership.project ?? Self.defaultProject
        apiKey = origin.ownership.apiKey
        budget = origin.budget.over(graph.definition.budget)
        execution = origin.execution
        lastSequence = 1
    }

    /// It does no work any more but that of undoing what it did.
    public var hasEnded: Bool { status.isTerminal || status == .compensating }

    /// How many tasks have that status.
    public func count(_ status: TaskStatus) -> Int {
        counts[Self.slot(of: status)]
    }

    /// How many tasks of the graph itself ended.
    public var endedTasks: Int { root.tasks.count - root.open }

    static func slot(of status: TaskStatus) -> Int {
        switch status {
        case .blocked: 0
        case .ready: 1
        case .running: 2
        case .waiting: 3
        case .retrying: 4
        case .completed: 5
        case .failed: 6
        case .skipped: 7
        case .cancelled: 8
        case .compensated: 9
        case .needsReview: 10
        case .verifying: 11
        }
    }
}

extension RunState: Equatable {
    /// Graphs are compared by hash.
    public static func == (left: Self, right: Self) -> Bool {
        left.graph.hash == right.graph.hash && left.id == right.id && left.inputs == right.inputs
            && left.status == right.status && left.waitReason == right.waitReason && left.pause == right.pause
            && left.root == right.root && left.inner == right.inner && left.lastScope == right.lastScope
            && left.loops == right.loops && left.maps == right.maps && left.teams == right.teams
            && left.infos == right.infos && left.counts == right.counts
            && left.patches == right.patches && left.compensations == right.compensations
            && left.outcome == right.outcome
            && left.phases == right.phases && left.wave == right.wave && left.outputs == right.outputs
            && left.error == right.error
            && left.failedTask == right.failedTask
            && left.createdAt == right.createdAt && left.startedAt == right.startedAt
            && left.endedAt == right.endedAt && left.deadline == right.deadline
            && left.derivation == right.derivation
            && left.parent == right.parent && left.schedule == right.schedule
            && left.priority == right.priority && left.labels == right.labels
            && left.tenant == right.tenant && left.owner == right.owner && left.project == right.project
            && left.apiKey == right.apiKey
            && left.budget == right.budget && left.execution == right.execution && left.claims == right.claims
            && left.steps == right.steps && left.verifications == right.verifications
            && left.holds == right.holds && left.costs == right.costs
            && left.assigned == right.assigned && left.signals == right.signals && left.detached == right.detached
            && left.lastSequence == right.lastSequence
    }
}
