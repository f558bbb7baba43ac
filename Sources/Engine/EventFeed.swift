// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
internal import Synchronization

/// A durable event on its way to somebody who watches.
public struct FeedEvent: Sendable {
    /// Its number in the log of all runs, from 1 without gaps.
    public let globalSequence: Int64
    /// Its number within the run, from 1 without gaps.
    public let runSequence: Int64
    /// The run.
    public let run: RunID
    /// When.
    public let at: Timestamp
    /// What happened.
    public let event: Event
    /// The graph that node positions refer to.
    public let graph: RunGraph
    /// The passes and items its task belongs to, outermost first; empty for the graph itself.
    public let place: [Int]
}

/// What a subscriber gets.
public enum FeedItem: Sendable {
    /// The next event.
    case event(FeedEvent)
    /// A commit did not fit on the disk; nothing acknowledged is lost, and the engine tries again.
    case storageFull
}

/// Live events to subscribers. A subscriber that is 512 items behind is cut off: it reads on from the store, after the
/// last number it saw. Nobody can slow the loop.
final class EventFeed: Sendable {
    private struct Subscriber {
        let run: RunID?
        let continuation: AsyncStream<FeedItem>.Continuation
    }
    private struct State {
        var next = 0
        var subscribers: [Int: Subscriber] = [:]
        var pulses: [Int: AsyncStream<Void>.Continuation] = [:]
        var isFinished = false
    }
    private let state = Mutex(State())

    var hasSubscribers: Bool { state.withLock { !$0.subscribers.isEmpty } }

    /// Events of one run, or of all, from now on.
    func subscribe(to run: RunID?) -> AsyncStream<FeedItem> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: FeedItem.self,
            bufferingPolicy: .bufferingOldest(512)
        )
        let number = state.withLock { state in
            state.next += 1
            state.subscribers[state.next] = Subscriber(run: run, continuation: continuation)
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.subscribers.removeValue(forKey: number) }
        }
        return stream
    }

    /// An element whenever there is something new in the outbox; several become one while nobody looks.
    func pulses() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.next += 1
            state.pulses[state.next] = continuation
            return state.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.pulses.removeValue(forKey: number) }
        }
        return stream
    }

    func pulse() {
        for continuation in state.withLock({ Array($0.pulses.values) }) { continuation.yield() }
    }

    func publish(_ event: FeedEvent) {
        send(.event(event)) { $0 == nil || $0 == event.run }
    }

    func storageIsFull() {
        send(.storageFull) { _ in true }
    }

    /// No event follows.
    func finish() {
        let (subscribers, pulses) = state.withLock { state in
            state.isFinished = true
            return (Array(state.subscribers.values), Array(state.pulses.values))
        }
        for subscriber in subscribers { subscriber.continuation.finish() }
        for pulse in pulses { pulse.finish() }
    }

    private func send(_ item: FeedItem, where isWanted: (RunID?) -> Bool) {
        for subscriber in state.withLock({ Array($0.subscribers.values) }) where isWanted(subscriber.run) {
            // The one that was dropped is missing from its stream, so the stream must end.
            if case .dropped = subscriber.continuation.yield(item) { subscriber.continuation.finish() }
        }
    }
}
