// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which entries of the cache are wanted, and in which order.
public struct CacheFilter: Sendable {
    /// An order of entries; entries alike in it come by scope and hash.
    public enum Order: Sendable {
        /// By scope and hash.
        case key
        /// The one used longest ago first: what goes when there is too much.
        case leastRecentlyUsed
        /// The one used most often first.
        case mostHits
    }
    /// Only of that scope.
    public var scope: String?
    /// Only of that workflow.
    public var workflow: String?
    /// Only of that node.
    public var node: String?
    /// The order.
    public var order = Order.key
    /// At most that many.
    public var limit = 100

    /// All entries, the first 100 by key.
    public init() {}

    /// Whether the filter lets an entry through.
    func fits(_ row: CacheRow) -> Bool {
        (scope.map { row.key.scope == $0 } ?? true) && (workflow.map { row.workflow == $0 } ?? true)
            && (node.map { row.node == $0 } ?? true)
    }
}
