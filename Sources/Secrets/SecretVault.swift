// Baton
// SPDX-License-Identifier: Apache-2.0

public import Cryptography
internal import JSON
public import Model
public import Store

/// Secrets of all tenants: sealed at rest, opened only for who needs a value. Calls block on the store.
///
/// Each value has a key of its own, which the newest key of the ring seals; so another ring only seals small keys anew.
/// What is sealed is bound to tenant, scope, name and version: a row that somebody moves does not open.
public struct SecretVault: Sendable {
    private let store: any SecurityStore
    private let ring: Keyring
    private let now: @Sendable () -> Timestamp

    /// A vault over a store.
    ///
    /// - Parameter now: The time of day.
    public init(store: any SecurityStore, ring: Keyring, now: @escaping @Sendable () -> Timestamp) {
        (self.store, self.ring, self.now) = (store, ring, now)
    }

    /// Gives a secret a value, in place of the one that it may have.
    ///
    /// - Throws: `invalid`, `conflict` when somebody else was faster, `storage`.
    public func set(
        _ name: String,
        in scope: SecretScope = .tenant,
        tenant: String,
        value: [UInt8],
        kind: SecretKind = .user,
        by actor: String,
        reason: String? = nil,
        address: String? = nil
    ) throws(SecretError) -> SecretDescription {
        try SecretRules.check(name: name)
        try SecretRules.check(scope: scope)
        try SecretRules.check(value: value)
        let key = SecretRow.Key(tenant: tenant, scope: scope, name: name)
        let before = try stored { () throws(StoreError) in try store.secret(key) }
        let time = now()
        let row = seal(key, value, kind, after: before, by: actor, at: time)
        var change = SecurityChange()
        change.secrets = [row]
        change.audit = [entry("secret.set", key, by: actor, at: time, reason, address, version: row.version)]
        try stored { () throws(StoreError) in try store.apply(change) }
        return SecretDescription(row)
    }

    /// Gives a secret a random value: that many bytes in base 64 of the URL alphabet.
    ///
    /// - Parameter bytes: 8 to 1,024.
    public func generate(
        _ name: String,
        in scope: SecretScope = .tenant,
        tenant: String,
        bytes: Int = 32,
        by actor: String
    ) throws(SecretError) -> SecretDescription {
        guard (8...1024).contains(bytes) else {
            throw SecretError(.invalid, "A generated secret has 8 to 1024 random bytes, not \(bytes).")
        }
        let value = Array(Base64.encode(SecureRandom.bytes(bytes)).utf8)
        return try set(name, in: scope, tenant: tenant, value: value, kind: .generated, by: actor)
    }

    /// Removes a secret.
    ///
    /// - Throws: `notFound`.
    public func remove(
        _ name: String,
        in scope: SecretScope = .tenant,
        tenant: String,
        by actor: String,
        reason: String? = nil,
        address: String? = nil
    ) throws(SecretError) {
        let key = SecretRow.Key(tenant: tenant, scope: scope, name: name)
        guard try stored({ () throws(StoreError) in try store.secret(key) }) != nil else { throw .notFound(key) }
        var change = SecurityChange()
        change.removedSecrets = [key]
        change.audit = [entry("secret.removed", key, by: actor, at: now(), reason, address, version: nil)]
        try stored { () throws(StoreError) in try store.apply(change) }
    }

    /// What is known of secrets, by scope and name; never a value.
    public func list(tenant: String, scope: SecretScope? = nil) throws(SecretError) -> [SecretDescription] {
        try stored { () throws(StoreError) in
            try store.secrets(tenant: tenant, scope: scope).map(SecretDescription.init)
        }
    }

    /// The value of a name in the first of some scopes that has it.
    ///
    /// - Parameter scopes: The nearest first, for example application, project, tenant.
    /// - Throws: `notFound`; `sealed` when the ring cannot open it.
    public func value(
        _ name: String,
        in scopes: [SecretScope] = [.tenant],
        tenant: String
    ) throws(SecretError) -> [UInt8] {
        for scope in scopes {
            let key = SecretRow.Key(tenant: tenant, scope: scope, name: name)
            if let row = try stored({ () throws(StoreError) in try store.secret(key) }) { return try open(row) }
        }
        throw SecretError(
            .notFound,
            "There is no secret `\(name)` in \(scopes.map(\.description).joined(separator: ", "))."
        )
    }

    /// Every value of a tenant, for a masker. One that the ring cannot open is left out: it cannot leak either.
    public func values(tenant: String) throws(SecretError) -> [[UInt8]] {
        let rows = try stored { () throws(StoreError) in try store.secrets(tenant: tenant, scope: nil) }
        return rows.compactMap { try? open($0) }
    }

