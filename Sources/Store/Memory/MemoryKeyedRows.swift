// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// The rows of a ``MemoryRunStore`` that are found by a key of their own: answers, inboxes, signals, the cache.
struct MemoryKeyedRows {
    private struct Request: Hashable {
        let principal: String
        let key: String
    }

    private struct Message: Hashable {
        let runKey: Int64
        let message: String
    }

    private var answers: [Request: IdempotencyRow] = [:]
    private var messages: [Message: Int64] = [:]
    private var signals: [SignalRow.Key: SignalRow] = [:]
    private var entries: [CacheRow.Key: CacheRow] = [:]

    /// Throws `conflict` when the commit does not fit what is stored.
    func check(_ commit: Commit) throws(StoreError) {
        var taken: Set<Message> = []
        for row in commit.inbox {
            let message = Message(runKey: row.runKey, message: row.message)
            guard messages[message] == nil, taken.insert(message).inserted else { throw .messageTaken(row) }
        }
        let added = Set(commit.cache.map(\.key))
        for use in commit.cacheUses where entries[use.key] == nil && !added.contains(use.key) {
            throw .cacheEntryGone(use.key)
        }
    }

    /// Applies a checked commit.
    mutating func apply(_ commit: Commit) {
        for row in commit.idempotency { answers[Request(principal: row.principal, key: row.key)] = row }
        for row in commit.inbox { messages[Message(runKey: row.runKey, message: row.message)] = row.appliedSequence }
        for row in commit.signals where signals[row.key] == nil { signals[row.key] = row }
        for key in commit.removedSignals { signals[key] = nil }
        for row in commit.cache { entries[row.key] = row }
        for use in commit.cacheUses {
            guard var row = entries[use.key] else { continue }
            row.hits += 1
            row.usedAt = max(row.usedAt, use.at)
            entries[use.key] = row
        }
        for key in commit.removedCache { entries[key] = nil }
        for expiry in commit.expiries { apply(expiry) }
    }

    func idempotency(principal: String, key: String) -> IdempotencyRow? {
        answers[Request(principal: principal, key: key)]
    }

    func inbox(ofRun key: Int64, message: String) -> Int64? {
        messages[Message(runKey: key, message: message)]
    }

    func signals(_ filter: SignalFilter) -> [SignalRow] {
        Array(signals.values.filter(filter.fits).sorted(by: precedes).prefix(filter.limit))
    }

    func cached(_ key: CacheRow.Key) -> CacheRow? { entries[key] }

    func cache(_ filter: CacheFilter) -> [CacheRow] {
        let matching = entries.values.filter(filter.fits).sorted { left, right in
            switch filter.order {
            case .leastRecentlyUsed where left.usedAt != right.usedAt: left.usedAt < right.usedAt
            case .mostHits where left.hits != right.hits: left.hits > right.hits
            default: precedes(left.key, right.key)
            }
        }
        return Array(matching.prefix(filter.limit))
    }

    func cacheTotals() -> CacheTotals {
        entries.values.reduce(into: CacheTotals()) { totals, row in
            totals.entries += 1
            totals.bytes += row.size
            totals.hits += row.hits
            totals.saved += row.duration * Int(row.hits)
            let cost = row.cost.picodollars.multipliedReportingOverflow(by: row.hits)
            let sum = totals.savedCost.picodollars.addingReportingOverflow(cost.partialValue)
            totals.savedCost = Money(picodollars: cost.overflow || sum.overflow ? .max : sum.partialValue)
        }
    }

    func count(_ expiry: Expiry) -> Int {
        let all =
            switch expiry.kind {
            case .idempotency: answers.values.count { $0.expiresAt < expiry.before }
            case .signals: signals.values.count { $0.arrivedAt < expiry.before }
            case .cache: entries.values.count { $0.expiresAt < expiry.before }
            case .usage, .deadLetters: 0
            }
        return min(all, expiry.limit)
    }

    /// Removes messages and signals of a run that was deleted; gives how many.
    mutating func remove(ofRun key: Int64, limit: Int) -> Int {
        let old = messages.keys.filter { $0.runKey == key }.sorted { left, right in
            left.message.utf8.lexicographicallyPrecedes(right.message.utf8)
        }.prefix(limit)
        for message in old { messages[message] = nil }
        let unread = signals.values.filter { $0.runKey == key }.sorted { precedes($0, $1) }.prefix(limit - old.count)
        for row in unread { signals[row.key] = nil }
        return old.count + unread.count
    }

    /// What the rows name blobs by.
    var blobNames: [BlobNames] {
        let texts = answers.values.map(\.answer) + signals.values.map(\.payload) + entries.values.map(\.output)
        return texts.map(BlobNames.text)
    }

    private mutating func apply(_ expiry: Expiry) {
        switch expiry.kind {
        case .idempotency:
            let old = answers.filter { $0.value.expiresAt < expiry.before }.sorted { left, right in
                left.value.expiresAt == right.value.expiresAt
                    ? precedes((left.key.principal, left.key.key), (right.key.principal, right.key.key))
                    : left.value.expiresAt < right.value.expiresAt
            }
            for (key, _) in old.prefix(expiry.limit) { answers[key] = nil }
        case .signals:
            let old = signals.values.filter { $0.arrivedAt < expiry.before }.sorted(by: precedes)
            for row in old.prefix(expiry.limit) { signals[row.key] = nil }
        case .cache:
            let old = entries.values.filter { $0.expiresAt < expiry.before }.sorted { left, right in
                left.expiresAt == right.expiresAt ? precedes(left.key, right.key) : left.expiresAt < right.expiresAt
            }
            for row in old.prefix(expiry.limit) { entries[row.key] = nil }
        case .usage, .deadLetters: break
        }
    }
}

/// By time, then by key.
private func precedes(_ left: SignalRow, _ right: SignalRow) -> Bool {
    guard left.arrivedAt == right.arrivedAt else { return left.arrivedAt < right.arrivedAt }
    return precedes((left.key.target, left.key.dedupeKey), (right.key.target, right.key.dedupeKey))
}

private func precedes(_ left: CacheRow.Key, _ right: CacheRow.Key) -> Bool {
    precedes((left.scope, left.hash), (right.scope, right.hash))
}

/// By the bytes of the texts, as databases do.
private func precedes(_ left: (String, String), _ right: (String, String)) -> Bool {
    let (first, second) = left.0 == right.0 ? (left.1, right.1) : (left.0, right.0)
    return first.utf8.lexicographicallyPrecedes(second.utf8)
}
