// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whom a call is for that no attempt's price covers: one outside of runs, or a further one within an attempt.
public struct PaidCaller: Sendable, Hashable {
    /// Whose the call is.
    public var ownership: Ownership
    /// The run whose task asks, if one does.
    public var run: RunID?
    /// That task, as it is called in its run.
    public var task: String?

    /// Names a caller.
    public init(_ ownership: Ownership, run: RunID? = nil, task: String? = nil) {
        (self.ownership, self.run, self.task) = (ownership, run, task)
    }
}
