// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import JSON
public import Model

/// What somebody did, before the trail gave it a number.
public struct AuditDraft: Sendable, Equatable {
    /// Whose trail it belongs to.
    public var tenant: String
    /// When.
    public var at: Timestamp
    /// Who: `user:ID`, `system`, …
    public var actor: String
    /// What: `secret.set`.
    public var action: String
    /// To what: `secret:tenant/NAME`.
    public var object: String
    /// Hash of the object before.
    public var before: String?
    /// Hash of the object after.
    public var after: String?
    /// Why, as given.
    public var reason: String?
    /// The address that it came from.
    public var address: String?
    /// More; holds no secret. Numbers in it are integers.
    public var details: JSONObject

    /// Puts a draft together.
    public init(
        tenant: String,
        at: Timestamp,
        actor: String,
        action: String,
        object: String,
        before: String? = nil,
        after: String? = nil,
        reason: String? = nil,
        address: String? = nil,
        details: JSONObject = [:]
    ) {
        self.tenant = tenant
        self.at = at
        self.actor = actor
        self.action = action
        self.object = object
        self.before = before
        self.after = after
        self.reason = reason
        self.address = address
        self.details = details
    }

    /// The entry that follows the end of a trail.
    public func entry(after end: AuditEnd) -> AuditEntryRow {
        AuditEntryRow(
            draft: self,
            number: end.number + 1,
            previousHash: end.hash,
            hash: SHA256.hex(JSONValue.object(json(after: end)).canonicalBytes())
        )
    }

    /// What the hash covers, and what an export holds besides the hash.
    fileprivate func json(after end: AuditEnd) -> JSONObject {
        var object: JSONObject = [
            "n": .int(end.number + 1), "tenant": .string(tenant), "at": .string(at.description),
            "actor": .string(actor), "action": .string(action), "object": .string(self.object),
        ]
        object["before"] = before.map(JSONValue.string)
        object["after"] = after.map(JSONValue.string)
        object["reason"] = reason.map(JSONValue.string)
        object["ip"] = address.map(JSONValue.string)
        if !details.isEmpty { object["details"] = .object(details) }
        object["prev_hash"] = .string(end.hash)
        return object
    }
}

/// The end of a tenant's trail, or the place up to which it was removed.
public struct AuditEnd: Sendable, Hashable {
    /// The number of the last entry; 0 before the first.
    public var number: Int64
    /// Its hash.
    public var hash: String

    /// Before the first entry.
    public static let start = AuditEnd(number: 0, hash: String(repeating: "0", count: 64))

    /// Puts an end together.
    public init(number: Int64, hash: String) {
        self.number = number
        self.hash = hash
    }
}

/// One entry of a trail (spec 11.7): what was done, its number and the hashes that chain it to the one before.
public struct AuditEntryRow: Sendable, Equatable {
    /// What was done.
    public var draft: AuditDraft
    /// Dense from 1 within a tenant.
    public var number: Int64
    /// The hash of the entry before; 64 zeros for the first.
    public var previousHash: String
    /// SHA-256 of the canonical JSON of everything else, in hexadecimal digits.
    public var hash: String

    /// Puts a row together.
    public init(draft: AuditDraft, number: Int64, previousHash: String, hash: String) {
        self.draft = draft
        self.number = number
        self.previousHash = previousHash
        self.hash = hash
    }

    /// The place of the entry in the chain.
    public var end: AuditEnd { AuditEnd(number: number, hash: hash) }

    /// Whether the hash is that of the content.
    public var isIntact: Bool {
        draft.entry(after: AuditEnd(number: number - 1, hash: previousHash)).hash == hash
    }

    /// As exports have it: `{n, tenant, at, actor, action, object, before?, after?, reason?, ip?, details?, prev_hash,
    /// hash}`. The hash covers the canonical form (RFC 8785) of the object without `hash`.
    public var json: JSONObject {
        var object = draft.json(after: AuditEnd(number: number - 1, hash: previousHash))
        object["hash"] = .string(hash)
        return object
    }
}

/// Up to where a tenant's trail was removed because its time was over.
public struct AuditAnchorRow: Sendable, Equatable {
    /// Whose trail.
    public var tenant: String
    /// The last entry that was removed.
    public var end: AuditEnd
    /// When.
    public var at: Timestamp

    /// Puts a row together.
    public init(tenant: String, end: AuditEnd, at: Timestamp) {
        self.tenant = tenant
        self.end = end
        self.at = at
    }
}

/// Which entries a list shows.
public struct AuditFilter: Sendable {
    /// Only by that actor.
    public var actor: String?
    /// Only actions with that name, or below it: `secret` stands for `secret.set` too.
    public var action: String?
    /// Only on that object.
    public var object: String?
    /// Only at that time or later.
    public var from: Timestamp?
    /// Only before that time.
    public var until: Timestamp?
    /// Only those with a smaller number: the next page.
    public var before: Int64?
    /// At most that many.
    public var limit = 100

    /// The newest of all.
    public init() {}

    func includes(_ row: AuditEntryRow) -> Bool {
        let draft = row.draft
        return (actor.map { draft.actor == $0 } ?? true)
            && (action.map { draft.action == $0 || draft.action.utf8.starts(with: "\($0).".utf8) } ?? true)
            && (object.map { draft.object == $0 } ?? true) && (from.map { draft.at >= $0 } ?? true)
            && (until.map { draft.at < $0 } ?? true) && (before.map { row.number < $0 } ?? true)
    }
}
