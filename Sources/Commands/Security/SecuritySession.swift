// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Engine
import Glibc
import Identity
import Model
import Secrets
import Store
import StoreSQLite

/// Accounts, secrets and the audit trail of a data folder. Belongs to the command's thread.
enum SecuritySession {
    /// Whose secrets and accounts the command line works on.
    static let tenant = Principal.defaultTenant

    /// Opens the folder for reading, which works while another process drives runs; an empty store when nothing was ever
    /// stored there.
    static func reading<Value>(
        _ context: CommandContext,
        _ body: (any SecurityStore) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        try FolderStore.reading(context) { store throws(CommandFailure) in try body(store ?? MemorySecurityStore()) }
    }

    /// Locks the folder and opens it for writing.
    static func writing<Value>(
        _ context: CommandContext,
        _ body: (any SecurityStore) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        try FolderStore.writing(context, try SettingsReader.read(context)) { _, store throws(CommandFailure) in
            try body(store)
        }
    }

    /// The keys of the folder, made when there are none.
    static func keyring(_ context: CommandContext) throws(CommandFailure) -> Keyring {
        do throws(KeyError) {
            let ring = try Keyring.load(folder: context.dataFolder, environment: context.environment, creates: true)
            return ring ?? Keyring()
        } catch {
            throw CommandFailure(error)
        }
    }

    static func vault(_ store: any SecurityStore, _ ring: Keyring) -> SecretVault {
        SecretVault(store: store, ring: ring, now: { SystemClock().wall() })
    }

    /// Whoever can read and write the folder may do everything in it.
    static let principal = Principal(user: nil, tenant: tenant, role: .admin, credential: .localToken)
}

extension CommandFailure {
    init(_ error: KeyError) {
        self.init(.unavailable, "secret.sealed", error.message)
    }

    init(_ error: SecretError) {
        if let storage = error.storage, error.code == .storage {
            self.init(storage)
            return
        }
        let exit: ExitCode =
            switch error.code {
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .usage
            case .sealed, .storage: .unavailable
            }
        let hint = error.code == .notFound ? "`baton secret list` shows what there is" : nil
        self.init(exit, error.code.rawValue, error.message, hint: hint)
    }

    init(_ error: IdentityError) {
        if let storage = error.storage, error.code == .storage {
            self.init(storage)
            return
        }
        let exit: ExitCode =
            switch error.code {
            case .required, .locked, .denied: .denied
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .usage
            case .storage: .unavailable
            }
        self.init(exit, error.code.rawValue, error.message)
    }
}

/// Calls the vault from a command.
func secretCall<Value>(_ body: () throws(SecretError) -> Value) throws(CommandFailure) -> Value {
    do throws(SecretError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}

/// Calls the accounts from a command.
func identityCall<Value>(_ body: () throws(IdentityError) -> Value) throws(CommandFailure) -> Value {
    do throws(IdentityError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}
