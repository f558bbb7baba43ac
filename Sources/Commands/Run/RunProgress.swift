// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model

/// What a run is doing, as far as a person who watches wants to know: the fold of its events.
struct RunProgress {
    /// Something that just happened.
    struct Step: Equatable {
        enum Mark: String {
            case done = "✓"
            case failed = "✗"
            case skipped = "↷"
            case waiting = "⏸"
            case retry = "↻"
            case info = "·"
        }

        let at: Timestamp
        /// The spelling of the event.
        let type: String
        let mark: Mark
        /// The node; `nil` for the run.
        let node: String?
        var note = ""
        /// Worth a line where running tasks are shown anyway.
        var isNews = true
    }

    /// A task that has begun and not ended.
    struct OpenTask: Equatable {
        enum Stage: Equatable {
            case running
            case retrying(until: Timestamp)
            case timer(until: Timestamp)
            case person(HumanTaskID)
            case signal(String)
            case child(RunID)
        }

        let name: String
        var stage: Stage
        /// When its first attempt started, or its wait began.
        let since: Timestamp
        var attempt: Int
    }

    /// Ids of nodes, by index.
    private var names: [String]
    /// How many of them stand in the graph itself.
    private(set) var allTasks: Int
    /// The passes and items that lead to a scope.
    private var places: [Int: [Int]] = [:]
    private(set) var status = RunStatus.queued
    private(set) var waitReason: WaitReason?
    private(set) var tasks: [TaskRef: OpenTask] = [:]
    private var endedTasks: Set<TaskRef> = []
    /// Tasks that no worker serves.
    private(set) var unserved: Set<TaskRef> = []
    /// How many tasks of the graph itself ended.
    var ended: Int { endedTasks.count }
    private var began: Timestamp?

    /// - Parameters:
    ///   - names: Ids of the nodes, by index; those of bodies come last.
    ///   - count: How many of them stand in the graph itself.
    init(names: [String], count: Int) {
        self.names = names
        allTasks = count
    }

    init(_ graph: RunGraph) {
        self.init(names: graph.nodes.map(\.id), count: graph.definition.nodes.count)
    }

    /// Learns what rollbacks and patches made of the graph.
    mutating func know(_ graph: RunGraph) {
        allTasks = graph.definition.nodes.count
        guard graph.nodes.count > names.count else { return }
        names = graph.nodes.map(\.id)
    }

    /// Learns the names of nodes that a server told.
    mutating func know(_ names: [String]) { self.names = names }

    /// Open tasks by position.
    var openTasks: [OpenTask] { tasks.sorted { $0.key < $1.key }.map(\.value) }

    /// When the next retry or timer is due.
    var nextDue: Timestamp? {
        tasks.values.compactMap { task in
            switch task.stage {
            case .retrying(let until), .timer(let until): until
            case .running, .person, .signal, .child: nil
            }
        }.min()
    }

    /// Nothing goes on before a person answers or a signal comes, or not for more than a minute.
    ///
    /// - Parameter childNeedsPerson: Whether a run that this one waits for is in that state.
    func needsPerson(now: Timestamp, childNeedsPerson: (RunID) -> Bool) -> Bool {
        if status == .compensating {
            return !tasks.isEmpty && tasks.values.allSatisfy { if case .person = $0.stage { true } else { false } }
        }
        guard status == .waiting, let waitReason else { return false }
        let isQuiet = nextDue.map { $0 - now > .seconds(60) } ?? true
        switch waitReason {
        case .human, .signal: return isQuiet
        case .external: return isQuiet && children.allSatisfy(childNeedsPerson)
        case .timer, .retry, .budget: return false
        }
    }

    /// Nothing goes on before a budget is raised or a new period begins.
    var needsMoney: Bool { status == .waiting && waitReason == .budget && nextDue == nil }

    /// Runs that this one waits for.
    private var children: [RunID] {
        tasks.values.compactMap { task in
            if case .child(let run) = task.stage { return run }
            return nil
        }
    }

    /// Nothing is worked on.
    var isIdle: Bool {
        !tasks.values.contains { if case .running = $0.stage { true } else { false } }
    }

    /// Takes an event in and says what is worth telling, if anything.
    mutating func apply(_ event: Event, at: Timestamp) -> Step? {
        guard let task = event.task, !event.body.type.rawValue.hasPrefix("run.") else { return applyRun(event, at) }
        return applyTask(event.body, task, at)
    }

    // MARK: The run

