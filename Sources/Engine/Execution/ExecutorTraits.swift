// Baton
// SPDX-License-Identifier: Apache-2.0

/// What an executor says about the calls of a node.
public struct ExecutorTraits: Sendable, Equatable {
    /// A call changes nothing outside, so that making it again does no harm.
    public var isRead: Bool
    /// Changes when the same call may give something else because the code behind it is another one; part of the key
    /// under which outputs are kept in the cache.
    public var version: String
    /// A call is over within some microseconds and neither blocks nor suspends. It is made on the engine's thread, which
    /// saves two changes of threads; whatever such a call takes, everything else waits for it.
    public var isImmediate: Bool
    /// What an attempt may cost; `nil` for one that is free.
    public var cost: CallCost?

    /// Traits; by themselves calls may change anything, take any time and are free.
    public init(isRead: Bool = false, version: String = "", isImmediate: Bool = false, cost: CallCost? = nil) {
        self.cost = cost
        self.isRead = isRead
        self.version = version
        self.isImmediate = isImmediate
    }
}
