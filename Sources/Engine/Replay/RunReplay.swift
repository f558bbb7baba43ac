// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Computes a run again from its recording, by the clock of the recording. No executor, no store: the same recording
/// gives the same events.
struct RunReplay {
    /// What became durable together in the replay.
    struct Record: Sendable {
        var at: Timestamp
        var events: [Event]
    }

    private(set) var machine: RunMachine
    private(set) var records: [Record] = []
    /// Large values that nodes computed, which must be durable before the records are.
    private(set) var blobs: [[UInt8]] = []
    /// Recorded results that the replay did not ask for.
    private(set) var unused: [TaskName] = []
    /// Reads the items of a map.
    private let items: (BlobRef) -> Result<ItemsRead, TaskError>

    private var timers: [(task: TaskRef, kind: TimerKind, at: Timestamp)] = []
    /// What has to be told in the next turn.
    private var later: [Command] = []
    /// What was recorded before the replay was ready for it.
    private var deferred: [Recording.Entry] = []

    /// Begins with a machine that has taken its first turn but not settled it.
    init(_ machine: RunMachine, items: @escaping (BlobRef) -> Result<ItemsRead, TaskError>) {
        self.machine = machine
        self.items = items
    }

    /// Plays the recording to its end.
    mutating func play(_ recording: Recording) {
        for turn in recording.turns { play(turn) }
        // Nothing came from outside: the first turn is all there is.
        if recording.turns.isEmpty { close() }
        while !later.isEmpty && !machine.state.status.isTerminal {
            play(Recording.Turn(at: machine.turn.now))
        }
        unused = deferred.compactMap { entry in
            // What failed without a start failed in an expression, and the pass it belonged to may be over.
            if case .outcome(let name, _, isStarted: true) = entry { return name }
            return nil
        }
        guard !machine.state.status.isTerminal else { return }
        // Something waits for a result that was never recorded.
        tell(.cancel(reason: "the recording has no result for what is left"), by: nil)
        close()
    }

    private mutating func play(_ turn: Recording.Turn) {
        machine.turn.now = turn.at
        machine.turn.actor = nil
        // The order of the loop: what was told, what was put off, what came due, and then the starts.
        let commands = later
        later = []
        deferred += turn.entries
        applyDeferred { if case .start = $0 { false } else { true } }
        for command in commands { tell(command, by: nil) }
        fireTimers()
        applyDeferred { _ in true }
        close()
    }

    /// Applies what the replay is ready for.
    private mutating func applyDeferred(_ isWanted: (Recording.Entry) -> Bool) {
        let entries = deferred
        deferred = []
        for entry in entries {
            drain()
            if !isWanted(entry) || !apply(entry) { deferred.append(entry) }
        }
    }

    /// False when the replay has not come to it.
    private mutating func apply(_ entry: Recording.Entry) -> Bool {
        switch entry {
        case .start(let name, let worker): return start(name, worker)
        case .outcome(let name, let outcome, let isStarted):
            guard let task = machine.state.task(named: name) else { return false }
            switch machine.state[task].status {
            case .running, .waiting, .verifying: machine.serve(task, outcome)
            case .blocked, .ready:
                guard !isStarted, isReady(task) else { return false }
                machine.serve(unstarted: task, outcome)
            case .retrying: return false
            // The engine itself came to it, as in the origin.
            case .completed, .failed, .skipped, .cancelled, .compensated, .needsReview: break
            }
        case .review(let name, let outcome):
            guard let task = machine.state.task(named: name) else { return false }
            guard machine.state[task].status == .needsReview else { return machine.state[task].status.isTerminal }
            machine.serve(review: outcome, of: task)
        case .formed(let name, let choice):
            guard let task = machine.state.task(named: name) else { return false }
            guard machine.state.teams[task] == nil else { break }
            let now = machine.state[task]
            guard now.status == .running else { return now.status.isTerminal }
            tell(.agentsChosen(task: task, fence: now.fence, .success(choice)), by: nil)
        case .begin: tell(.begin, by: nil)
        case .pause(let reason, let actor): tell(.pause(reason: reason), by: actor)
        case .resume(let actor): tell(.resume, by: actor)
        case .cancel(let reason, false, let actor): tell(.cancel(reason: reason), by: actor)
        case .cancel(let reason, true, let actor): tell(.terminate(reason: reason), by: actor)
        case .cancelTask(let name, let reason, let isStarted, let actor):
            guard let task = machine.state.task(named: name) else { return false }
            if isStarted, [.blocked, .ready].contains(machine.state[task].status) { return false }
            tell(.cancelTask(name, reason: reason), by: actor)
        case .update(let update, let actor): tell(.update(update), by: actor)
        case .patch(let event, let actor):
            // The end of the run withdraws what is open by itself.
            if case .superseded(let number, _) = event, machine.state.patches[number]?.isOpen != true { break }
            machine.replay(event, by: actor)
        case .again(let names, let forced, let actor):
            machine.turn.actor = actor
            func tasks(_ names: [TaskName]) -> Set<TaskRef> { Set(names.compactMap { machine.state.task(named: $0) }) }
            machine.goOn(with: tasks(names), forced: tasks(forced))
        }
        return true
    }

    private mutating func start(_ name: TaskName, _ worker: String) -> Bool {
        guard let task = machine.state.task(named: name) else { return false }
        if machine.state.node(task).kind.isWait { return machine.state[task].status != .blocked }
        guard isReady(task) else { return machine.state[task].status.isTerminal }
        machine.start(task, worker: worker)
        return true
    }

    private mutating func isReady(_ task: TaskRef) -> Bool {
        guard machine.canStart(task) else { return false }
        return machine.state[task].status == .ready || machine.isOffered(task)
    }

    /// A command that does not fit has no effect, as with the origin.
    private mutating func tell(_ command: Command, by actor: String?) {
        var turn = machine.turn
        turn.actor = actor
        try? machine.handle(command, in: turn)
    }

    private mutating func fireTimers() {
        while true {
            drain()
            let due = timers.indices.filter { timers[$0].at <= machine.turn.now }.min { timers[$0].at < timers[$1].at }
            guard let due else { return }
            let timer = timers.remove(at: due)
            tell(.timerFired(task: timer.task, kind: timer.kind), by: nil)
        }
    }

    /// Ends a turn as the loop does.
    private mutating func close() {
        repeat {
            drain()
            for task in machine.offered.sorted() { machine.queue(task) }
            machine.settle()
        } while !machine.effects.isEmpty
        if !machine.events.isEmpty { records.append(Record(at: machine.turn.now, events: machine.events)) }
        machine.events = []
        machine.touched = []
    }

    private mutating func drain() {
        let effects = machine.effects
        machine.effects = []
        for effect in effects {
            switch effect {
            case .arm(let task, let kind, let at):
                timers.removeAll { $0.task == task && $0.kind == kind }
                timers.append((task, kind, at))
            case .disarm(let task, let kind): timers.removeAll { $0.task == task && $0.kind == kind }
            case .store(let bytes): blobs.append(bytes)
            case .loadItems(let task, let fence, let blob):
                later.append(.itemsLoaded(task: task, fence: fence, items(blob)))
            case .giveWay: later.append(.proceed)
            // Starts and results are recorded; nothing runs that could be stopped.
            default: break
            }
        }
    }
}
