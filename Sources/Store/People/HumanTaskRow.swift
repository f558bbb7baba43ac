// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A request to a person (spec 7.1).
public struct HumanTaskRow: Sendable, Equatable {
    /// The id.
    public var id: HumanTaskID
    /// The task that asks.
    public var key: TaskKey
    /// The run of that task.
    public var run: RunID
    /// The node of that task.
    public var node: String
    /// `approval`, `decision`, `review` or `escalation`.
    public var kind: String
    /// The status.
    public var status: HumanTaskStatus
    /// One line.
    public var title: String
    /// The question.
    public var message: String
    /// `user:ID`, `role:NAME` or `owner`; after a reassignment the new ones.
    public var assignees: [String]
    /// When it was asked.
    public var openedAt: Timestamp
    /// When it expires; `nil` for never.
    public var expiresAt: Timestamp?
    /// Who has it for now.
    public var claim: HumanClaim?
    /// What was chosen, once that is settled.
    public var choice: String?
    /// Who settled it: `user:NAME` or `system`.
    public var decidedBy: String?
    /// When.
    public var decidedAt: Timestamp?
    /// Why.
    public var comment: String?
    /// What nobody searches for.
    public var details: HumanTaskDetails
    /// Whose the run is.
    public var ownership: Ownership

    /// Puts a row together.
    public init(
        id: HumanTaskID,
        key: TaskKey,
        run: RunID,
        node: String,
        kind: String,
        status: HumanTaskStatus,
        title: String,
        message: String,
        assignees: [String],
        openedAt: Timestamp,
        expiresAt: Timestamp?,
        claim: HumanClaim? = nil,
        choice: String? = nil,
        decidedBy: String? = nil,
        decidedAt: Timestamp? = nil,
        comment: String? = nil,
        details: HumanTaskDetails = HumanTaskDetails(),
        ownership: Ownership = .common
    ) {
        self.id = id
        self.key = key
        self.run = run
        self.node = node
        self.kind = kind
        self.status = status
        self.title = title
        self.message = message
        self.assignees = assignees
        self.openedAt = openedAt
        self.expiresAt = expiresAt
        self.claim = claim
        self.choice = choice
        self.decidedBy = decidedBy
        self.decidedAt = decidedAt
        self.comment = comment
        self.details = details
        self.ownership = ownership
    }
}

/// Which requests a list shows.
public struct HumanTaskFilter: Sendable {
    /// Only these; empty for all.
    public var statuses: [HumanTaskStatus] = []
    /// Only those of that run.
    public var run: Int64?
    /// Only those that somebody has to do with; `nil` for those of all tenants.
    public var audience: Audience?
    /// Only those after this one in the order of the list: the next page.
    public var after: Position?
    /// At most that many [1–100000].
    public var limit = 50

    /// Who has to do with a request: within a tenant, whom it is addressed to and whose run asks.
    public struct Audience: Sendable, Hashable {
        /// The tenant of the run.
        public var tenant: String
        /// Names as requests have them, `user:ID` or `role:NAME`: those addressed to one of them; `nil` for all of the
        /// tenant.
        public var assignees: [String]?
        /// And all requests of the runs that this one owns, whoever is asked.
        public var owner: String?

        /// Names who is meant.
        public init(tenant: String, assignees: [String]? = nil, owner: String? = nil) {
            self.tenant = tenant
            self.assignees = assignees
            self.owner = owner
        }

        /// Whether a request is one of theirs.
        func includes(_ row: HumanTaskRow) -> Bool {
            guard row.ownership.tenant == tenant else { return false }
            guard let assignees else { return true }
            return row.assignees.contains(where: assignees.contains) || (owner != nil && row.ownership.owner == owner)
        }
    }

    /// A place in the list.
    public struct Position: Sendable, Equatable {
        /// When the request was made.
        public var openedAt: Timestamp
        /// Its id.
        public var id: HumanTaskID

        /// A place that was told before.
        public init(openedAt: Timestamp, id: HumanTaskID) {
            self.openedAt = openedAt
            self.id = id
        }

        /// The place of a request.
        public init(_ row: HumanTaskRow) {
            openedAt = row.openedAt
            id = row.id
        }
    }

    /// The oldest 50 of all requests.
    public init() {}

    /// Requests that can still be answered.
    public static func pending(run: Int64? = nil, limit: Int = 50) -> Self {
        var filter = Self()
        (filter.statuses, filter.run, filter.limit) = (HumanTaskStatus.pending, run, limit)
        return filter
    }
}
