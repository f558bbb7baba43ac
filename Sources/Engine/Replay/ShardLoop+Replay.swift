// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// A replay that was computed to its end: a run to store as it is.
struct FinishedReplay: Sendable {
    let origin: ReplayOrigin
    let state: RunState
    let records: [RunReplay.Record]
    /// Values that its records name; those of the origin are there already.
    let blobs: [[UInt8]]
    /// How many events of the origin's history it shares.
    let sharedEvents: Int64
}

/// A replay that calls what only reads.
struct ShadowRequest: Sendable {
    let origin: ReplayOrigin
    let id: RunID
    /// The node from which on everything is done again; `nil` for all.
    let node: String?
    let player: RecordingPlayer
    let actor: String
}

extension ShardLoop {
    /// Stores a replay with all its events in one commit.
    mutating func store(_ replay: FinishedReplay, _ batch: inout Batch) throws(EngineError) -> StartedRun {
        let state = replay.state
        guard try knownKey(of: state.id) == nil else { throw EngineError(.conflict, "\(state.id) exists already") }
        lastRunKey += 1
        let pin = PinRow(runKey: lastRunKey, originKey: replay.origin.key, sequence: replay.sharedEvents)
        var next: Int64 = 1
        for record in replay.records {
            var encoder = EventEncoder(graph: state.graph)
            for event in record.events { encoder.append(event) }
            batch.commit.records.append(
                LogRecord(
                    runKey: lastRunKey,
                    firstSequence: next,
                    count: record.events.count,
                    at: record.at,
                    body: encoder.finish()
                )
            )
            next += Int64(record.events.count)
        }
        batch.blobs += replay.blobs
        batch.commit.pins.append(pin)
        batch.commit.runs.append(RunRow(key: lastRunKey, state: state))
        return StartedRun(id: state.id, sequence: state.lastSequence)
    }

    /// Starts a run that computes another one again, by the clock of today.
    mutating func shadow(_ request: ShadowRequest, _ batch: inout Batch) throws(EngineError) -> StartedRun {
        guard !isReleasing else { throw EngineError(.draining, "the engine is stopping") }
        guard try knownKey(of: request.id) == nil else {
            throw EngineError(.conflict, "\(request.id) exists already")
        }
        let machine: RunMachine
        do throws(Refusal) {
            machine = try request.origin.machine(
                .shadow,
                as: request.id,
                from: request.node,
                at: batch.now,
                entropy: random.next(),
                actor: request.actor
            )
        } catch {
            throw EngineError(refusal: error)
        }
        let shared = request.origin.sharedEvents(from: request.node)
        let started = addDerived(machine, pinning: request.origin.key, upTo: shared, &batch)
        recordings[lastRunKey] = request.player
        return started
    }

    /// The executor may make the attempt: the run is no replay, or calling changes nothing.
    func isLive(_ task: TaskRef, of run: OpenRun) -> Bool {
        guard let kind = run.state.derivation?.kind, kind == .shadow || kind == .freeze else { return true }
        return kind == .shadow && traits(run.state.node(task)).isRead
    }

    /// Answers for a task in the next turn with what is recorded.
    mutating func serve(_ task: TaskRef, of run: OpenRun) {
        let now = run.state[task]
        let outcome: Recording.Outcome
        do throws(EngineError) {
            let player: RecordingPlayer
            if let known = recordings[run.key] {
                player = known
            } else {
                player = RecordingPlayer(try recording(for: run))
            }
            recordings[run.key] = player
            let attempt = max(now.countedAttempts - 1, 0)
            outcome = player.outcome(of: run.state.taskName(of: task), attempt: attempt)
        } catch {
            let reason = TaskError(code: "replay.missing", errorClass: .permanent, message: error.message)
            outcome = .failed(reason, log: nil, unit: 0)
        }
        let served = Command.served(task: task, fence: now.fence, RecordedOutcome(outcome: outcome))
        later.append((run.key, served))
    }

    /// Read back after a process died.
    private func recording(for run: OpenRun) throws(EngineError) -> Recording {
        guard let derivation = run.state.derivation else {
            throw EngineError(.corrupted, "\(run.state.id) replays nothing")
        }
        let origin = try reader.replayOrigin(try key(of: derivation.origin))
        do throws(Refusal) {
            // What a replay of a rerun began with is in its recording.
            let isWhole = derivation.sequence < origin.end.lastSequence
            return try origin.served(from: isWhole ? nil : derivation.node)
        } catch {
            throw EngineError(refusal: error)
        }
    }
}
