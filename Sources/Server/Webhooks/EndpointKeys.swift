// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Secrets
internal import Store

/// The secrets of webhooks and hooks: the one that holds, and the one before for a time. They lie in the vault, so another
/// key of the installation seals them anew as well.
struct EndpointKeys: Sendable {
    /// How long the secret before holds after a change.
    static let overlap = Duration.seconds(24 * 3600)
    private static let (current, previous) = ("CURRENT", "PREVIOUS")
    let vault: SecretVault
    let id: String
    let tenant: String

    private var scope: SecretScope { .webhook(id) }

    /// The secrets that hold, the newest first. Blocks.
    ///
    /// - Parameter until: How long the one before holds; `nil` for not at all.
    func secrets(oldUntil until: Timestamp?, at now: Timestamp) throws(SecretError) -> [String] {
        var secrets = [try value(Self.current)]
        if let until, until > now { secrets.append(try value(Self.previous)) }
        return secrets
    }

    /// Gives the endpoint its first secret. Blocks.
    func set(_ secret: String, by actor: String, address: String?) throws(SecretError) {
        try write(Self.current, secret, actor, address)
    }

    /// Puts another secret in place of the one that holds, which becomes the one before. Blocks.
    ///
    /// Stopped half-way, the secret that held still holds.
    func replace(with secret: String, by actor: String, address: String?) throws(SecretError) {
        try write(Self.previous, try value(Self.current), actor, address)
        try write(Self.current, secret, actor, address)
    }

    /// Forgets both. Blocks.
    func remove(by actor: String, address: String?) throws(SecretError) {
        for name in [Self.current, Self.previous] {
            do throws(SecretError) {
                try vault.remove(name, in: scope, tenant: tenant, by: actor, address: address)
            } catch {
                guard error.code == .notFound else { throw error }
            }
        }
    }

    private func value(_ name: String) throws(SecretError) -> String {
        String(decoding: try vault.value(name, in: [scope], tenant: tenant), as: UTF8.self)
    }

    private func write(_ name: String, _ value: String, _ actor: String, _ address: String?) throws(SecretError) {
        _ = try vault.set(
            name,
            in: scope,
            tenant: tenant,
            value: Array(value.utf8),
            kind: .generated,
            by: actor,
            address: address
        )
    }
}