    private mutating func applyRun(_ event: Event, _ at: Timestamp) -> Step? {
        let by = event.actor.map { "by \($0)" } ?? ""
        switch event.body {
        case .runQueued:
            began = at
            return step(at, event, .info, "", isNews: false)
        case .runStarted:
            status = .running
            return step(at, event, .info, "", isNews: false)
        case .runResumed:
            (status, waitReason) = (.running, nil)
            return step(at, event, .info, by, isNews: !by.isEmpty)
        case .runWaiting(let reason):
            (status, waitReason) = (.waiting, reason)
            return step(at, event, .waiting, waitNote(reason, at), isNews: false)
        case .runPaused(let reason):
            status = .paused
            return step(at, event, .waiting, Self.joined(by, reason))
        case .runCompleted: return end(.completed, event, at, .done, "")
        case .runFailed(let error): return end(.failed, event, at, .failed, error.description)
        case .runCancelled(let reason, let isTerminated):
            let how = isTerminated ? Self.joined("terminated", by) : by
            return end(.cancelled, event, at, .failed, Self.joined(how, reason))
        case .again(let again): return apply(again, event, at, by)
        case .compensation(let compensation): return applyRollback(compensation, event, at, by)
        case .phase(.changed(let id, let status)):
            return step(at, event, status == .failed ? .failed : .info, id, isNews: false)
        case .patch(let patch): return step(at, event, patch.mark, patch.note)
        case .human(let human): return step(at, event, human.mark, human.note, isNews: human.isNews)
        case .group(let group): return step(at, event, .info, group.group.name, isNews: false)
        case .supervision(.stuck): return step(at, event, .failed, "nothing has happened for minutes")
        case .pattern(let pattern): return step(at, event, .info, "\(pattern.name), seen \(pattern.count) times")
        default: return nil
        }
    }

    private mutating func apply(_ again: AgainEvent, _ event: Event, _ at: Timestamp, _ by: String) -> Step? {
        switch again {
        case .forked(let fork):
            (status, waitReason, began, tasks) = (.running, nil, at, [:])
            let derivation = fork.derivation
            return step(at, event, .info, "of \(derivation.origin) after event \(derivation.sequence)")
        case .reopened:
            (status, waitReason) = (.running, nil)
            return step(at, event, .retry, by)
        case .reset(let places, _):
            for place in places {
                guard let node = names.firstIndex(of: place.node) else { continue }
                let task = TaskRef(scope: place.scope, node: node)
                tasks[task] = nil
                endedTasks.remove(task)
            }
            let some = places.prefix(5).map(\.node).joined(separator: ", ")
            return step(at, event, .retry, some + (places.count > 5 ? " and \(places.count - 5) more" : ""))
        case .cached: return nil
        }
    }

    private mutating func applyRollback(
        _ compensation: CompensationEvent,
        _ event: Event,
        _ at: Timestamp,
        _ by: String
    ) -> Step? {
        switch compensation {
        case .runCompensating(let phase):
            (status, waitReason) = (.compensating, nil)
            return step(at, event, .info, Self.joined(by, phase.map { "to \($0)" }))
        case .runCompensated: return end(.compensated, event, at, .done, "")
        case .runCompensationFailed(let error):
            return end(.compensationFailed, event, at, .failed, error.description)
        default: return nil
        }
    }

    private mutating func end(
        _ status: RunStatus,
        _ event: Event,
        _ at: Timestamp,
        _ mark: Step.Mark,
        _ note: String
    ) -> Step {
        self.status = status
        tasks = [:]
        let span = began.map { "(\(TimeText.span(at - $0)))" } ?? ""
        return step(at, event, mark, Self.joined(span, note), isNews: false)
    }

    private func waitNote(_ reason: WaitReason, _ at: Timestamp) -> String {
        guard reason == .timer || reason == .retry, let due = nextDue else {
            switch reason {
            case .signal: return "for a signal"
            case .external: return "for another run"
            case .budget: return "for money: see `baton run explain`"
            case .human, .timer, .retry: return "for a person"
            }
        }
        return "until \(TimeText.clock(due)) (\(TimeText.span(due - at)))"
    }

    private func step(
        _ at: Timestamp,
        _ event: Event,
        _ mark: Step.Mark,
        _ note: String,
        isNews: Bool = true
    ) -> Step {
        Step(at: at, type: event.body.type.rawValue, mark: mark, node: nil, note: note, isNews: isNews)
    }

    // MARK: Tasks

