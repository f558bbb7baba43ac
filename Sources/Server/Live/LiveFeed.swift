// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Model
internal import Store
internal import Synchronization
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

    private struct State {
        /// The newest events, in order and without gaps.
        var recent: [EventEnvelope] = []
        var last: Int64
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var number = 0
        var isFinished = false

        /// Those after a number; the rest is skipped by halves.
        func events(after sequence: Int64) -> [EventEnvelope] {
            var (low, high) = (0, recent.count)
            while low < high {
                let middle = (low + high) / 2
                if recent[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
            }
            return Array(recent[low...])
        }
    }

    /// Events kept in memory.
    private static let kept = 4096
    /// Counts who follows.
    let clients: LiveClients
    private let service: Service
    private let state: Mutex<State>
    private let thread = SerialThread(named: "feed")
    private let catchUp = SerialThread(named: "feed-past")

    init(_ service: Service, last: Int64, _ clients: LiveClients = LiveClients(MetricsRegistry())) {
        (self.service, self.clients) = (service, clients)
        state = Mutex(State(last: last))
    }

    /// The number of the newest event.
    var last: Int64 { state.withLock { $0.last } }

    /// Nothing follows any more: the engine or the server stops.
    var isFinished: Bool { state.withLock { $0.isFinished } }

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
        finish()
    }

    private func finish() {
        let waiters = state.withLock { state in
            state.isFinished = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    private func readNew() async {
        let (reader, store) = (service.reader, service.store)
        while true {
            let after = last
            let result = await thread.run { Self.page(store, reader, after: after) }
            guard case .success(let events) = result, let newest = events.last else { return }
            let waiters = state.withLock { state in
                state.recent += events
                if state.recent.count > Self.kept { state.recent.removeFirst(state.recent.count - Self.kept) }
                state.last = newest.sequence
                defer { state.waiters = [:] }
                return Array(state.waiters.values)
            }
            for waiter in waiters { waiter.resume() }
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
            enum Finding { case recent(Batch), past, nothing, finished }
            let finding = state.withLock { state -> Finding in
                guard state.last > sequence else { return state.isFinished ? .finished : .nothing }
                guard let first = state.recent.first, first.sequence <= sequence + 1 else { return .past }
                return .recent(Batch(events: state.events(after: sequence), last: state.last))
            }
            switch finding {
            case .recent(let batch): return batch
            case .past: return try await past(sequence)
            case .finished: return Batch(events: [], last: sequence)
            case .nothing:
                guard end.map({ ContinuousClock.now < $0 }) ?? true else { return Batch(events: [], last: sequence) }
                await wait(after: sequence, until: end)
            }
        }
        return Batch(events: [], last: sequence)
    }

    private func past(_ sequence: Int64) async throws(Problem) -> Batch {
        let (reader, store) = (service.reader, service.store)
        let result = await catchUp.run { Self.page(store, reader, after: sequence) }
        do throws(EngineError) {
            let events = try result.get()
            return Batch(events: events, last: events.last?.sequence ?? last)
        } catch {
            throw Problem(error)
        }
    }

    private func wait(after sequence: Int64, until end: ContinuousClock.Instant?) async {
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        // Who waits without an end needs no timer; there may be thousands.
        let alarm = end.map { end in
            Task {
                try? await Task.sleep(until: end, clock: .continuous)
                self.wake(number)
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isOver = state.withLock { state in
                    guard state.last <= sequence, !state.isFinished, !Task.isCancelled,
                        end.map({ ContinuousClock.now < $0 }) ?? true
                    else {
                        return true
                    }
                    state.waiters[number] = waiter
                    return false
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            wake(number)
        }
        alarm?.cancel()
    }

    private func wake(_ number: Int) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
}
