// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Drives one machine by hand: starts everything that may start, and checks after every turn that the log alone gives
/// the same state.
struct RunDriver {
    private(set) var machine: RunMachine
    /// As the document has it.
    private let graph: RunGraph
    private(set) var log: [(at: Timestamp, event: Event)] = []
    /// Texts of documents and graphs, by hash.
    private(set) var sources: [String: [UInt8]] = [:]
    private(set) var graphs: [String: Graph] = [:]
    private var checks: [Int64] = []
    /// Large values that were stored, as a blob store would hold them.
    private var blobs: [BlobRef: JSONValue] = [:]
    private(set) var timers: [(task: TaskRef, kind: TimerKind, at: Timestamp)] = []
    private(set) var stopped: [String] = []
    /// Those of them that got no time for it.
    private(set) var killed: [String] = []
    var now: Timestamp
    private var random: SeededRandom
    private var giveWays = 0
    private(set) var children: [(run: RunID, order: ChildOrder)] = []
    private(set) var cancelledChildren: [RunID] = []
    private(set) var terminatedChildren: [RunID] = []
    private(set) var sent: [(target: SignalTarget, signal: RunSignal)] = []
    private var loads: [(TaskRef, Int64, BlobRef)] = []
    /// Tasks that wait for agents to be chosen, and what is chosen.
    private(set) var choices: [(task: TaskRef, fence: Int64)] = []
    var choice: Result<AgentChoice, TaskError> = .success(AgentChoice(agents: ["ann"], basis: ["why": "test"]))
    var choosesByItself = true
    /// Large runs would take too long with them.
    var skipsLaws = false
    /// A state that was read from a snapshot and has been folded on since.
    private var restored: RunState?
    /// When false, ready tasks stay ready until ``startAll()``.
    var startsByItself = true
    /// The state of another run that this one goes on from.
    private var base: RunState?
    /// The log had so many events after each turn.
    private(set) var turnEnds: [Int] = []

    init(_ yaml: String, inputs: JSONObject = [:], seed: UInt64 = 1) throws {
        let graph = try compile(yaml)
        try self.init(graph: graph, inputs: inputs, seed: seed)
        sources[graph.hash] = Array(yaml.utf8)
    }

    init(graph: Graph, inputs: JSONObject = [:], seed: UInt64 = 1, startsByItself: Bool = true) throws {
        self.startsByItself = startsByItself
        random = SeededRandom(seed)
        now = Timestamp(milliseconds: 1_800_000_000_000)
        let origin = Event.RunOrigin(
            id: RunID(high: 1, low: seed),
            workflow: graph.name,
            graphHash: graph.hash,
            inputs: Payload(inline: .object(inputs)),
            deadline: graph.deadline.map { [now] in now + $0 }
        )
        let turn = Turn(now: now, actor: "user:test", entropy: random.next())
        self.graph = RunGraph(graph)
        machine = RunMachine.accept(origin, graph: self.graph, in: turn)
        try machine.handle(.begin, in: turn)
        try finishTurn()
    }

    /// A run that goes on from the state that another one had when its log had that many events.
    init(
        forking origin: RunDriver,
        at sequence: Int? = nil,
        from node: String? = nil,
        inputs: JSONObject? = nil,
        outputs: [String: JSONValue] = [:],
        seed: UInt64 = 99
    ) throws {
        random = SeededRandom(seed)
        now = origin.now
        (graph, blobs) = (origin.graph, origin.blobs)
        (graphs, sources) = (origin.graphs, origin.sources)
        let state = try origin.state(after: sequence ?? origin.log.count)
        let derivation = Derivation(
            kind: node == nil ? .fork : .rerun,
            origin: origin.state.id,
            sequence: state.lastSequence,
            node: node
        )
        var fork = AgainEvent.Fork(id: RunID(high: 3, low: seed), derivation: derivation)
        fork.deadline = state.graph.definition.deadline.map { [now] in now + $0 }
        fork.inputs = inputs.map { Payload(inline: .object($0)) }
        for (node, output) in outputs {
            let (payload, _) = Payload.of(output)
            fork.outputs[node] = payload
            if let blob = payload.blob { blobs[blob] = output }
        }
        base = state
        let turn = Turn(now: now, actor: "user:test", entropy: random.next())
        machine = try RunMachine.fork(state, fork, in: turn)
        try finishTurn()
    }

    /// The state when the log had that many events.
    func state(after count: Int) throws -> RunState {
        try fold(log.prefix(count))
    }

    var state: RunState { machine.state }
    var events: [Event] { log.map(\.event) }

    func task(_ name: String) -> RunState.TaskState {
        state[ref(name)]
    }

