// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The output of a task, kept to answer for tasks that would compute the same (spec 6.9).
public struct CacheRow: Sendable, Equatable {
    /// Names an entry.
    public struct Key: Sendable, Hashable {
        /// Who may use it, for example `project:shop`; never shared between two scopes.
        public var scope: String
        /// Hash of everything that the output depends on.
        public var hash: String

        /// Names an entry.
        public init(scope: String, hash: String) {
            self.scope = scope
            self.hash = hash
        }
    }
    /// Scope and hash.
    public var key: Key
    /// Name of the workflow it came from.
    public var workflow: String
    /// Id of the node it came from.
    public var node: String
    /// The run it came from.
    public var run: RunID
    /// Position of the task in that run.
    public var task: Int
    /// JSON as events have it: `{"value": …}` or `{"blob": {"hash", "size"}}`.
    public var output: [UInt8]
    /// Bytes of the output, wherever they are.
    public var size: Int64
    /// What computing it took, and so what a hit saves.
    public var duration: Duration
    /// What computing it cost, and so what a hit saves.
    public var cost: Money
    /// When it was computed.
    public var createdAt: Timestamp
    /// When it ends to be an answer.
    public var expiresAt: Timestamp
    /// When it was used last; at first, when it was computed.
    public var usedAt: Timestamp
    /// How often it was used.
    public var hits: Int64

    /// A new entry, not used yet.
    public init(
        key: Key,
        workflow: String,
        node: String,
        run: RunID,
        task: Int,
        output: [UInt8],
        size: Int64,
        duration: Duration,
        cost: Money,
        createdAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.key = key
        self.workflow = workflow
        self.node = node
        self.run = run
        self.task = task
        self.output = output
        self.size = size
        self.duration = duration
        self.cost = cost
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        usedAt = createdAt
        hits = 0
    }
}

/// That an entry of the cache answers for a task in this commit.
public struct CacheUse: Sendable, Equatable {
    /// The entry; it must still be there.
    public var key: CacheRow.Key
    /// When.
    public var at: Timestamp

    /// Notes a use.
    public init(key: CacheRow.Key, at: Timestamp) {
        self.key = key
        self.at = at
    }
}
