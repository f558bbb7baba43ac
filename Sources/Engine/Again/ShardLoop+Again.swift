// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// What is asked of the loop about doing things again.
enum AgainRequest: Sendable {
    case derive(DeriveRequest, Reply<StartedRun>)
    case storeReplay(FinishedReplay, Reply<StartedRun>)
    case shadow(ShadowRequest, Reply<StartedRun>)
    case invalidateCache(CacheSelection, Reply<Int>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .derive(_, let reply), .storeReplay(_, let reply), .shadow(_, let reply): reply(.failure(error))
        case .invalidateCache(_, let reply): reply(.failure(error))
        }
    }
}

/// Runs that are made from others.
extension ShardLoop {
    mutating func apply(_ request: AgainRequest, to batch: inout Batch) {
        switch request {
        case .derive(let request, let reply):
            answer(reply, keeping: .started, &batch) { loop, batch throws(EngineError) in
                try loop.derive(request, &batch)
            }
        case .storeReplay(let replay, let reply):
            answer(reply, keeping: .started, &batch) { loop, batch throws(EngineError) in try loop.store(replay, &batch)
            }
        case .shadow(let request, let reply):
            answer(reply, keeping: .started, &batch) { loop, batch throws(EngineError) in
                try loop.shadow(request, &batch)
            }
        case .invalidateCache(let selection, let reply):
            answer(reply, keeping: .count, &batch) { loop, batch throws(EngineError) in
                try loop.invalidate(selection, &batch)
            }
        }
    }

    mutating func derive(_ request: DeriveRequest, _ batch: inout Batch) throws(EngineError) -> StartedRun {
        guard !isReleasing else { throw EngineError(.draining, "the engine is stopping") }
        let originKey = try key(of: request.origin)
        let id = request.id ?? ids.next(at: batch.now, entropy: (random.next(), random.next()))
        if request.id != nil, let key = try knownKey(of: id) { return try repeatedDerivation(request, key, &batch) }
        let origin = try state(of: originKey, for: request)
        var fork = AgainEvent.Fork(
            id: id,
            derivation: request.derivation(at: origin.lastSequence),
            deadline: origin.graph.definition.deadline.map { batch.now + $0 }
        )
        fork.apiKey = request.apiKey
        fork.inputs = try inputs(request, origin, &batch)
        for (node, output) in request.outputs { fork.outputs[node] = durable(output, &batch) }
        let edit = try edit(request, of: origin)
        let machine: RunMachine
        do throws(Refusal) {
            machine = try RunMachine.fork(origin, fork, edit: edit?.patch, in: turn(batch, request.actor))
        } catch {
            throw EngineError(refusal: error)
        }
        if let edit { store(edit.patch.definition, edit.document, &batch) }
        return addDerived(machine, pinning: originKey, upTo: fork.derivation.sequence, &batch)
    }

    /// The other configuration that a request wants, as a patch of the new run.
    private func edit(
        _ request: DeriveRequest,
        of origin: RunState
    ) throws(EngineError) -> (patch: AppliedPatch, document: [UInt8])? {
        guard !request.configuration.isEmpty else { return nil }
        return try PatchPreparation(reader: reader, compiler: compiler)
            .configure(request.configuration, origin, by: request.actor)
    }

    /// Brings a run into the batch that shares the log of another one up to an event.
    mutating func addDerived(
        _ machine: RunMachine,
        pinning origin: Int64,
        upTo sequence: Int64,
        _ batch: inout Batch
    ) -> StartedRun {
        lastRunKey += 1
        batch.commit.pins.append(PinRow(runKey: lastRunKey, originKey: origin, sequence: sequence))
        let run = OpenRun(key: lastRunKey, machine: machine, rows: [])
        run.dirtyTasks = Set(machine.state.allTasks.filter { machine.state[$0].status.hasRow })
        add(run, &batch)
        restoreAdmission(of: run, at: batch.now)
        return StartedRun(id: machine.state.id, sequence: machine.state.lastSequence)
    }

    /// What is durable of the origin, up to the end of a turn: what it does at this moment is not part of it.
    private func state(of key: Int64, for request: DeriveRequest) throws(EngineError) -> RunState {
        switch request.way {
        case .fork(let sequence):
            let state = try reader.restore(key, at: sequence, isWhole: true).state
            guard let sequence, sequence > state.lastSequence else { return state }
            throw EngineError(
                .notFound,
                "\(request.origin) has \(state.lastSequence) events; there is none with number \(sequence)"
            )
        case .rerun:
            let state = try reader.state(ofRun: key)
            guard state.status.isTerminal else {
                let message = "cannot rerun \(state.id): it is \(state.status.rawValue); cancel it, or fork it"
                throw EngineError(.conflict, message)
            }
            return state
        }
    }

    private func inputs(
        _ request: DeriveRequest,
        _ origin: RunState,
        _ batch: inout Batch
    ) throws(EngineError) -> Payload? {
        guard !request.inputs.isEmpty else { return nil }
        var inputs = origin.inputs.value.objectValue ?? [:]
        for member in request.inputs.members { inputs[member.key] = member.value }
        do throws(InputError) {
            return Payload(inline: try origin.graph.definition.checkInputs(inputs))
        } catch {
            throw EngineError(.invalid, "the inputs do not fit `\(origin.graph.name)`: \(error)")
        }
    }

    private func durable(_ value: JSONValue, _ batch: inout Batch) -> Payload {
        let (payload, bytes) = Payload.of(value)
        if let bytes { batch.blobs.append(bytes) }
        return payload
    }

    private mutating func repeatedDerivation(
        _ request: DeriveRequest,
        _ key: Int64,
        _ batch: inout Batch
    ) throws(EngineError) -> StartedRun {
        let state = try open(key, &batch).state
        guard let known = state.derivation, request.fits(known) else {
            throw EngineError(.conflict, "\(state.id) exists and was not made from \(request.origin) in this way")
        }
        return StartedRun(id: state.id, sequence: state.lastSequence)
    }
}

extension DeriveRequest {
    fileprivate func derivation(at sequence: Int64) -> Derivation {
        switch way {
        case .fork: Derivation(kind: .fork, origin: origin, sequence: sequence)
        case .rerun(let node): Derivation(kind: .rerun, origin: origin, sequence: sequence, node: node)
        }
    }

    /// A run that was made so is the answer to the request.
    fileprivate func fits(_ known: Derivation) -> Bool {
        guard known.origin == origin else { return false }
        switch way {
        case .fork(let sequence): return known.kind == .fork && sequence ?? known.sequence <= known.sequence
        case .rerun(let node): return known.kind == .rerun && known.node == node
        }
    }
}
