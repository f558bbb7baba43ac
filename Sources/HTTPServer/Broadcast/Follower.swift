// Baton
// SPDX-License-Identifier: Apache-2.0

import Reactor
import Synchronization

/// What a body follows, with everything that is its own.
protocol Followed: Sendable {
    /// Where it starts.
    var start: Int64 { get }

    func step(after number: Int64) -> BroadcastStep
    func wait(after number: Int64) async
    func group(on loop: EventLoop) -> FollowerGroup
    /// Writes what comes after a number and returns how far it came.
    func writePast(_ number: Int64, _ writer: ResponseWriter) async throws -> Int64
    func changed(_ change: FollowerChange)
}

/// What becomes of somebody who follows.
public enum FollowerChange: Sendable {
    /// The head of the answer is on its way.
    case began
    /// The broadcast has ended (`nil`), or the client is gone: with code `timeout` because it took nothing for too long.
    case ended(HTTPStreamError?)
}

/// The connection or the stream that sends what a follower brings. On the thread of its loop.
protocol FollowerClient: AnyObject {
    /// There may be something to take.
    func followerHasNews()
}

/// The place of one body in a broadcast. No task belongs to it, except while it reads the past.
///
/// Confined to the thread of its loop.
final class Follower: @unchecked Sendable {
    // All variables are touched on the thread of `loop` only.

    /// What is written by a task until memory has what follows.
    private final class Past: Sendable {
        let pipe: BytePipe
        let reached = Atomic<Int64>(0)

        init(_ pipe: BytePipe) { self.pipe = pipe }
    }

    private let followed: any Followed
    private let loop: EventLoop
    private let group: FollowerGroup
    /// Everything up to here was taken.
    private var number: Int64
    /// `nil` once it has ended.
    private var client: (any FollowerClient)?
    private var past: Past?
    private var task: Task<Void, Never>?
    /// Where the group keeps it.
    var groupIndex = 0

    /// Begins to follow; the client takes what is there already.
    init(_ followed: any Followed, on loop: EventLoop, for client: any FollowerClient) {
        (self.followed, self.loop, self.client) = (followed, loop, client)
        (number, group) = (followed.start, followed.group(on: loop))
        // Before the first look: what comes after it is told.
        group.add(self)
        followed.changed(.began)
    }

    func news() { client?.followerHasNews() }

    /// What the client sends next.
    func take() -> BodyPiece {
        while true {
            if let past {
                switch past.pipe.take() {
                case .chunk(let bytes): return .bytes(bytes)
                case .nothing: return .nothing
                case .failed: return .failed
                case .end:
                    let reached = past.reached.load(ordering: .acquiring)
                    (self.past, task) = (nil, nil)
                    // Nothing is there where something should be, so nothing would ever come.
                    guard reached > number else { return .end(HTTPHeaders()) }
                    number = reached
                }
            }
            switch followed.step(after: number) {
            case .part(let part):
                number = part.last
                if !part.bytes.isEmpty { return .part(part) }
            case .nothing: return .nothing
            case .behind: readPast()
            case .ended: return .end(HTTPHeaders())
            }
        }
    }

    /// The client takes no more. Later calls do nothing.
    func end(_ reason: HTTPStreamError?) {
        guard client != nil else { return }
        client = nil
        group.remove(self)
        past?.pipe.fail(reason ?? .connectionClosed)
        task?.cancel()
        (past, task) = (nil, nil)
        followed.changed(.ended(reason))
    }

    private func readPast() {
        let pipe = BytePipe(
            highWater: Connection.highWater,
            onSupply: { [weak self, loop] in
                guard let self else { return }
                loop.execute { self.news() }
            }
        )
        let (past, followed, number) = (Past(pipe), followed, number)
        self.past = past
        task = Task(executorPreference: loop) {
            do {
                let reached = try await followed.writePast(number, ResponseWriter(pipe))
                past.reached.store(reached, ordering: .releasing)
                pipe.finish()
            } catch {
                pipe.fail(HTTPStreamError(.connectionClosed, "The body broke off."))
            }
        }
    }
}

/// Followers of one broadcast on one loop. They are told a few in a turn, so that others have their turn too.
final class FollowerGroup: Flushable, @unchecked Sendable {
    // `isTold` is atomic; everything else is touched on the thread of `loop` only.

    /// Followers told in a turn.
    private static let turnLimit = 128

    let loop: EventLoop
    private let isTold = Atomic(false)
    private var followers: [Follower] = []
    /// Those below were not told yet.
    private var position = 0
    private var isWalking = false
    /// Something came after a walk began.
    private var isAgain = false

    init(_ loop: EventLoop) { self.loop = loop }

    /// There is news; from any thread. Wakes the loop once for all that comes before it looks.
    func tell() {
        guard !isTold.exchange(true, ordering: .sequentiallyConsistent) else { return }
        loop.execute { [self] in
            isTold.store(false, ordering: .sequentiallyConsistent)
            if isWalking { isAgain = true } else { walk() }
        }
    }

    func add(_ follower: Follower) {
        follower.groupIndex = followers.count
        followers.append(follower)
    }

    /// The last one takes the place, which a walk, from the end on, has told already.
    func remove(_ follower: Follower) {
        let last = followers.removeLast()
        if last !== follower {
            followers[follower.groupIndex] = last
            last.groupIndex = follower.groupIndex
        }
    }

    func flush() {
        let end = max(0, position - Self.turnLimit)
        while position > end {
            position = min(position, followers.count) - 1
            if position >= 0 { followers[position].news() }
        }
        if position > 0 { return loop.flushLater(self) }
        isWalking = false
        if isAgain { walk() }
    }

    private func walk() {
        (isWalking, isAgain, position) = (true, false, followers.count)
        loop.flushLater(self)
    }
}