    private mutating func applyTask(_ body: Event.Body, _ task: TaskRef, _ at: Timestamp) -> Step? {
        func step(_ mark: Step.Mark, _ note: String, isNews: Bool = true) -> Step {
            Step(at: at, type: body.type.rawValue, mark: mark, node: name(task), note: note, isNews: isNews)
        }
        if body == .taskReady(.unserved) { unserved.insert(task) } else { unserved.remove(task) }
        switch body {
        case .taskStarted(let attempt, _, _):
            open(task, .running, at, attempt: attempt)
            return step(.info, attempt > 1 ? "attempt \(attempt)" : "", isNews: false)
        case .taskCompleted(_, let routing, _):
            return step(.done, Self.joined(close(task, at), routing.chosen.map { "→ \($0)" }))
        case .taskFailed(let error, _, _): return step(.failed, Self.joined(close(task, at), error.description))
        case .taskRetrying(let error, let next, _, _):
            open(task, .retrying(until: next), at)
            return step(.retry, "again at \(TimeText.clock(next)) (\(TimeText.span(next - at))): \(error)")
        case .taskWaiting(let until):
            open(task, .timer(until: until), at)
            return step(.waiting, "until \(TimeText.clock(until)) (\(TimeText.span(until - at)))")
        case .taskSkipped(let reason, _):
            _ = close(task, at)
            return step(.skipped, "(\(reason.rawValue))")
        case .taskCancelled(let reason):
            return step(.failed, Self.joined(close(task, at), "cancelled (\(reason))"))
        case .taskReady(let reason):
            if reason == .lost || reason == .released { tasks[task] = nil }
            return reason == .queued
                ? nil : step(.info, "(\(reason.rawValue))", isNews: reason == .lost || reason == .unserved)
        case .again(.cached(let run)): return step(.info, "from the cache: \(run)", isNews: false)
        case .signal(.awaited(let type, _, _)):
            open(task, .signal(type), at)
            return step(.waiting, "for a signal: \(type)")
        case .child(.started(let run, isDetached: false)):
            open(task, .child(run), at)
            return step(.info, "\(run)", isNews: false)
        case .compensation(.taskCompensated): return step(.done, "undone")
        case .compensation(.recorded(_, isLate: true, _)): return step(.info, "completed after it was cancelled")
        case .human(let event):
            if case .opened(let request) = event { open(task, .person(request.id), at) }
            return step(event.mark, event.note, isNews: event.isNews)
        case .review(.resumed(let guidance)):
            tasks[task] = nil
            return step(.retry, guidance ?? "")
        case .supervision: return step(.info, "no worker serves it")
        case .deadLetter(.added(let letter)): return step(.failed, "queue \(letter.queue) gave it up", isNews: false)
        case .review(let event): return step(.failed, event.note, isNews: event.isNews)
        case .verification(let event):
            if event.isWork { open(task, .running, at) }
            return step(event.mark, event.note, isNews: event.isNews)
        case .loop(let event): return applyLoop(event, task, at)
        case .map(let event): return applyMap(event, task, at)
        case .team(let event): return applyTeam(event, task, at)
        default: return nil
        }
    }

    private mutating func applyLoop(_ event: LoopEvent, _ task: TaskRef, _ at: Timestamp) -> Step? {
        guard case .iterationStarted(let scope, let number) = event else { return nil }
        places[scope] = (places[task.scope] ?? []) + [number]
        if number > 0 { open(task, .running, at) }
        return nil
    }

    private mutating func applyMap(_ event: MapEvent, _ task: TaskRef, _ at: Timestamp) -> Step? {
        switch event {
        case .itemsStarted(let first, let count, let scope):
            for offset in 0..<count { places[scope + offset] = (places[task.scope] ?? []) + [first + offset] }
        case .itemCompleted(let scope, _): places[scope] = nil
        case .itemFailed(let scope, let error):
            let item = places.removeValue(forKey: scope)?.last ?? 0
            return Step(
                at: at,
                type: Event.Body.map(event).type.rawValue,
                mark: .failed,
                node: name(task),
                note: "item \(item): \(error)"
            )
        case .expanded, .chunkSealed: break
        }
        return nil
    }

    private mutating func applyTeam(_ event: TeamEvent, _ task: TaskRef, _ at: Timestamp) -> Step? {
        switch event {
        case .formed(let agents, let basis):
            return Step(
                at: at,
                type: Event.Body.team(event).type.rawValue,
                mark: .info,
                node: name(task),
                note: "\(agents.joined(separator: ", "))\(basis.isNull ? "" : " (chosen)")",
                isNews: !basis.isNull
            )
        case .seatsStarted(let first, let count, let scope):
            for offset in 0..<count { places[scope + offset] = (places[task.scope] ?? []) + [first + offset] }
        case .seatCompleted(let scope), .seatFailed(let scope, _): places[scope] = nil
        case .decided: break
        }
        return nil
    }

    private mutating func open(_ task: TaskRef, _ stage: OpenTask.Stage, _ at: Timestamp, attempt: Int? = nil) {
        let known = tasks[task]
        tasks[task] = OpenTask(
            name: name(task),
            stage: stage,
            since: known?.since ?? at,
            attempt: attempt ?? known?.attempt ?? 1
        )
    }

    /// Takes an open task away; how long it took.
    private mutating func close(_ task: TaskRef, _ at: Timestamp) -> String {
        if task.scope == 0 { endedTasks.insert(task) }
        guard let open = tasks.removeValue(forKey: task) else { return "" }
        return "(\(TimeText.span(at - open.since)))"
    }

    private func name(_ task: TaskRef) -> String {
        let id = names.indices.contains(task.node) ? names[task.node] : "#\(task.node)"
        guard let place = places[task.scope] else { return id }
        return id + "[" + place.map(String.init).joined(separator: ".") + "]"
    }

    private static func joined(_ parts: String?...) -> String {
        parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
