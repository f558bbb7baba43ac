// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Model
internal import Store
internal import Telemetry
internal import Threads

/// The log of all runs, as it grows, for any number of readers.
///
/// One task reads and encodes what is new, once; readers take it from memory. Who is further behind reads from the store
/// until it has caught up, so nobody misses anything and nobody slows another one.
final class LiveFeed: Sendable {
    /// What a reader gets.
    struct Batch: Sendable {
        var events: [EventEnvelope]
        /// Where to go on; events that a filter leaves out count.
        var last: Int64
    }

    /// Counts who follows.
    let clients: LiveClients
    /// The newest events.
    let broadcast: Broadcast<EventFilter>
    /// How things are, for those who ask for it.
    let status: StatusBoard
    private let service: Service
    private let thread = SerialThread(named: "feed")
    private let catchUp = SerialThread(named: "feed-past")

    init(_ service: Service, last: Int64, _ clients: LiveClients = LiveClients(MetricsRegistry())) {
        (self.service, self.clients, status) = (service, clients, StatusBoard(service))
        broadcast = Broadcast(last: last)
    }

    /// The number of the newest event.
    var last: Int64 { broadcast.last }

    /// Nothing follows any more: the engine or the server stops.
    var isFinished: Bool { broadcast.isEnded }

    /// Follows the engine until the task is cancelled or the engine stops.
    func run() async {
        while !Task.isCancelled {
            // Before reading, so that what comes meanwhile is seen.
            let news = service.engine.events(of: nil)
            await readNew()
            var hasEnded = true
            for await item in news {
                hasEnded = false
                if case .event(let event) = item, event.globalSequence <= last { continue }
                await readNew()
            }
            // It ends when its buffer overflowed, which only means to read again, or with the engine.
            if hasEnded { break }
        }
        broadcast.end()
    }

    private func readNew() async {
        let (reader, store, broadcast) = (service.reader, service.store, broadcast)
        var isOver = false
        while !isOver {
            // Published from where it was read: followers do not wait for this task to go on.
            isOver = await thread.run {
                guard case .success(let events) = Self.page(store, reader, after: broadcast.last), !events.isEmpty
                else { return true }
                broadcast.publish(events)
                return false
            }
        }
    }

    private static func page(
        _ store: any RunStore,
        _ reader: RunReader,
        after: Int64
    ) -> Result<[EventEnvelope], EngineError> {
        Result { () throws(EngineError) in
            let records: [StoredRecord]
            do throws(StoreError) {
                records = try store.records(after: after, limit: 256)
            } catch {
                throw EngineError(.unavailable, error.message)
            }
            var envelopes = EnvelopeReader(reader)
            var events: [EventEnvelope] = []
            for record in records { events += try envelopes.envelopes(of: record) }
            return events.filter { $0.sequence > after }
        }
    }

    /// Refuses a number after which events are missing, because they were packed or deleted.
    func check(_ sequence: Int64) async throws(Problem) {
        let compacted = try await service.read { store throws(StoreError) in try store.compactedSequence() }
        guard sequence >= compacted || sequence == 0 && compacted == 0 else {
            throw Problem(410, "events.compacted", "events up to \(compacted) are not kept in the feed any more")
        }
    }

    /// The events after a number; suspends while there are none, for that long at most; `nil` for as long as it takes.
    ///
    /// - Returns: No events when the time is over or the feed has ended.
    func next(after sequence: Int64, within limit: Duration? = nil) async throws(Problem) -> Batch {
        let end = limit.map { ContinuousClock.now + $0 }
        while !Task.isCancelled {
            switch broadcast.items(after: sequence) {
            case .items(let events): return Batch(events: events, last: events.last?.sequence ?? sequence)
            case .behind: return try await past(sequence)
            case .ended: return Batch(events: [], last: sequence)
            case .nothing:
                guard end.map({ ContinuousClock.now < $0 }) ?? true else { return Batch(events: [], last: sequence) }
                await broadcast.wait(after: sequence, until: end)
            }
        }
        return Batch(events: [], last: sequence)
    }

    /// Events after a number as the store has them.
    func past(_ sequence: Int64) async throws(Problem) -> Batch {
        let (reader, store) = (service.reader, service.store)
        let result = await catchUp.run { Self.page(store, reader, after: sequence) }
        do throws(EngineError) {
            let events = try result.get()
            return Batch(events: events, last: events.last?.sequence ?? last)
        } catch {
            throw Problem(error)
        }
    }
}
