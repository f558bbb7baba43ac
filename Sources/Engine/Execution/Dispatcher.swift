// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store
internal import Synchronization
internal import Threads

/// Hands assignments to executors in this process and their results back to the loop.
///
/// Attempts run on lanes: tasks that take the next assignment when they are done with one. An idle lane is resumed with
/// its assignment directly, which saves a hop through the pool for every step of a sequential run.
final class Dispatcher: Sendable {
    private typealias Lane = CheckedContinuation<Assignment?, Never>

    private struct State {
        var running: [HeldLease: CancellationSignal] = [:]
        var idle: [Lane] = []
        var isFinished = false
    }
    private let state = Mutex(State())
    /// First assignments of lanes to open; bounded by the number of leases the loop grants.
    private let openings: AsyncStream<Assignment>
    private let opener: AsyncStream<Assignment>.Continuation
    /// Lanes beyond this end when they have nothing to do.
    private let idleLimit = 64

    /// Makes an attempt and hands in its result.
    typealias Body = @Sendable (Assignment, CancellationSignal, Dispatcher) async -> Void
    private let body: Body

    init(_ body: @escaping Body) {
        self.body = body
        (openings, opener) = AsyncStream.makeStream(of: Assignment.self)
    }

    /// The attempt is made before this returns if its executor says that it takes no time. Should it suspend after all,
    /// it goes on elsewhere, and ``run()`` does not wait for it.
    func start(_ assignment: Assignment) {
        if assignment.isImmediate { return make(assignment) }
        let lane = state.withLock { state in
            state.running[assignment.lease] = CancellationSignal()
            return state.idle.popLast()
        }
        if let lane { lane.resume(returning: assignment) } else { opener.yield(assignment) }
    }

    private func make(_ assignment: Assignment) {
        let signal = CancellationSignal()
        state.withLock { $0.running[assignment.lease] = signal }
        Task.immediate { await body(assignment, signal, self) }
    }

    func stop(_ lease: HeldLease, grace: Duration?) {
        state.withLock { $0.running[lease] }?.cancel(grace: grace)
    }

    /// The attempt is over, and its result is durable or unwanted.
    func forget(_ lease: HeldLease) {
        state.withLock { _ = $0.running.removeValue(forKey: lease) }
    }

    func stopAll() {
        for signal in state.withLock({ Array($0.running.values) }) { signal.cancel() }
    }

    var held: [HeldLease] {
        state.withLock { Array($0.running.keys) }
    }

    /// No assignment follows; ``run()`` returns when the last attempt is over.
    func finish() {
        let idle = state.withLock { state in
            state.isFinished = true
            defer { state.idle = [] }
            return state.idle
        }
        for lane in idle { lane.resume(returning: nil) }
        opener.finish()
    }

    /// Runs attempts until finished; each lane is a child task.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await first in openings {
                group.addTask {
                    var next: Assignment? = first
                    while let assignment = next {
                        await self.attempt(assignment)
                        next = await self.nextAssignment()
                    }
                }
            }
        }
    }

    private func attempt(_ assignment: Assignment) async {
        guard let signal = state.withLock({ $0.running[assignment.lease] }) else { return }
        await body(assignment, signal, self)
    }

    private func nextAssignment() async -> Assignment? {
        await withCheckedContinuation { lane in
            let isKept = state.withLock { state in
                guard !state.isFinished, state.idle.count < idleLimit else { return false }
                state.idle.append(lane)
                return true
            }
            if !isKept { lane.resume(returning: nil) }
        }
    }
}
