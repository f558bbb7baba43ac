// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// What came to a run from outside, in order: results of attempts, answers of people, times that came, what people
/// asked of it. Everything else the engine computes from that.
struct Recording: Sendable {
    /// What a task that is not computed by the engine came to.
    enum Outcome: Sendable, Equatable {
        case completed(Payload, log: BlobRef?)
        /// It took the output that another run had put into the cache.
        case cached(Payload, from: RunID)
        /// `unit` is the random draw behind the wait before the next attempt, if there was one.
        case failed(TaskError, log: BlobRef?, unit: Double)
        case skipped(SkipReason)
        /// The executor died or handed the attempt back.
        case lost(isRelease: Bool)
        /// The executor died, as several before it, and a person had to look at the task.
        case poisoned(crashes: Int)
        /// Its output could not be judged, so that a person had to.
        case unverified(log: BlobRef?)
        /// A person had it tried again after its attempts were used up.
        case resumed(guidance: String?)
    }

    /// One thing that came from outside.
    enum Entry: Sendable {
        case start(TaskName, worker: String)
        /// The run might begin.
        case begin
        /// `isStarted` is false for what came without a start: from the cache, or by hand when a run was forked.
        case outcome(TaskName, Outcome, isStarted: Bool)
        /// What a person decided about a task that could not go on.
        case review(TaskName, Outcome)
        case pause(reason: String?, actor: String?)
        case resume(actor: String?)
        case cancel(reason: String?, isTerminated: Bool, actor: String?)
        /// One task was cancelled by itself, before or after its attempt had started.
        case cancelTask(TaskName, reason: String?, isStarted: Bool, actor: String?)
        case update(RunUpdate, actor: String?)
        /// Tasks were begun anew, by a retry or a rerun.
        case again([TaskName], forced: [TaskName], actor: String?)
        /// Agents were chosen for a task.
        case formed(TaskName, AgentChoice)
        /// The graph became another one, or what waited for that goes on.
        case patch(PatchEvent, actor: String?)

        /// The task it is about.
        var task: TaskName? {
            switch self {
            case .start(let name, _), .outcome(let name, _, _), .review(let name, _), .cancelTask(let name, _, _, _),
                .formed(let name, _):
                name
            case .begin, .pause, .resume, .cancel, .update, .again, .patch: nil
            }
        }
    }

    /// What came in one turn.
    struct Turn: Sendable {
        var at: Timestamp
        var entries: [Entry] = []
    }

    private(set) var turns: [Turn] = []
    /// The origin, folded along.
    private(set) var state: RunState
    /// Tasks that take an output from the cache.
    private var cached: [TaskRef: RunID] = [:]
    private var started: Set<TaskRef> = []

    /// Begins with the first state of the origin that is recorded.
    init(from state: RunState) {
        self.state = state
    }

    /// Takes in what became durable together.
    mutating func add(_ events: some Sequence<Event>, at now: Timestamp, leavingOutResets: Bool = false) {
        var turn = Turn(at: now)
        for event in events {
            if let entry = entry(event) {
                if case .again = entry, leavingOutResets {} else { turn.entries.append(entry) }
            }
            state.fold(event, at: now)
        }
        turns.append(turn)
    }

    private mutating func entry(_ event: Event) -> Entry? {
        guard let task = event.task, state.has(task) else { return control(event) }
        let name = state.taskName(of: task)
        if case .taskCancelled(let reason) = event.body, reason.isRequest {
            let isStarted = started.remove(task) != nil
            return .cancelTask(name, reason: reason.requestedReason, isStarted: isStarted, actor: event.actor)
        }
        if case .team(.formed(let agents, let basis)) = event.body {
            return basis.isNull ? nil : .formed(name, AgentChoice(agents: agents, basis: basis))
        }
        if state[task].status == .needsReview { return outcome(event.body, task).map { .review(name, $0) } }
        guard state.node(task).kind.isServed else { return nil }
        if isStart(event.body) {
            guard started.insert(task).inserted else { return nil }
            guard case .taskStarted(_, _, let worker) = event.body else { return .start(name, worker: "recording") }
            return .start(name, worker: worker)
        }
        if case .again(.cached(let run)) = event.body { cached[task] = run }
        guard let outcome = outcome(event.body, task) else { return nil }
        return .outcome(name, outcome, isStarted: started.remove(task) != nil)
    }

