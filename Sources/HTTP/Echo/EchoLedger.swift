// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
import Synchronization

/// What an ``EchoServer`` has seen, for tests that count effects.
public final class EchoLedger: Sendable {
    private struct Counts {
        var requests = 0
        var paths: [String: Int] = [:]
        var keys: [String: Int] = [:]
        var failures: [String: Int] = [:]
        var orders: [String: String] = [:]
        var orderCount = 0
    }

    private let counts = Mutex(Counts())
    private let isStopping = Mutex(false)

    init() {}

    /// All requests that arrived.
    public var requestCount: Int { counts.withLock(\.requests) }

    /// How many orders were made; a repeated Idempotency-Key makes none.
    public var orderCount: Int { counts.withLock(\.orderCount) }

    /// How many requests carried that Idempotency-Key.
    public func count(ofKey key: String) -> Int {
        counts.withLock { $0.keys[key] ?? 0 }
    }

    /// How many requests went to that path.
    public func count(ofPath path: String) -> Int {
        counts.withLock { $0.paths[path] ?? 0 }
    }

    /// What `/ledger` answers: `{requests, orders, keys: {KEY: count}}`.
    public var summary: JSONValue {
        counts.withLock { counts in
            let keys = counts.keys.sorted { $0.key < $1.key }.map { key, count in
                JSONObject.Member(key: key, value: .int(Int64(count)))
            }
            return .object([
                "requests": .int(Int64(counts.requests)), "orders": .int(Int64(counts.orderCount)),
                "keys": .object(JSONObject(members: keys)),
            ])
        }
    }

    func record(path: String, key: String?) {
        counts.withLock { counts in
            counts.requests += 1
            counts.paths[path, default: 0] += 1
            if let key { counts.keys[key, default: 0] += 1 }
        }
    }

    /// True the first `times` calls for a key.
    func fails(key: String, times: Int) -> Bool {
        counts.withLock { counts in
            guard counts.failures[key, default: 0] < times else { return false }
            counts.failures[key, default: 0] += 1
            return true
        }
    }

    /// The id of the order with that Idempotency-Key; a new one without a key.
    func order(key: String?) -> String {
        counts.withLock { counts in
            if let key, let id = counts.orders[key] { return id }
            counts.orderCount += 1
            let id = "order-\(counts.orderCount)"
            if let key { counts.orders[key] = id }
            return id
        }
    }

    /// `/slow` looks here now and then, so that stopping does not have to wait for it.
    var isOver: Bool { isStopping.withLock { $0 } }

    func wakeUp() {
        isStopping.withLock { $0 = true }
    }
}
