// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Drives one machine by hand: starts everything that may start, and checks after every turn that the log alone gives
/// the same state.
struct RunDriver {
    private(set) var machine: RunMachine
    private(set) var log: [(at: Timestamp, event: Event)] = []
    /// Large values that were stored, as a blob store would hold them.
    private var blobs: [BlobRef: JSONValue] = [:]
    private(set) var timers: [(node: Int, kind: TimerKind, at: Timestamp)] = []
    private(set) var stopped: [String] = []
    var now: Timestamp
    private var random: SeededRandom
    /// When false, ready tasks stay ready until ``startAll()``.
    var startsByItself = true

    init(_ yaml: String, inputs: JSONObject = [:], seed: UInt64 = 1) throws {
        try self.init(graph: compile(yaml), inputs: inputs, seed: seed)
    }

    init(graph: Graph, inputs: JSONObject = [:], seed: UInt64 = 1) throws {
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
        machine = RunMachine.begin(origin, graph: graph, in: turn)
        try finishTurn()
    }

    var state: RunState { machine.state }
    var events: [Event] { log.map(\.event) }

    func task(_ id: String) -> RunState.TaskState {
        state.tasks[state.graph.index(of: id) ?? -1]
    }

    func status(_ id: String) -> TaskStatus { task(id).status }

    /// `a:completed b:skipped …` in written order.
    var statuses: String {
        zip(state.graph.nodes, state.tasks).map { "\($0.id):\($1.status.rawValue)" }.joined(separator: " ")
    }

    mutating func complete(_ id: String, _ output: JSONValue = .null) throws {
        let (payload, _) = Payload.of(output)
        try send(.taskCompleted(node: index(id), fence: task(id).fence, output: payload, log: nil))
    }

    mutating func fail(
        _ id: String,
        _ errorClass: ErrorClass = .permanent,
        code: String = "tool.failed",
        retryAfter: Duration? = nil
    ) throws {
        let error = TaskError(code: code, errorClass: errorClass, message: "as told", retryAfter: retryAfter)
        try send(.taskFailed(node: index(id), fence: task(id).fence, error: error, log: nil))
    }

    mutating func send(_ command: Command, by actor: String? = nil) throws {
        let turn = Turn(now: now, actor: actor, entropy: random.next())
        try machine.handle(command, in: turn)
        try finishTurn()
    }

    /// Lets time pass and every timer on the way fire.
    mutating func advance(_ span: Duration) throws {
        let end = now + span
        while let next = timers.enumerated().min(by: { $0.element.at < $1.element.at }), next.element.at <= end {
            timers.remove(at: next.offset)
            now = max(now, next.element.at)
            try send(.timerFired(node: next.element.node, kind: next.element.kind))
        }
        now = end
    }

    mutating func startAll() throws {
        startsByItself = true
        for node in state.tasks.indices where state.tasks[node].status == .ready && machine.canStart(node) {
            machine.start(node, worker: "w")
        }
        try finishTurn()
    }

    private func index(_ id: String) -> Int { state.graph.index(of: id) ?? -1 }

    private mutating func finishTurn() throws {
        var settled = false
        while !settled || !machine.effects.isEmpty {
            let effects = machine.effects
            machine.effects = []
            for effect in effects { perform(effect) }
            for node in machine.offered.sorted() { machine.queue(node) }
            machine.settle()
            settled = true
        }
        for event in machine.events { log.append((now, event)) }
        machine.events = []
        machine.touched = []
        try checkLaws()
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .offer(let node):
            if startsByItself, machine.canStart(node) { machine.start(node, worker: "w") }
        case .arm(let node, let kind, let at):
            timers.append((node, kind, at))
        case .disarm(let node, let kind):
            timers.removeAll { $0.node == node && $0.kind == kind }
        case .stopAttempt(let node, _):
            stopped.append(state.graph.nodes[node].id)
        case .store(let bytes):
            if let value = try? JSONValue(parsing: bytes) {
                let (payload, _) = Payload.of(value)
                if let blob = payload.blob { blobs[blob] = value }
            }
        case .attemptEnded:
            break
        }
    }

    /// Law 1: the state is the fold of the log, also after the log was written out and read back.
    private func checkLaws() throws {
        var encoder = EventEncoder(graph: state.graph)
        for entry in log { encoder.append(entry.event) }
        let known = Dictionary(
            state.tasks.compactMap(\.output).compactMap { payload in payload.blob.map { ($0, payload.value) } }
        ) { first, _ in first }
        let decoder = EventDecoder(graph: state.graph) { known[$0] ?? blobs[$0] ?? .null }
        let events = try decoder.events(encoder.finish())
        try #require(events == log.map(\.event), "events change when they are written and read")
        guard case .runQueued(let origin)? = events.first?.body else {
            Issue.record("the first event is not run.queued")
            return
        }
        var folded = RunState(origin: origin, graph: state.graph, at: log[0].at)
        for (entry, event) in zip(log, events).dropFirst() { folded.fold(event, at: entry.at) }
        try #require(folded == state, "the fold of the log is not the state")
        for node in state.tasks.indices where !state.status.isTerminal && !state.tasks[node].status.isTerminal {
            try #require(state.waitCause(of: node) != nil, "\(state.graph.nodes[node].id) waits without a cause")
        }
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
