// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Model
import Store
import Synchronization

@testable import Identity

/// Accounts over memory, with a clock that the test moves and hashes that cost nothing.
final class Fixture: Sendable {
    static let password = "correct horse"
    let store = MemorySecurityStore()
    let context: IdentityContext
    private let clock: Clock

    final class Clock: Sendable {
        private let milliseconds = Mutex<Int64>(1_700_000_000_000)
        var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }
        func advance(_ span: Duration) { milliseconds.withLock { $0 += span.components.seconds * 1000 } }
    }

    init(_ change: (inout IdentitySettings) -> Void = { _ in }) {
        var settings = IdentitySettings()
        settings.scrypt = Scrypt(logarithmOfCost: 1, blockSize: 1, parallelism: 1)
        change(&settings)
        let clock = Clock()
        self.clock = clock
        context = IdentityContext(
            store: store,
            settings: settings,
            keys: SigningKeys([1: [UInt8](repeating: 1, count: 32), 2: [UInt8](repeating: 2, count: 32)], current: 2),
            now: { clock.now }
        )
    }

    /// The same accounts, seen by a process with other settings.
    func again(_ settings: IdentitySettings, keys: SigningKeys) -> IdentityContext {
        let clock = clock
        return IdentityContext(store: store, settings: settings, keys: keys, now: { clock.now })
    }

    var now: Timestamp { clock.now }
    func advance(_ span: Duration) { clock.advance(span) }
    var accounts: Accounts { Accounts(context) }
    var sessions: Sessions { Sessions(context) }
    var keys: APIKeys { APIKeys(context) }
    var authenticator: Authenticator { Authenticator(context, localToken: nil) }

    /// The first user, who is the administrator.
    func admin() throws -> Principal {
        let user = try accounts.register(email: "admin@example.org", name: "Admin", password: Self.password)
        return Principal(user: user.id, tenant: user.tenant, role: user.role, credential: .system)
    }

    func user(_ name: String, _ role: Role = .user, by admin: Principal) throws -> Principal {
        let user = try accounts.create(
            email: "\(name)@example.org",
            name: name,
            password: Self.password,
            role: role,
            by: admin
        )
        return Principal(user: user.id, tenant: user.tenant, role: role, credential: .system)
    }

    func logIn(_ name: String, _ password: String = password, from address: String? = nil) throws -> Login {
        try sessions.logIn(email: "\(name)@example.org", password: password, RequestOrigin(address: address))
    }

    var actions: [String] {
        store.auditEntries(tenant: "default", after: 0, limit: 1000).map(\.draft.action)
    }
}

/// The code of the error that `body` throws, if it throws one.
func code(_ body: () throws -> Void) -> IdentityError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? IdentityError)?.code
    }
}
