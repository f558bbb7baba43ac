// Baton
// SPDX-License-Identifier: Apache-2.0

internal import AgentMemory
internal import Engine
internal import HTTPServer
internal import Identity
internal import Model
internal import Store

/// Deleting a run that has ended before retention does (spec 10.2, 12.2).
struct RunDeletionRoutes: Sendable {
    let service: Service
    let settings: APISettings

    var routes: [Route] {
        [
            Route(
                "DELETE",
                "/v1/runs/{run}",
                Contract(
                    "deleteRun",
                    "Deletes a run that has ended, with its events, outputs and workspace.",
                    .runs,
                    .may(.controlRuns),
                    .nothing,
                    .problem(409, "It goes on, it is held, another run goes on from it, or somebody is asked about it.")
                )
            ) { call throws(Problem) in
                let row = try await service.run(call, .controlRuns)
                let (store, now, didDelete) = (service.store, service.clock.wall(), settings.didDelete)
                let notebook = service.notebook
                try await service.blocking { () throws(Problem) in
                    try Self.delete(row, at: now, store)
                    // What a failure leaves of them ends by itself.
                    try? notebook.clear(row.id, of: row.ownership)
                    didDelete(row.id)
                }
                return HTTPResponse(status: 204)
            }
        ]
    }

    private static func delete(_ row: RunRow, at now: Timestamp, _ store: any RunStore) throws(Problem) {
        guard row.status.isTerminal else {
            throw Problem(409, "state.conflict", "\(row.id) is \(row.status.rawValue); cancel it first")
        }
        if let reason = try stored({ () throws(StoreError) in try keeper(of: row, store) }) {
            throw Problem(409, "state.conflict", "\(row.id) is kept: \(reason)")
        }
        var commit = Commit()
        commit.deletions = [RunDeletion(runKey: row.key, lastSequence: row.lastSequence, at: now)]
        do throws(StoreError) {
            _ = try store.commit(commit)
        } catch {
            guard error.code == .conflict else { throw Problem(error) }
            throw Problem(409, "state.conflict", "\(row.id) changed meanwhile, or must be kept")
        }
    }

    private static func keeper(of row: RunRow, _ store: any RunStore) throws(StoreError) -> String? {
        if try store.hold(ofRun: row.key) != nil { return "somebody holds it" }
        if try !store.pins(onRun: row.key).isEmpty { return "another run goes on from it" }
        let isAsked = try !store.humanTasks(.pending(run: row.key, limit: 1)).isEmpty
        return isAsked ? "a request to a person is open" : nil
    }
}