    private func isStart(_ body: Event.Body) -> Bool {
        switch body {
        case .taskStarted, .taskWaiting, .signal(.awaited): true
        case .human(.opened(let request)): request.purpose == .node
        default: false
        }
    }

    private mutating func outcome(_ body: Event.Body, _ task: TaskRef) -> Outcome? {
        switch body {
        case .taskReady(.lost): return .lost(isRelease: false)
        case .taskReady(.released): return .lost(isRelease: true)
        case .taskCompleted(let output, _, let log):
            return cached.removeValue(forKey: task).map { .cached(output, from: $0) } ?? .completed(output, log: log)
        case .taskFailed(let error, _, let log): return .failed(error, log: log, unit: 0)
        case .taskRetrying(let error, _, let unit, let log): return .failed(error, log: log, unit: unit)
        // Other reasons are the engine's own.
        case .taskSkipped(.human, _): return .skipped(.human)
        case .review(.opened(.exhausted, let error?, let log)), .review(.exhausted(let error, let log)):
            return .failed(error, log: log, unit: 0)
        case .review(.opened(.unverified, _, let log)): return .unverified(log: log)
        case .review(.poisoned(let crashes)): return .poisoned(crashes: crashes)
        case .review(.resumed(let guidance)): return .resumed(guidance: guidance)
        case .taskCancelled:
            started.remove(task)
            return nil
        default: return nil
        }
    }

    private mutating func control(_ event: Event) -> Entry? {
        switch event.body {
        case .runStarted: return .begin
        case .runPaused(let reason): return .pause(reason: reason, actor: event.actor)
        case .runResumed where event.actor != nil: return .resume(actor: event.actor)
        case .runCancelled(let reason, let isTerminated):
            return .cancel(reason: reason, isTerminated: isTerminated, actor: event.actor)
        case .runUpdated(let update): return .update(update, actor: event.actor)
        case .patch(let patch): return .patch(patch, actor: event.actor)
        case .again(.reset(let places, let forced)):
            for place in places { state.task(at: place).map { _ = started.remove($0) } }
            func names(_ places: [AgainEvent.Place]) -> [TaskName] {
                places.compactMap { state.task(at: $0) }.map { state.taskName(of: $0) }
            }
            return .again(names(places), forced: names(forced), actor: event.actor)
        default: return nil
        }
    }

    /// Only what tasks of these nodes of the graph itself, and those within, came to since they last began anew; what
    /// people asked of the run is left out.
    func only(_ nodes: Set<String>) -> Recording {
        let graph = state.graph
        var result = self
        var begin: [String: Int] = [:]
        for (index, turn) in turns.enumerated() {
            for case .again(let names, _, _) in turn.entries {
                for name in names where name.place.isEmpty { begin[name.node] = index }
            }
        }
        for index in turns.indices {
            result.turns[index].entries.removeAll { entry in
                guard let name = entry.task else { return true }
                let node = graph.outermost(name.node)
                return !nodes.contains(node) || index < begin[node] ?? 0
            }
        }
        result.turns.removeAll(where: \.entries.isEmpty)
        return result
    }

    /// What each task came to, attempt by attempt, since it last began anew.
    var outcomes: [TaskName: [Outcome]] {
        var result: [TaskName: [Outcome]] = [:]
        for turn in turns {
            for entry in turn.entries {
                switch entry {
                // Who replays has executors of its own, which may die.
                case .outcome(_, .lost, _): break
                case .outcome(let name, let outcome, _): result[name, default: []].append(outcome)
                case .again(let names, _, _):
                    let nodes = Set(names.map(\.node))
                    for name in result.keys where nodes.contains(state.graph.outermost(name.node)) {
                        result[name] = nil
                    }
                default: break
                }
            }
        }
        return result
    }
}

extension Graph.NodeKind {
    /// Its result comes from outside the engine, so that a replay takes it from the recording.
    var isServed: Bool { !isAbsorbed && repeatedBody == nil }

    /// It waits without an attempt.
    var isWait: Bool {
        switch self {
        case .human, .waitFor, .waitUntil, .waitSignal: true
        default: false
        }
    }
}

extension RunGraph {
    /// The node of the graph itself in which another one stands; itself, when it stands in none.
    func outermost(_ id: String) -> String {
        guard var node = index(of: id) else { return id }
        while body(of: node) != 0 {
            guard let owner = nodes.indices.first(where: { repeatedBody(of: $0) == body(of: node) }) else { return id }
            node = owner
        }
        return nodes[node].id
    }
}
