// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
public import Store

/// Where a setting takes a secret from (spec 10.7): `secret://NAME`, `env:NAME` or `file:PATH`.
public enum SecretReference: Sendable, Hashable {
    /// A secret of the vault.
    case secret(String)
    /// A variable of the process.
    case environment(String)
    /// A file that its owner alone may read; one line feed at its end does not count.
    case file(String)

    /// Reads the text form; `nil` when it is none.
    public init?(_ text: String) {
        if text.hasPrefix("secret://"), SecretRules.isName(String(text.dropFirst(9))) {
            self = .secret(String(text.dropFirst(9)))
        } else if text.hasPrefix("env:"), text.utf8.count > 4 {
            self = .environment(String(text.dropFirst(4)))
        } else if text.hasPrefix("file:"), text.utf8.count > 5 {
            self = .file(String(text.dropFirst(5)))
        } else {
            return nil
        }
    }

    /// The value.
    ///
    /// - Parameter vault: Opens secrets; `nil` where there is none.
    /// - Throws: `notFound`, `sealed`, `storage`.
    public func resolve(
        _ vault: SecretVault?,
        tenant: String,
        scopes: [SecretScope] = [.tenant],
        environment: [String: String]
    ) throws(SecretError) -> [UInt8] {
        switch self {
        case .secret(let name):
            guard let vault else { throw SecretError(.notFound, "There are no secrets here, so no `\(name)`.") }
            return try vault.value(name, in: scopes, tenant: tenant)
        case .environment(let name):
            guard let text = environment[name], !text.isEmpty else {
                throw SecretError(.notFound, "The variable \(name) is not set.")
            }
            return Array(text.utf8)
        case .file(let path):
            let content: [UInt8]?
            do throws(KeyError) {
                content = try PrivateFile.read(path)
            } catch {
                throw SecretError(error)
            }
            guard var bytes = content else { throw SecretError(.notFound, "There is no file \(path).") }
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            return bytes
        }
    }
}
