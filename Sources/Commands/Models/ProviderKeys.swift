// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Engine
import Providers
import Secrets
import Store
import StoreSQLite

/// Finds the keys of providers: `env:NAME`, `file:PATH`, `secret://NAME`.
struct ProviderKeys: Sendable {
    /// Why a key is not there.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let environment: [String: String]
    /// Opens a secret by name.
    let secret: @Sendable (_ name: String) throws -> [UInt8]

    /// The key without blanks at its end.
    func key(_ handle: String) throws -> String {
        let value: String
        if let name = handle.after("env:") {
            guard let text = environment[name], !text.isEmpty else {
                throw Failure(description: "the variable \(name) is not set")
            }
            value = text
        } else if let path = handle.after("file:") {
            do throws(CommandFailure) {
                value = String(decoding: try TextFile.bytes(path, limit: 64 << 10), as: UTF8.self)
            } catch {
                throw Failure(description: error.message)
            }
        } else if let name = handle.after("secret://") {
            value = String(decoding: try secret(name), as: UTF8.self)
        } else {
            throw Failure(description: "`\(handle)` is no handle of a key")
        }
        return String(Substring(value).trimmingBlanks())
    }

    /// Keys for a command that only reads the data folder.
    static func reading(_ context: CommandContext) -> ProviderKeys {
        let (folder, environment) = (context.dataFolder, context.environment)
        return ProviderKeys(environment: environment) { name in
            let store: SQLiteRunStore
            do throws(StoreError) {
                store = try SQLiteRunStore.openForReading(folder)
            } catch {
                let isMissing = error.code == .missing
                throw Failure(description: isMissing ? "there is no secret `\(name)`" : error.message)
            }
            defer { store.close() }
            guard let ring = try Keyring.load(folder: folder, environment: environment, creates: false) else {
                throw Failure(description: "there is no secret `\(name)`")
            }
            let vault = SecretVault(store: store, ring: ring, now: { SystemClock().wall() })
            return try vault.value(name, tenant: SecuritySession.tenant)
        }
    }
}

extension String {
    fileprivate func after(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        var rest = self
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return rest
    }
}
