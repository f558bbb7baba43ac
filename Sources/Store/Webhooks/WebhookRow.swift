// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One webhook: where events go, and which. How far it got is in ``WebhookProgressRow``.
public struct WebhookRow: Sendable, Equatable {
    /// Whether it sends.
    public enum Status: String, Sendable, CaseIterable {
        /// It sends.
        case active
        /// It waits until somebody lets it go on; events wait in the log.
        case paused
    }
    /// The id.
    public var id: WebhookID
    /// Its tenant.
    public var tenant: String
    /// Who made it, as events name who acts; it gets what that one may see.
    public var owner: String
    /// The role of the credential that made it: it sees no more than that, whatever its owner becomes.
    public var role: Role
    /// Where events go.
    public var url: String
    /// Only these types, `task.*` for all of an area; empty for all.
    public var types: [String]
    /// Only of runs in that project.
    public var project: String?
    /// Whether it sends.
    public var status: Status
    /// Why it is paused.
    public var note: String?
    /// Until when messages carry a signature of the key before as well.
    public var oldKeyUntil: Timestamp?
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was changed last.
    public var updatedAt: Timestamp
    /// 1 at first; every change is one above the last.
    public var revision: Int

    /// A new row.
    public init(
        id: WebhookID,
        tenant: String,
        owner: String,
        role: Role,
        url: String,
        types: [String] = [],
        project: String? = nil,
        createdAt: Timestamp
    ) {
        self.id = id
        self.tenant = tenant
        self.owner = owner
        self.role = role
        self.url = url
        self.types = types
        self.project = project
        self.createdAt = createdAt
        status = .active
        updatedAt = createdAt
        revision = 1
    }
}

/// How far a webhook got.
public struct WebhookProgressRow: Sendable, Equatable {
    /// The webhook.
    public var webhook: WebhookID
    /// Every event up to this number was delivered, is in a ``DeliveryRow``, or was not wanted.
    public var cursor: Int64
    /// When a message was taken last.
    public var deliveredAt: Timestamp?
    /// Since when the other side takes nothing.
    public var failingSince: Timestamp?
    /// Failures since then.
    public var attempts: Int
    /// When the next attempt is due, while the other side takes nothing.
    public var nextAt: Timestamp?
    /// The last failure, in one sentence.
    public var failure: String?

    /// A webhook that begins after an event.
    public init(webhook: WebhookID, cursor: Int64) {
        (self.webhook, self.cursor) = (webhook, cursor)
        attempts = 0
    }
}

/// One message that the other side did not take.
public struct DeliveryRow: Sendable, Equatable {
    /// What becomes of it.
    public enum State: String, Sendable, CaseIterable {
        /// It will be sent again.
        case waiting
        /// It was given up: a dead letter, until somebody sends it again or discards it.
        case dead
    }
    /// Names a message.
    public struct Key: Sendable, Hashable {
        /// The webhook.
        public var webhook: WebhookID
        /// The number of the event in the log of all runs.
        public var sequence: Int64

        /// Names a message.
        public init(webhook: WebhookID, sequence: Int64) {
            (self.webhook, self.sequence) = (webhook, sequence)
        }
    }
    /// The webhook and the event.
    public var key: Key
    /// The tenant of the webhook.
    public var tenant: String
    /// The type of the event.
    public var type: String
    /// What is sent; empty when the event was not kept long enough.
    public var body: [UInt8]
    /// What becomes of it.
    public var state: State
    /// How often it was tried.
    public var attempts: Int
    /// When it was tried first.
    public var firstAt: Timestamp
    /// When it is due again; of a dead letter, when it was given up.
    public var at: Timestamp
    /// The last failure, in one sentence.
    public var failure: String

    /// Puts a row together.
    public init(
        key: Key,
        tenant: String,
        type: String,
        body: [UInt8],
        state: State,
        attempts: Int,
        firstAt: Timestamp,
        at: Timestamp,
        failure: String
    ) {
        self.key = key
        self.tenant = tenant
        self.type = type
        self.body = body
        self.state = state
        self.attempts = attempts
        self.firstAt = firstAt
        self.at = at
        self.failure = failure
    }
}

/// One hook: who may call, and what comes of it. The store knows nothing of the content of both.
public struct HookRow: Sendable, Equatable {
    /// The id.
    public var id: HookID
    /// Its tenant.
    public var tenant: String
    /// Who made it, as events name who acts; it may do what that one may.
    public var owner: String
    /// The role of the credential that made it: it may do no more than that, whatever its owner becomes.
    public var role: Role
    /// How calls are signed.
    public var kind: String
    /// What comes of a call: a JSON object.
    public var action: [UInt8]
    /// Until when the key before is taken as well.
    public var oldKeyUntil: Timestamp?
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was changed last.
    public var updatedAt: Timestamp
    /// 1 at first; every change is one above the last.
    public var revision: Int

    /// A new row.
    public init(
        id: HookID,
        tenant: String,
        owner: String,
        role: Role,
        kind: String,
        action: [UInt8],
        createdAt: Timestamp
    ) {
        self.id = id
        self.tenant = tenant
        self.owner = owner
        self.role = role
        self.kind = kind
        self.action = action
        self.createdAt = createdAt
        updatedAt = createdAt
        revision = 1
    }
}
