// Baton
// SPDX-License-Identifier: Apache-2.0

/// Takes assignments from the loop; results come back as requests. Nothing here blocks.
protocol AttemptDispatch: Sendable {
    /// Attempts that have been started and not been forgotten.
    var held: [HeldLease] { get }
    /// Starts an attempt; its lease is durable.
    func start(_ assignment: Assignment)
    /// Tells an attempt that it is no longer wanted, and how long it may take to stop; `nil` for its own idea of that.
    func stop(_ lease: HeldLease, grace: Duration?)
    /// The attempt is over, and its result is durable or unwanted.
    func forget(_ lease: HeldLease)
}

extension Dispatcher: AttemptDispatch {}
