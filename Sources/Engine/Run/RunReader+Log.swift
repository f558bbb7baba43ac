// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model
public import Store

/// A stretch of a log that belongs to the history of a run. A run that goes on from another one has that one's first.
public struct LogSegment: Sendable, Equatable {
    /// The run whose log it is.
    public let key: Int64
    /// That run.
    public let run: RunID
    /// Whose that run is.
    public let ownership: Ownership
    /// Events with larger numbers than this belong to it. The run's own log counts from there: its first event is
    /// number `after + 1` of the history.
    public let after: Int64
    /// The last one; `Int64.max` when the run may go on.
    public let upTo: Int64
}

/// Events of runs, those that they share with others included.
extension RunReader {
    /// The logs that together are the history of a run, in order.
    ///
    /// - Throws: `notFound`, `unavailable`.
    public func segments(ofRun key: Int64) throws(EngineError) -> [LogSegment] {
        var segments: [LogSegment] = []
        var (key, end) = (key, Int64.max)
        while true {
            guard let row = try storage({ () throws(StoreError) in try store.run(key: key) }) else {
                throw EngineError(.notFound, "there is no run with key \(key)")
            }
            let pin = try pin(ofRun: key)
            segments.append(
                LogSegment(key: key, run: row.id, ownership: row.ownership, after: pin?.sequence ?? 0, upTo: end)
            )
            guard let pin, pin.sequence > 0 else { return segments.reversed() }
            (key, end) = (pin.originKey, pin.sequence)
        }
    }

    /// The number of the last event of a run. Its row counts the events of its own log.
    ///
    /// - Throws: `unavailable`.
    public func lastEvent(of row: RunRow) throws(EngineError) -> Int64 {
        row.lastSequence + (try pin(ofRun: row.key)?.sequence ?? 0)
    }

    /// Calls `body` with number, time and event for each event of the run after `sequence`, in order, and with the
    /// graph as it is then.
    ///
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func forEachEvent(
        ofRun key: Int64,
        after sequence: Int64 = 0,
        _ body: (Int64, Timestamp, Event, RunGraph) -> Void
    ) throws(EngineError) {
        var graph = try graph(ofRun: key)
        var compensations = CompensationStack()
        let first = sequence
        if sequence > 0 {
            // Earlier events may have added nodes and taken some away.
            let state = try restore(key, at: sequence).state
            (graph, compensations) = (state.graph, state.compensations)
        }
        let base = graph.beginning
        for segment in try segments(ofRun: key) where segment.upTo > first {
            var last = max(first, segment.after)
            try forEachRecord(of: segment, after: last, base) { record, events throws(EngineError) in
                for event in events {
                    last += 1
                    switch event.body {
                    case .compensation(let event): compensations.follow(event, &graph)
                    case .patch(.applied(let patch)):
                        graph = graph.patched(to: patch.definition, renamed: patch.renamed)
                    // What its origin did is not its own to undo.
                    case .again(.forked): (graph, compensations) = (graph.asWritten, CompensationStack())
                    default: break
                    }
                    try check(event, last, key, graph)
                    if last > sequence { body(last, record.at, event, graph) }
                }
            }
        }
    }

    /// Refuses an event about a node that there is not.
    func check(_ event: Event, _ sequence: Int64, _ key: Int64, _ graph: RunGraph) throws(EngineError) {
        guard let task = event.task, task.number >= 0, !graph.nodes.indices.contains(task.node) else { return }
        throw EngineError(.corrupted, "event \(sequence) of run \(key) names an unknown node")
    }

    /// The run that this one goes on from, or whose results it is served.
    func pin(ofRun key: Int64) throws(EngineError) -> PinRow? {
        try storage { () throws(StoreError) in try store.pins(ofRun: key).first }
    }

    func decoder(_ graph: RunGraph) -> EventDecoder {
        EventDecoder(
            graph: graph,
            definition: { [self] hash in try self.graph(hash).definition },
            load: { [self] blob, isLines in try load(blob, isLines: isLines) }
        )
    }

    /// Calls `body` with each record of a stretch that holds events after `sequence`, and with those of its events that
    /// are; with `isWhole` also with those beyond the stretch that became durable together with the last of them.
    func forEachRecord(
        of segment: LogSegment,
        after sequence: Int64,
        isWhole: Bool = false,
        _ graph: RunGraph,
        _ body: (LogRecord, ArraySlice<Event>) throws(EngineError) -> Void
    ) throws(EngineError) {
        let decoder = decoder(graph)
        let (key, first) = (segment.key, segment.after)
        // The store counts the events of the run's own log.
        var last = sequence - first
        let end = segment.upTo == .max ? .max : segment.upTo - first
        while last < end {
            let range = (last + 1)...end
            let page = try storage { () throws(StoreError) in try store.records(ofRun: key, in: range, limit: 500) }
            guard !page.isEmpty else { return }
            for stored in page {
                let record = stored.record
                guard record.firstSequence <= last + 1 else {
                    throw EngineError(
                        .corrupted,
                        "the log of run \(key) has a gap before event \(record.firstSequence)"
                    )
                }
                let events = try decode(record, decoder)
                let count = isWhole ? Int64(events.count) : min(Int64(events.count), end - record.firstSequence + 1)
                let wanted = Int(last + 1 - record.firstSequence)..<Int(count)
                last = record.firstSequence + count - 1
                try body(record, events[wanted])
            }
        }
    }

    private func decode(_ record: LogRecord, _ decoder: EventDecoder) throws(EngineError) -> [Event] {
        do {
            let events = try decoder.events(record.body)
            guard events.count == record.count else {
                throw EventDecodingError(description: "it holds \(events.count) events instead of \(record.count)")
            }
            return events
        } catch let error as StoreError {
            // A payload beside the log could not be read: that may pass, which damage never does.
            throw EngineError(store: error)
        } catch {
            throw EngineError(
                .corrupted,
                "the log of run \(record.runKey) cannot be read at event \(record.firstSequence): \(error)"
            )
        }
    }
}