    /// The task of that name: `id`, or `id[pass.item]` within loops and maps.
    func ref(_ name: String) -> TaskRef {
        if let node = state.graph.index(of: name), state.has(TaskRef(node: node)) { return TaskRef(node: node) }
        let found = state.allTasks.first { state.name(of: $0) == name }
        return found ?? TaskRef(scope: 0, node: 0)
    }

    /// Names of the tasks that run, in order.
    var running: [String] {
        state.allTasks.filter { state[$0].status == .running && !state.node($0).kind.isContainer }
            .map { state.name(of: $0) }
    }

    /// A blob of JSON lines that nodes may name.
    mutating func store(_ lines: [JSONValue]) -> BlobRef {
        let blob = BlobRef(ofBytes: Array(lines.map(\.text).joined(separator: "\n").utf8))
        blobs[blob] = .array(lines)
        return blob
    }

    func status(_ id: String) -> TaskStatus { task(id).status }

    /// `a:completed b:skipped …` in written order.
    var statuses: String {
        zip(state.graph.bodies[0].nodes.map { state.graph.nodes[$0] }, state.root.tasks).map {
            "\($0.id):\($1.status.rawValue)"
        }.joined(separator: " ")
    }

    mutating func complete(_ id: String, _ output: JSONValue = .null) throws {
        let (payload, _) = Payload.of(output)
        if let blob = payload.blob { blobs[blob] = output }
        try send(.taskCompleted(task: ref(id), fence: task(id).fence, output: payload, log: nil))
    }

    /// An executor made checks: a word for each, `passed`, `gaps_found`, `human_needed` or `skipped`.
    mutating func check(_ id: String, _ verdicts: [Int: Verdict], details: JSONObject = [:]) throws {
        let evidence = verdicts.sorted { $0.key < $1.key }.map {
            CheckEvidence(check: $0, verdict: $1, message: $1 == .passed ? "" : "not so", details: details)
        }
        try send(.checked(task: ref(id), fence: task(id).fence, evidence))
    }

    mutating func fail(
        _ id: String,
        _ errorClass: ErrorClass = .permanent,
        code: String = "tool.failed",
        retryAfter: Duration? = nil
    ) throws {
        let error = TaskError(code: code, errorClass: errorClass, message: "as told", retryAfter: retryAfter)
        try send(.taskFailed(task: ref(id), fence: task(id).fence, error: error, log: nil))
    }

    mutating func send(_ command: Command, by actor: String? = nil) throws {
        let turn = Turn(now: now, actor: actor, entropy: random.next())
        try machine.handle(command, in: turn)
        try finishTurn()
    }

    /// Answers the open request of a task.
    mutating func answer(
        _ name: String,
        _ choice: String,
        values: JSONObject = [:],
        comment: String? = nil,
        by actor: String = "user:a"
    ) throws {
        let answer = HumanAnswer(choice: choice, values: values, comment: comment)
        try person(name, .answer(answer), by: actor)
    }

    /// Does something with the last request of a task.
    mutating func person(_ name: String, _ action: PersonAction, by actor: String = "user:a") throws {
        let id = task(name).humanTask?.id ?? HumanTaskID(high: 0, low: 0)
        try send(.person(task: ref(name), request: id, action), by: actor)
    }

    /// Asks for a patch: as a person, or as the attempt of a task.
    @discardableResult
    mutating func patch(
        _ change: PatchRequest.Change,
        by name: String? = nil,
        key: String? = nil,
        base: Int64? = nil,
        asksFirst: Bool = false
    ) throws -> PatchRecord {
        var request = PatchRequest(change, summary: "as told", base: base, key: key ?? "k\(log.count)")
        request.asksFirst = asksFirst
        let author = name.map { (task: ref($0), fence: task($0).fence) }
        let prepared = try preparation.prepare(request, by: author?.task, state)
        let submission = PatchSubmission(request: request, author: author, prepared: prepared)
        try send(.patch(PatchCommand(action: .submit(submission))), by: "user:test")
        let known = author.map { state.patchKey(request.key, of: $0.task) } ?? request.key
        return try #require(state.patches.record(key: known))
    }

    private var preparation: PatchPreparation {
        let sources = sources
        return PatchPreparation(compiler: testCompiler) { sources[$0] }
    }

    /// Goes on with another version.
    mutating func migrate(to yaml: String, renamed: [String: String] = [:]) throws {
        let graph = try compile(yaml)
        let migration = Migration(graph: graph, source: Array(yaml.utf8), renamed: renamed, key: "m\(log.count)")
        try send(.patch(PatchCommand(action: .migrate(migration))), by: "user:test")
    }

    /// Decides about a patch.
    mutating func decide(_ number: Int64, _ choice: String, by actor: String = "user:a") throws {
        let id = state.patches[number]?.review?.id ?? HumanTaskID(high: 0, low: 0)
        let answer = HumanAnswer(choice: choice)
        try send(.person(task: .run, request: id, .answer(answer)), by: actor)
    }

