// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Model
internal import Store
internal import Synchronization

/// Locks an account and an address after too many logins failed (spec 11.1).
///
/// Attempts under way count as failures until they end, so that a hundred at once are no hundred tries. What failed is
/// stored: a restart does not unlock.
final class LoginGuard: Sendable {
    private let store: any SecurityStore
    private let limit: Int
    private let window: Duration
    private let underWay = Mutex<[String: Int]>([:])

    init(store: any SecurityStore, limit: Int, window: Duration) {
        (self.store, self.limit, self.window) = (store, limit, window)
    }

    /// What an attempt counts for.
    static func keys(email: String, address: String?) -> [String] {
        ["account:\(email)"] + (address.map { ["address:\(network(of: $0))"] } ?? [])
    }

    /// Begins an attempt; end it with ``succeeded(_:_:)``, ``failed(_:at:_:)`` or ``abandoned(_:)``.
    func begin(_ keys: [String], at now: Timestamp) throws(IdentityError) {
        try underWay.withLock { (underWay) throws(IdentityError) in
            for key in keys {
                let row = try stored { () throws(StoreError) in try store.loginFailure(key) }
                if let until = row?.lockedUntil, until > now { throw .locked(until - now) }
                let failures = row.map { recent($0.times, now).count } ?? 0
                guard failures + (underWay[key] ?? 0) < limit else { throw .locked(.seconds(1)) }
            }
            for key in keys { underWay[key, default: 0] += 1 }
        }
    }

    /// The attempt was right: the account begins anew, the address does not, or an attacker with an account of his own
    /// could try for ever.
    func succeeded(_ keys: [String], _ change: inout SecurityChange) {
        abandoned(keys)
        change.clearedFailures += keys.filter { $0.hasPrefix("account:") }
    }

    /// The attempt was wrong. `write` stores what counts now, and is told what is locked; nobody else counts meanwhile, or
    /// failures at the same moment would be one.
    func failed(
        _ keys: [String],
        at now: Timestamp,
        _ write: ([LoginFailureRow], _ locked: [String]) throws(IdentityError) -> Void
    ) throws(IdentityError) {
        defer { abandoned(keys) }
        try underWay.withLock { (_) throws(IdentityError) in
            var rows: [LoginFailureRow] = []
            for key in keys {
                let row = try stored { () throws(StoreError) in try store.loginFailure(key) }
                let times = recent(row?.times ?? [], now) + [now]
                let end = times.count >= limit ? now + window : nil
                rows.append(LoginFailureRow(key: key, times: times, lockedUntil: end))
            }
            try write(rows, rows.filter { $0.lockedUntil != nil }.map(\.key))
        }
    }

    /// The attempt came to no end.
    func abandoned(_ keys: [String]) {
        underWay.withLock { underWay in
            for key in keys {
                underWay[key, default: 1] -= 1
                if underWay[key] == 0 { underWay[key] = nil }
            }
        }
    }

    private func recent(_ times: [Timestamp], _ now: Timestamp) -> [Timestamp] {
        times.filter { now - $0 < window }
    }

    /// An address of IPv4, or the /64 network of one of IPv6, of which everybody has very many.
    private static func network(of address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        let groups = stride(from: 0, to: 8, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
    }
}

extension IdentityError {
    fileprivate static func locked(_ span: Duration) -> Self {
        var error = Self(.locked, "Too many logins failed. Try again in \(max(1, span.components.seconds)) seconds.")
        error.retryAfter = span
        return error
    }
}