    /// Seals the keys of values with the newest key of the ring, so that the older ones can go.
    ///
    /// - Returns: How many there were. Work in small steps: call it again until that is 0.
    /// - Throws: `sealed` when one cannot be opened; nothing is changed then.
    public func rewrap(limit: Int = 200) throws(SecretError) -> Int {
        let rows = try stored { () throws(StoreError) in
            try store.secrets(notWrappedWith: ring.current, limit: limit)
        }
        guard !rows.isEmpty else { return 0 }
        var change = SecurityChange()
        for row in rows {
            let wrapped = AESGCM.seal(
                try unwrap(row),
                key: ring.key(ring.current) ?? [],
                context: Self.context("key", row.key, row.version)
            )
            change.rewrappedSecrets.append(
                SecretRewrapping(key: row.key, version: row.version, keyVersion: ring.current, wrappedKey: wrapped)
            )
        }
        for tenant in Set(rows.map(\.key.tenant)).sorted() {
            change.audit.append(
                AuditDraft(
                    tenant: tenant,
                    at: now(),
                    actor: "system",
                    action: "secret.rewrapped",
                    object: "key:\(ring.current)",
                    details: ["count": .int(Int64(rows.count { $0.key.tenant == tenant }))]
                )
            )
        }
        try stored { () throws(StoreError) in try store.apply(change) }
        return rows.count
    }

    // MARK: Sealing

    private func seal(
        _ key: SecretRow.Key,
        _ value: [UInt8],
        _ kind: SecretKind,
        after before: SecretRow?,
        by actor: String,
        at time: Timestamp
    ) -> SecretRow {
        let version = (before?.version ?? 0) + 1
        let valueKey = SecureRandom.bytes(AESGCM.keyLength)
        return SecretRow(
            key: key,
            version: version,
            kind: kind,
            keyVersion: ring.current,
            wrappedKey: AESGCM.seal(
                valueKey,
                key: ring.key(ring.current) ?? [],
                context: Self.context("key", key, version)
            ),
            sealed: AESGCM.seal(value, key: valueKey, context: Self.context("value", key, version)),
            createdAt: before?.createdAt ?? time,
            updatedAt: time,
            updatedBy: actor
        )
    }

    private func open(_ row: SecretRow) throws(SecretError) -> [UInt8] {
        let context = Self.context("value", row.key, row.version)
        guard let value = AESGCM.open(row.sealed, key: try unwrap(row), context: context) else {
            throw .changed(row.key)
        }
        return value
    }

    private func unwrap(_ row: SecretRow) throws(SecretError) -> [UInt8] {
        guard let key = ring.key(row.keyVersion) else {
            throw SecretError(
                .sealed,
                "The secret `\(row.key.name)` is sealed with key \(row.keyVersion), which \(Keyring.fileName) does not hold. "
                    + "Bring that key back, or set the secret anew."
            )
        }
        guard let opened = AESGCM.open(row.wrappedKey, key: key, context: Self.context("key", row.key, row.version))
        else { throw .changed(row.key) }
        return opened
    }

    /// What a sealed part is bound to. Lists in JSON cannot run into each other.
    private static func context(_ part: String, _ key: SecretRow.Key, _ version: Int) -> [UInt8] {
        JSONValue.array([
            .string(part), .string(key.tenant), .string(key.scope.description), .string(key.name), .int(Int64(version)),
        ]).bytes()
    }

    private func entry(
        _ action: String,
        _ key: SecretRow.Key,
        by actor: String,
        at time: Timestamp,
        _ reason: String?,
        _ address: String?,
        version: Int?
    ) -> AuditDraft {
        var details: JSONObject = [:]
        details["version"] = version.map { .int(Int64($0)) }
        return AuditDraft(
            tenant: key.tenant,
            at: time,
            actor: actor,
            action: action,
            object: "secret:\(key.scope)/\(key.name)",
            reason: reason,
            address: address,
            details: details
        )
    }
}

extension SecretError {
    fileprivate static func notFound(_ key: SecretRow.Key) -> Self {
        Self(.notFound, "There is no secret `\(key.name)` in \(key.scope).")
    }

    fileprivate static func changed(_ key: SecretRow.Key) -> Self {
        Self(
            .sealed,
            "The secret `\(key.name)` of \(key.scope) does not open: \(Keyring.fileName) is another one, or the database was "
                + "changed. Bring the key back, or set the secret anew."
        )
    }
}
