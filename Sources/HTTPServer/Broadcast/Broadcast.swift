// Baton
// SPDX-License-Identifier: Apache-2.0

import Reactor
import Synchronization

/// A piece of a broadcast.
public protocol BroadcastItem: Sendable {
    /// Its place; rises from piece to piece.
    var number: Int64 { get }
    /// What bodies that follow send.
    var bytes: [UInt8] { get }
}

/// Which pieces a body sends. Bodies at the same place with equal filters share what they send.
public protocol BroadcastFilter: Hashable, Sendable {
    /// What it looks at.
    associatedtype Item: BroadcastItem

    /// Whether a piece is sent. Quick and without effects: it is asked under a lock.
    func wants(_ item: Item) -> Bool
}

/// A sequence of numbered pieces that grows, for any number of followers, each at a place of its own.
///
/// The newest pieces are kept; who is further behind has to get the others elsewhere. Bodies follow it without a task
/// (``HTTPResponse/events(following:from:filter:headers:keepAlive:onChange:past:)``), others with ``wait(after:until:)``.
/// Safe from any thread.
public final class Broadcast<Filter: BroadcastFilter>: Sendable {
    /// What is there after a number.
    public enum Finding: Sendable {
        /// At least one piece, in order.
        case items([Filter.Item])
        /// Nothing yet.
        case nothing
        /// Some, but the first of them are not kept any more.
        case behind
        /// Nothing, and nothing will come.
        case ended
    }

    private struct Place: Hashable {
        let after: Int64
        let filter: Filter
    }

    private struct State {
        var items: [Filter.Item] = []
        var last: Int64
        var isEnded = false
        var waiters = BroadcastWaiters()
        var groups: [FollowerGroup] = []
        /// What was made of the newest pieces since the last one came.
        var parts: [Place: BroadcastPart] = [:]
        /// The one of them that was asked for last, and will most likely be asked for next; found without a hash.
        var latest: (place: Place, part: BroadcastPart)?

        /// The pieces after a number; `nil` when the first of them are gone. Found by halves.
        func items(after number: Int64) -> ArraySlice<Filter.Item>? {
            guard let first = items.first, first.number <= number + 1 else { return nil }
            var (low, high) = (0, items.count)
            while low < high {
                let middle = (low + high) / 2
                if items[middle].number <= number { low = middle + 1 } else { high = middle }
            }
            return items[low...]
        }
    }

    /// Pieces looked at for one part, and its bytes, so that nobody takes the lock for long.
    private static var partItems: Int { 512 }
    private static var partBytes: Int { 65536 }
    /// Parts that are shared at a time; followers at more places make their own.
    private static var partLimit: Int { 64 }

    private let kept: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - last: The number before that of the first piece.
    ///   - kept: How many pieces are kept at least.
    public init(last: Int64, keeping kept: Int = 4096) {
        self.kept = kept
        state = Mutex(State(last: last))
    }

    /// The number of the newest piece.
    public var last: Int64 { state.withLock { $0.last } }

    /// Nothing comes any more.
    public var isEnded: Bool { state.withLock { $0.isEnded } }

    // MARK: The side that speaks

    /// Adds pieces, with numbers above ``last``, and tells all followers. What is left out between two pieces is nowhere.
    public func publish(_ items: [Filter.Item]) {
        guard let newest = items.last else { return }
        let (waiters, groups) = state.withLock { state in
            precondition(items[0].number > state.last, "a piece of a broadcast comes too late")
            state.items += items
            // Not with each piece, because the rest has to move.
            if state.items.count > kept + kept / 4 { state.items.removeFirst(state.items.count - kept) }
            state.last = newest.number
            state.parts.removeAll(keepingCapacity: true)
            state.latest = nil
            return (state.waiters.takeBelow(newest.number), state.groups)
        }
        for waiter in waiters { waiter.resume() }
        for group in groups { group.tell() }
    }

    /// Nothing comes any more: followers end when they have got everything.
    public func end() {
        let (waiters, groups) = state.withLock { state in
            state.isEnded = true
            return (state.waiters.takeAll(), state.groups)
        }
        for waiter in waiters { waiter.resume() }
        for group in groups { group.tell() }
    }

    // MARK: Followers with a task

    /// What is there after a number; at most 512 pieces.
    public func items(after number: Int64) -> Finding {
        state.withLock { state in
            guard state.last > number else { return state.isEnded ? .ended : .nothing }
            guard let items = state.items(after: number) else { return .behind }
            return .items(Array(items.prefix(Self.partItems)))
        }
    }

