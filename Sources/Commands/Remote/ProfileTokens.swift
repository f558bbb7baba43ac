// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import Model

/// The login of a profile; renewed when its access token ends, and written back.
///
/// A refresh token works once. So that two commands at the same time do not both use it, which would end the login, the
/// file is locked meanwhile, and the second one finds what the first one got.
struct ProfileTokens: AccessTokens {
    let file: ProfileFile
    let name: String
    /// Tokens go nowhere else, whatever the file says.
    let server: ServerAddress
    var now: @Sendable () -> Timestamp = { SystemClock().wall() }

    /// Renewed that long before it ends.
    private static let margin: Duration = .seconds(30)

    func current() async throws(ClientError) -> String? {
        guard let tokens = try stored() else { return nil }
        guard tokens.expiresAt - now() < Self.margin else { return tokens.access }
        return try await renewed(instead: tokens.access)
    }

    func next(after refused: String) async throws(ClientError) -> String? {
        try await renewed(instead: refused)
    }

    private func stored() throws(ClientError) -> LoginTokens? {
        let profile = try clientCall { () throws(CommandFailure) in try file.read().entries[name] }
        return profile?.server == server ? profile?.tokens : nil
    }

    /// Other tokens than that one; `nil` when the login has ended.
    private func renewed(instead old: String) async throws(ClientError) -> String? {
        // The lock blocks: only the command's own work runs on the pool, and whoever holds it waits for a server, not for us.
        let lock = try clientCall { () throws(CommandFailure) in try ProfileFile.Lock(beside: file.path) }
        defer { lock.release() }
        guard let tokens = try stored() else { return nil }
        guard tokens.access == old else { return tokens.access }
        do throws(ClientError) {
            let next = try await APIClient(server: server.text).refresh(tokens.refresh, now: now())
            try write(next)
            return next.access
        } catch {
            guard error.problem?.status == 401 else { throw error }
            try write(nil)
            return nil
        }
    }

    private func write(_ tokens: LoginTokens?) throws(ClientError) {
        try clientCall { () throws(CommandFailure) in
            try file.changeLocked { profiles in profiles.entries[name]?.tokens = tokens }
        }
    }

    private func clientCall<Value>(
        _ body: () throws(CommandFailure) -> Value
    ) throws(ClientError) -> Value {
        do throws(CommandFailure) {
            return try body()
        } catch {
            throw ClientError(.invalid, error.message)
        }
    }
}
