// Baton
// SPDX-License-Identifier: Apache-2.0

public import Cryptography
internal import Hashing
internal import JSON
public import Model
public import Store
internal import Synchronization

/// What accounts and logins are to obey (spec 10.7, `auth`).
public struct IdentitySettings: Sendable, Equatable {
    /// Whether everybody may make an account, not only the first.
    public var opensRegistration = false
    /// How long an access token is valid.
    public var accessLifetime: Duration = .seconds(30 * 60)
    /// How long a refresh token is valid.
    public var refreshLifetime: Duration = .seconds(7 * 24 * 3600)
    /// How long a token of the live feed is valid.
    public var feedLifetime: Duration = .seconds(60)
    /// Failed logins within `lockoutWindow` that lock; at least 1.
    public var lockoutAttempts = 5
    /// The span in which they count, and for which they lock.
    public var lockoutWindow: Duration = .seconds(300)
    /// How new passwords are hashed; stored ones are hashed anew at the next login.
    public var scrypt = Scrypt.standard

    /// The defaults of the specification.
    public init() {}
}

/// What everything in this module works on.
///
/// All calls of the module block: on the store, and for a tenth of a second where a password is checked. Make them on
/// threads of their own.
public final class IdentityContext: Sendable {
    let store: any SecurityStore
    let settings: IdentitySettings
    let keys: SigningKeys
    let now: @Sendable () -> Timestamp
    let hasher: PasswordHasher
    let guards: LoginGuard
    private let ids = Mutex(IdentifierSource())
    private let changes = Atomic<Int>(0)

    /// Puts a context together; one for the life of the process, because it counts logins under way.
    ///
    /// - Parameter now: The time of day.
    public init(
        store: any SecurityStore,
        settings: IdentitySettings = IdentitySettings(),
        keys: SigningKeys,
        now: @escaping @Sendable () -> Timestamp
    ) {
        (self.store, self.settings, self.keys, self.now) = (store, settings, keys, now)
        hasher = PasswordHasher(settings.scrypt)
        guards = LoginGuard(
            store: store,
            limit: max(1, settings.lockoutAttempts),
            window: settings.lockoutWindow
        )
    }

    func makeID<Kind>(_ kind: Kind.Type = Kind.self, at now: Timestamp) -> Identifier<Kind> {
        var random = SystemRandomNumberGenerator()
        return ids.withLock { $0.next(at: now, entropy: (random.next(), random.next())) }
    }

    /// Rises with every change of accounts: what was read before the same number still holds.
    var changeCount: Int { changes.load(ordering: .acquiring) }

    func apply(_ change: SecurityChange) throws(IdentityError) {
        defer { changes.add(1, ordering: .acquiringAndReleasing) }
        try stored { () throws(StoreError) in try store.apply(change) }
    }

    /// What credentials are stored as: they are random, so no salt and no cost is needed.
    static func digest(_ secret: String) -> String { SHA256.hex(Array(secret.utf8)) }
}

/// What a request says about itself besides who sent it, for the audit trail.
public struct RequestOrigin: Sendable {
    /// The address that it came from.
    public var address: String?
    /// Why, as given.
    public var reason: String?

    /// Puts an origin together.
    public init(address: String? = nil, reason: String? = nil) {
        (self.address, self.reason) = (address, reason)
    }
}

extension SecurityChange {
    /// Adds an entry to the trail.
    mutating func record(
        _ action: String,
        _ object: String,
        by actor: String,
        tenant: String,
        at now: Timestamp,
        _ origin: RequestOrigin = RequestOrigin(),
        _ details: JSONObject = [:]
    ) {
        audit.append(
            AuditDraft(
                tenant: tenant,
                at: now,
                actor: actor,
                action: action,
                object: object,
                reason: origin.reason,
                address: origin.address,
                details: details
            )
        )
    }
}