    /// Suspends until there is something after a number, nothing will come, the time is over or the task is cancelled.
    ///
    /// - Parameter end: `nil` for as long as it takes, which needs no timer.
    public func wait(after number: Int64, until end: ContinuousClock.Instant? = nil) async {
        let ticket = state.withLock { $0.waiters.ticket() }
        let alarm = end.map { end in
            Task {
                try? await Task.sleep(until: end, clock: .continuous)
                self.wake(ticket)
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isOver = state.withLock { state in
                    let isLate = end.map { ContinuousClock.now >= $0 } ?? false
                    if state.last > number || state.isEnded || isLate || Task.isCancelled { return true }
                    state.waiters.add(waiter, ticket, after: number)
                    return false
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            wake(ticket)
        }
        alarm?.cancel()
    }

    /// Suspends until nothing comes any more, or the task is cancelled. What comes meanwhile wakes nobody.
    public func waitForEnd() async {
        await wait(after: .max)
    }

    private func wake(_ ticket: Int) {
        state.withLock { $0.waiters.take(ticket) }?.resume()
    }

    // MARK: Bodies

    /// What a body sends after a number.
    func step(after number: Int64, _ filter: Filter) -> BroadcastStep {
        state.withLock { state in
            guard state.last > number else { return state.isEnded ? .ended : .nothing }
            let place = Place(after: number, filter: filter)
            if let latest = state.latest, latest.place == place { return .part(latest.part) }
            let known = state.parts[place]
            guard let part = known ?? state.items(after: number).map({ Self.part(of: $0, filter) }) else {
                return .behind
            }
            state.latest = (place, part)
            if known == nil, state.parts.count < Self.partLimit { state.parts[place] = part }
            return .part(part)
        }
    }

    private static func part(of items: ArraySlice<Filter.Item>, _ filter: Filter) -> BroadcastPart {
        var (bytes, last) = ([UInt8](), Int64(0))
        for item in items.prefix(partItems) {
            if filter.wants(item) {
                guard bytes.isEmpty || bytes.count + item.bytes.count <= partBytes else { break }
                if bytes.isEmpty { bytes = item.bytes } else { bytes += item.bytes }
            }
            last = item.number
        }
        return BroadcastPart(bytes, last: last)
    }

    /// Those who follow on a loop.
    func group(on loop: EventLoop) -> FollowerGroup {
        state.withLock { state in
            if let known = state.groups.first(where: { $0.loop === loop }) { return known }
            let group = FollowerGroup(loop)
            state.groups.append(group)
            return group
        }
    }
}

/// Pieces as they are sent, made once for all who are at the same place.
final class BroadcastPart: Sendable {
    /// Empty when nothing of it is wanted.
    let bytes: [UInt8]
    /// The same as a chunk of HTTP/1.1.
    let chunk: [UInt8]
    /// The number of the last piece that was looked at.
    let last: Int64

    init(_ bytes: [UInt8], last: Int64) {
        (self.bytes, self.last) = (bytes, last)
        chunk = bytes.isEmpty ? [] : ResponseEncoder.chunk(bytes)
    }
}

/// What a body does next.
enum BroadcastStep {
    case part(BroadcastPart)
    case nothing
    /// It has to get what comes next elsewhere.
    case behind
    case ended
}

/// Tasks that wait for a broadcast.
struct BroadcastWaiters {
    typealias Waiter = CheckedContinuation<Void, Never>

    private var next = 0
    private var waiters: [Int: (waiter: Waiter, after: Int64)] = [:]
    /// Who waits for the end is not looked at when something comes.
    private var patient: [Int: Waiter] = [:]

    mutating func ticket() -> Int {
        next += 1
        return next
    }

    mutating func add(_ waiter: Waiter, _ ticket: Int, after number: Int64) {
        if number == .max { patient[ticket] = waiter } else { waiters[ticket] = (waiter, number) }
    }

    mutating func take(_ ticket: Int) -> Waiter? {
        waiters.removeValue(forKey: ticket)?.waiter ?? patient.removeValue(forKey: ticket)
    }

    /// Those who wait for something after a lower number.
    mutating func takeBelow(_ number: Int64) -> [Waiter] {
        let found = waiters.filter { $0.value.after < number }
        if found.count == waiters.count { waiters = [:] } else { for key in found.keys { waiters[key] = nil } }
        return found.values.map(\.waiter)
    }

    mutating func takeAll() -> [Waiter] {
        defer { (waiters, patient) = ([:], [:]) }
        return waiters.values.map(\.waiter) + patient.values
    }
}