    /// Lets the executor of a task die.
    mutating func crash(_ name: String) throws {
        try send(.attemptLost(task: ref(name), fence: task(name).fence, isRelease: false))
    }

    /// Lets time pass and every timer on the way fire.
    mutating func advance(_ span: Duration) throws {
        let end = now + span
        while let next = timers.enumerated().min(by: { $0.element.at < $1.element.at }), next.element.at <= end {
            timers.remove(at: next.offset)
            now = max(now, next.element.at)
            try send(.timerFired(task: next.element.task, kind: next.element.kind))
        }
        now = end
    }

    mutating func startAll() throws {
        startsByItself = true
        machine.turn.now = now
        for task in state.allTasks
        where (state[task].status == .ready || state.awaitsChecks(task)) && machine.canStart(task) {
            machine.start(task, worker: "w")
        }
        try finishTurn()
    }

    private mutating func finishTurn() throws {
        var settled = false
        while !settled || !machine.effects.isEmpty {
            let effects = machine.effects
            machine.effects = []
            for effect in effects { perform(effect) }
            for task in machine.offered.sorted() { machine.queue(task) }
            machine.settle()
            settled = true
        }
        for event in machine.events {
            log.append((now, event))
            restored?.fold(event, at: now)
        }
        turnEnds.append(log.count)
        machine.events = []
        machine.touched = []
        if !skipsLaws, log.count < 3000 || log.count.isMultiple(of: 97) { try checkLaws() }
        while giveWays > 0 {
            giveWays -= 1
            try send(.proceed)
        }
        while let number = checks.popLast(), let record = state.patches[number] {
            let prepared = try preparation.prepare(again: record, state)
            try send(.patch(PatchCommand(action: .checked(number, prepared))))
        }
        if choosesByItself {
            while let (task, fence) = choices.popLast() {
                // What was asked twice is answered once.
                try? send(.agentsChosen(task: task, fence: fence, choice))
            }
        }
        while let (task, fence, blob) = loads.popLast() {
            let items = blobs[blob].map { Payload(value: $0, storedAs: blob) }
            let missing = TaskError(code: "items.unreadable", errorClass: .permanent, message: "missing")
            let result = items.map { Result<ItemsRead, TaskError>.success(ItemsRead(payload: $0)) }
            try send(.itemsLoaded(task: task, fence: fence, result ?? .failure(missing)))
        }
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .offer(let task):
            if startsByItself, machine.canStart(task) { machine.start(task, worker: "w") }
        case .arm(let task, let kind, let at):
            timers.append((task, kind, at))
        case .disarm(let task, let kind):
            timers.removeAll { $0.task == task && $0.kind == kind }
        case .stopAttempt(let task, _, let isKilled):
            stopped.append(state.node(task).id)
            if isKilled { killed.append(state.node(task).id) }
        case .loadItems(let task, let fence, let blob): loads.append((task, fence, blob))
        case .chooseAgents(let task, let fence, _): choices.append((task, fence))
        case .giveWay: giveWays += 1
        case .storeGraph(let graph, let source): (graphs[graph.hash], sources[graph.hash]) = (graph, source)
        case .checkPatch(let number): checks.append(number)
        case .startChild(let task, let fence, let order):
            let run = RunID(high: 2, low: UInt64(children.count + 1))
            children.append((run, order))
            // Answered in the same turn, as the shell does.
            try? machine.handle(.childStarted(task: task, fence: fence, .success(run)), in: machine.turn)
        case .cancelChild(let run, let isKilled):
            isKilled ? terminatedChildren.append(run) : cancelledChildren.append(run)
        case .sendSignal(let task, let fence, let target, let signal):
            sent.append((target, signal))
            try? machine.handle(.signalSent(task: task, fence: fence, delivered: 2), in: machine.turn)
        case .store(let bytes):
            if let value = try? JSONValue(parsing: bytes) {
                let (payload, _) = Payload.of(value)
                if let blob = payload.blob { blobs[blob] = value }
            }
        case .askToBegin: try? machine.handle(.begin, in: machine.turn)
        case .attemptEnded, .withdraw, .serve, .keepOutput:
            break
        }
    }

    /// What a process does that takes the run over from one that died: attempts in flight are lost.
    mutating func restart() throws {
        let isHeld = machine.isHeld
        machine = RunMachine(try foldedLog(), turn: Turn(now: now, actor: nil, entropy: random.next()))
        machine.isHeld = isHeld
        for task in state.allTasks
        where state[task].status == .running && !state.node(task).kind.isEngineRun
            || state[task].status == .verifying && state[task].worker != nil
        {
            let fence = state[task].fence
            try send(.attemptLost(task: task, fence: fence, isRelease: false))
        }
        try startAll()
    }

    /// Law 1: the state is the fold of the log, also after the log was written out and read back.
    private mutating func checkLaws() throws {
        try #require(foldedLog() == state, "the fold of the log is not the state")
        try checkSnapshot()
        try checkCauses()
    }

    /// Every open task and every open run has a cause (spec 6.8).
    private func checkCauses() throws {
        guard !state.status.isTerminal else { return }
        let explanation = Explanation(state, now: now, pauses: pauses)
        let open = state.allTasks.filter { !state[$0].status.isTerminal }
        // A patch that nothing waits behind is named beside the tasks.
        let beside = state.patches.all.count(where: \.isOpen)
        let count = explanation.waitingFor.count
        try #require((open.count...open.count + beside).contains(count), "a task waits without a cause: \(statuses)")
        for item in explanation.waitingFor { try #require(!item.cause.sentence(now: now).isEmpty) }
        let isNamed = count > 0 || state.status == .paused || !state.children.isEmpty
        try #require(isNamed, "the run is \(state.status) and waits for nothing")
        try #require(explanation.summary != state.status.rawValue, "nothing is said about the run: \(statuses)")
        guard machine.isHeld else { return }
        for task in open where state[task].status == .ready && !machine.isOffered(task) {
            guard case .paused = state.waitCause(of: task, pauses) else {
                try #require(Bool(false), "\(state.name(of: task)) is held and says something else")
                continue
            }
        }
    }

    /// What is paused above the run.
    private var pauses: PauseTable {
        machine.isHeld ? PauseTable([PauseRow(scope: .all, by: "user:test", reason: nil, at: now)]) : .empty
    }

    /// Something above the run is paused, or is not any more.
    mutating func hold(_ isHeld: Bool) throws {
        machine.isHeld = isHeld
        if !isHeld { try send(.goOn(all: true)) }
    }

    private func foldedLog() throws -> RunState {
        var encoder = EventEncoder(graph: state.graph)
        for entry in log { encoder.append(entry.event) }
        let known = knownBlobs
        let decoder = EventDecoder(graph: graph, definition: definitions) { blob, _ in known[blob] ?? .null }
        let events = try decoder.events(encoder.finish())
        try #require(events == log.map(\.event), "events change when they are written and read")
        return try fold(zip(log, events).map { ($0.at, $1) })
    }

    private var definitions: (String) throws -> Graph {
        let graphs = graphs
        return { try #require(graphs[$0], "the graph \($0) was not stored") }
    }

    /// Every value that something names.
    private var knownBlobs: [BlobRef: JSONValue] {
        let outputs = state.allTasks.compactMap { state[$0].output }.compactMap { payload in
            payload.blob.map { ($0, payload.value) }
        }
        return Dictionary(outputs) { first, _ in first }.merging(blobs) { first, _ in first }
    }

    private func fold(_ log: some Sequence<(at: Timestamp, event: Event)>) throws -> RunState {
        var state = base
        for entry in log {
            if case .runQueued(let origin) = entry.event.body {
                state = RunState(origin: origin, graph: graph, at: entry.at)
            } else {
                let (run, task) = (state?.status, state.flatMap { Transitions.status(of: entry.event, in: $0) })
                state?.fold(entry.event, at: entry.at)
                if let state { try Transitions.check(entry.event, run, task, state) }
            }
        }
        return try #require(state, "the first event is not run.queued")
    }
}

extension Command {
    /// Agrees, or does not and says why.
    static func decide(task: TaskRef, request: HumanTaskID, isApproved: Bool, comment: String?) -> Self {
        let answer = HumanAnswer(
            choice: isApproved ? "approve" : "reject",
            comment: comment ?? (isApproved ? nil : "no")
        )
        return .person(task: task, request: request, .answer(answer))
    }
}

extension RunDriver {
    /// A snapshot is the state, in everything that there is in it.
    private mutating func checkSnapshot() throws {
        if let restored { try #require(restored == state, "a state from a snapshot was folded on to another one") }
        let encoded = SnapshotEncoder.encode(state)
        let decoded = try decode(
            encoded.bytes,
            graph,
            blobs: knownBlobs,
            parts: encoded.parts,
            definition: definitions
        )
        try #require(decoded == state, "a snapshot is not the state")
        try #require(
            SnapshotEncoder.encode(decoded).bytes == encoded.bytes,
            "a snapshot read and written is another one"
        )
        if restored == nil || log.count.isMultiple(of: 3) { restored = decoded }
        guard log.count.isMultiple(of: 41) else { return }
        try #require(everything(in: decoded) == everything(in: state), "a snapshot lacks a property")
    }
}

/// A small generator whose sequence is the same everywhere (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
