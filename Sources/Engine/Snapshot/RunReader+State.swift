// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Store

/// States as of any event: the nearest snapshot before it, and the events since.
extension RunReader {
    /// The state of a run after its last event, or after the event with that number.
    ///
    /// A snapshot that is damaged is passed over. Before the event at which a run was made from another one, its state
    /// is that of the other one.
    /// - Throws: `notFound` when there is no such run or event, `corrupted` when the log has a gap or does not decode,
    ///   `unavailable`.
    public func state(ofRun key: Int64, at sequence: Int64? = nil) throws(EngineError) -> RunState {
        let state = try restore(key, at: sequence).state
        guard let sequence, state.lastSequence != sequence else { return state }
        throw EngineError(
            .notFound,
            "\(state.id) has \(state.lastSequence) events; there is none with number \(sequence)"
        )
    }

    /// A state, and what it was made from.
    struct Restored {
        var state: RunState
        /// When the next snapshot is due.
        var plan: SnapshotPlan
    }

    /// The state after the event with that number, or the last one if there are fewer; with `isWhole` after all that
    /// became durable together with it.
    func restore(_ key: Int64, at sequence: Int64? = nil, isWhole: Bool = false) throws(EngineError) -> Restored {
        guard sequence ?? 1 > 0 else { throw EngineError(.notFound, "events are numbered from 1") }
        let pin = try pin(ofRun: key)
        if let pin, let sequence, sequence <= pin.sequence {
            return try restore(pin.originKey, at: sequence, isWhole: isWhole)
        }
        let graph = try graph(ofRun: key)
        let shared = pin?.sequence ?? 0
        var base = try newestSnapshot(ofRun: key, atMost: sequence ?? .max, after: shared, graph)
        if base == nil, let pin, shared > 0 { base = (try restore(pin.originKey, at: shared).state, 0) }
        var tail = (events: 0, bytes: 0)
        let segment = LogSegment(
            key: key,
            run: RunID(high: 0, low: 0),
            ownership: .common,
            after: shared,
            upTo: sequence ?? .max
        )
        let first = base?.state.lastSequence ?? 0
        try forEachRecord(of: segment, after: first, isWhole: isWhole, graph) { record, events throws(EngineError) in
            tail.bytes += record.body.count
            tail.events += events.count
            for event in events {
                if case .runQueued(let origin) = event.body, base == nil {
                    base = (RunState(origin: origin, graph: graph, at: record.at), 0)
                } else if let state = base?.state {
                    try check(event, state.lastSequence + 1, key, state.graph)
                    base?.state.fold(event, at: record.at)
                }
            }
        }
        guard let base else { throw EngineError(.notFound, "run \(key) has no events") }
        let plan = SnapshotPlan(tailEvents: tail.events, tailBytes: tail.bytes, stateBytes: base.size)
        return Restored(state: base.state, plan: plan)
    }

    /// The newest snapshot that can be read. Rows count the events of the run's own log.
    private func newestSnapshot(
        ofRun key: Int64,
        atMost sequence: Int64,
        after shared: Int64,
        _ graph: RunGraph
    ) throws(EngineError) -> (state: RunState, size: Int)? {
        var limit = sequence == .max ? .max : sequence - shared
        while let row = try storage({ () throws(StoreError) in try store.snapshot(ofRun: key, atMost: limit) }) {
            // Whatever is wrong with it: the log has everything.
            if let found = try? read(row, graph), found.state.lastSequence == row.sequence + shared { return found }
            limit = row.sequence - 1
        }
        return nil
    }

    private func read(_ row: SnapshotRow, _ graph: RunGraph) throws -> (state: RunState, size: Int) {
        let decoder = SnapshotDecoder(graph: graph, events: decoder(graph)) { [blobs] part in try blobs.get(part) }
        func state(_ kept: [UInt8]) throws -> (state: RunState, size: Int) {
            let json = SnapshotForm.json(kept)
            return (try decoder.state(json), json.count)
        }
        switch row.content {
        case .inline(let bytes): return try state(bytes)
        case .blob(let blob): return try state(try blobs.get(blob))
        }
    }
}
