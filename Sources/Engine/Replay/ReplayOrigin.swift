// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Store

/// A run that ended, with all that is needed to compute it again.
struct ReplayOrigin: Sendable {
    /// How its own log begins.
    enum Beginning: Sendable {
        /// With its start.
        case started(Event.RunOrigin)
        /// From a state of another run.
        case forked(AgainEvent.Fork, edit: AppliedPatch?, from: RunState)
    }

    let key: Int64
    let beginning: Beginning
    /// Who made it begin.
    let actor: String?
    /// What came to it since then.
    let own: Recording
    /// What came to it and those before it since the very beginning.
    let whole: Recording
    /// Its last state.
    let end: RunState

    /// The machine that computes it again as run `id`, with its first turn taken; with a node only from that one on.
    func machine(
        _ kind: Derivation.Kind,
        as id: RunID,
        from node: String?,
        at now: Timestamp,
        entropy: UInt64,
        actor: String?
    ) throws(Refusal) -> RunMachine {
        let turn = Turn(now: now, actor: actor, entropy: entropy)
        var derivation = Derivation(
            kind: kind,
            origin: end.id,
            sequence: sharedEvents(from: node),
            node: node,
            startedAt: end.derivation?.startedAt ?? end.createdAt
        )
        if node != nil { return try RunMachine.fork(end, AgainEvent.Fork(id: id, derivation: derivation), in: turn) }
        switch beginning {
        case .started(var origin):
            origin.id = id
            origin.derivation = derivation
            origin.parent = nil
            var machine = RunMachine.accept(origin, graph: end.graph.beginning, in: turn)
            // A recording says when; by the clock of today there is nothing to wait for.
            if kind == .shadow { try machine.handle(.begin, in: turn) }
            return machine
        case .forked(var fork, let edit, let state):
            derivation.node = fork.derivation.node
            fork.id = id
            fork.derivation = derivation
            return try RunMachine.fork(state, fork, edit: edit, in: turn)
        }
    }

    /// How many events of the origin's history the replay shares.
    func sharedEvents(from node: String?) -> Int64 {
        if node != nil { return end.lastSequence }
        guard case .forked(let fork, _, _) = beginning else { return 0 }
        return fork.derivation.sequence
    }

    /// What is served: all, or with a node what it and those after it came to.
    func served(from node: String?) throws(Refusal) -> Recording {
        guard let node else { return own }
        let machine = RunMachine(end, turn: Turn(now: end.createdAt, actor: nil, entropy: 0))
        return whole.only(Set(try machine.tasksAgain(from: node).map { end.node($0).id }))
    }
}

extension RunReader {
    /// Reads a run that has ended for a replay.
    ///
    /// - Throws: `notFound`; `conflict` when it has not ended; `corrupted`, `unavailable`.
    func replayOrigin(_ key: Int64) throws(EngineError) -> ReplayOrigin {
        let segments = try segments(ofRun: key)
        let (graph, isDerived) = (try graph(ofRun: key), segments.count > 1)
        var (whole, own): (Recording?, Recording?) = (nil, nil)
        var (beginning, actor): (ReplayOrigin.Beginning?, String?) = (nil, nil)
        for segment in segments {
            try forEachRecord(of: segment, after: segment.after, graph) { record, events throws(EngineError) in
                var events = events
                if whole == nil, case .runQueued(let origin)? = events.first?.body {
                    actor = events.first?.actor
                    beginning = .started(origin)
                    whole = Recording(from: RunState(origin: origin, graph: graph, at: record.at))
                    if !isDerived { own = whole }
                    events.removeFirst()
                } else if segment.key == key, own == nil, case .again(.forked(let fork))? = events.first?.body {
                    actor = events.first?.actor
                    let edit = events.dropFirst().first?.edit
                    let start = events.prefix(edit == nil ? 1 : 2)
                    beginning = (whole?.state).map { .forked(fork, edit: edit, from: $0) }
                    own = whole.map { Recording(from: $0.state.folding(start, at: record.at)) }
                    // What a fork resets it resets by itself.
                    own?.add(events.dropFirst(start.count), at: record.at, leavingOutResets: true)
                    whole?.add(events, at: record.at)
                    return
                }
                own?.add(events, at: record.at)
                whole?.add(events, at: record.at)
            }
        }
        guard let beginning, let own, let whole else {
            throw EngineError(.corrupted, "the log of run \(key) does not begin with its beginning")
        }
        let end = whole.state
        guard end.status.isTerminal else {
            throw EngineError(.conflict, "cannot replay \(end.id): it is \(end.status.rawValue)")
        }
        guard end.compensations.rollbacks.isEmpty else {
            throw EngineError(.conflict, "cannot replay \(end.id): something of it was undone")
        }
        return ReplayOrigin(key: key, beginning: beginning, actor: actor, own: own, whole: whole, end: end)
    }
}

extension RunState {
    fileprivate func folding(_ events: ArraySlice<Event>, at now: Timestamp) -> RunState {
        var state = self
        for event in events { state.fold(event, at: now) }
        return state
    }
}

extension Event {
    /// What a fork was given of other configuration, if it is that.
    fileprivate var edit: AppliedPatch? {
        if case .patch(.applied(let patch)) = body { patch } else { nil }
    }
}
