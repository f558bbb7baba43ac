// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Engine
import Model
import Secrets
import Store
import Threads
import Tools

/// The secrets of a data folder for the executors of this process. The keys are read when a secret is first needed, so
/// that runs without any need none.
struct VaultSecrets: SecretSource {
    private static let threads = BlockingThreads(named: "secrets", count: 1)

    let store: any SecurityStore
    /// Says whose a run is.
    let runs: any RunStore
    let folder: String
    let environment: [String: String]

    func value(_ name: String, for run: RunID) async throws(TaskError) -> [UInt8] {
        let result: Result<[UInt8], TaskError>
        do {
            result = try await Self.threads.run { [self] in
                Result { () throws(TaskError) in try open(name, for: run) }
            }
        } catch {
            throw TaskError(code: "secret.missing", errorClass: .transient, message: "the attempt was cancelled")
        }
        return try result.get()
    }

    /// Of the project of the run, else of its tenant.
    private func open(_ name: String, for run: RunID) throws(TaskError) -> [UInt8] {
        let owner: Ownership
        do throws(StoreError) {
            owner = try runs.run(run)?.ownership ?? .common
        } catch {
            throw TaskError(code: "store.unavailable", errorClass: .transient, message: error.message)
        }
        return try open(name, in: (owner.project.map { [.project($0)] } ?? []) + [.tenant], of: owner.tenant)
    }

    /// Of a tenant; blocks for a moment.
    func open(
        _ name: String,
        in scopes: [SecretScope] = [.tenant],
        of tenant: String = SecuritySession.tenant
    ) throws(TaskError) -> [UInt8] {
        do {
            guard let ring = try Keyring.load(folder: folder, environment: environment, creates: false) else {
                throw SecretError(.notFound, "There is no secret `\(name)`; `baton secret set \(name)` makes it.")
            }
            let vault = SecretVault(store: store, ring: ring, now: { SystemClock().wall() })
            return try vault.value(name, in: scopes, tenant: tenant)
        } catch let error as SecretError {
            guard error.code == .storage else { throw .secretMissing(error.message) }
            throw TaskError(code: "store.unavailable", errorClass: .transient, message: error.message)
        } catch {
            throw .secretMissing("\(error)")
        }
    }
}
