// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store
internal import Synchronization
internal import Threads

/// Hands assignments to executors in this process and their results back to the loop.
final class Dispatcher: Sendable {
    private let assignments: AsyncStream<Assignment>
    private let feed: AsyncStream<Assignment>.Continuation
    private let running = Mutex<[HeldLease: CancellationSignal]>([:])

    init() {
        // Bounded by the number of leases the loop grants.
        (assignments, feed) = AsyncStream.makeStream(of: Assignment.self)
    }

    func start(_ assignment: Assignment) {
        running.withLock { $0[assignment.lease] = CancellationSignal() }
        feed.yield(assignment)
    }

    func stop(_ lease: HeldLease) {
        running.withLock { $0[lease] }?.cancel()
    }

    func stopAll() {
        for control in running.withLock({ Array($0.values) }) { control.cancel() }
    }

    var held: [HeldLease] {
        running.withLock { Array($0.keys) }
    }

    /// No assignment follows; ``run(_:)`` returns when the last attempt is over.
    func finish() {
        feed.finish()
    }

    /// Runs attempts until finished; each one is a child task. `body` hands in the result.
    func run(_ body: @escaping @Sendable (Assignment, CancellationSignal) async -> Void) async {
        await withDiscardingTaskGroup { group in
            for await assignment in assignments {
                guard let control = running.withLock({ $0[assignment.lease] }) else { continue }
                group.addTask {
                    await body(assignment, control)
                    self.running.withLock { $0[assignment.lease] = nil }
                }
            }
        }
    }
}
