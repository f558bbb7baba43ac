// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model
internal import Store
internal import Synchronization

/// How what the server needs is (spec 12.5), and whether the server stops.
final class HealthMonitor: Sendable {
    /// What was found.
    struct Finding: Sendable {
        let name: String
        /// `nil` when it is well.
        let problem: String?
        /// Since when it is so.
        let since: Timestamp
        let milliseconds: Int64

        var json: JSONValue {
            var object: JSONObject = [
                "name": .string(name), "state": problem == nil ? "ok" : "failed", "since": .string(since.description),
                "latency_ms": .int(milliseconds),
            ]
            object["message"] = problem.map(JSONValue.string)
            return .object(object)
        }
    }
    private struct State: Sendable {
        var isDraining = false
        var findings: [Finding] = []
        var foundAt: ContinuousClock.Instant?
    }
    private let service: Service
    private let checks: [HealthCheck]
    private let state = Mutex(State())

    init(_ service: Service, _ checks: [HealthCheck]) {
        let store = service.store
        let own = HealthCheck("store") {
            do throws(StoreError) {
                _ = try store.lastSequence()
                return nil
            } catch { return "it cannot be read (\(error.code))" }
        }
        (self.service, self.checks) = (service, [own] + checks)
    }

    /// The server stops: it takes nothing new.
    var isDraining: Bool { state.withLock { $0.isDraining } }

    func drain() { state.withLock { $0.isDraining = true } }

    /// `ok`, `failed` or `draining`.
    func status() async throws(Problem) -> String {
        if isDraining { return "draining" }
        return try await findings().allSatisfy { $0.problem == nil } ? "ok" : "failed"
    }

    /// Looks at everything; what was found less than a second ago counts, because everybody may ask.
    func findings() async throws(Problem) -> [Finding] {
        let known = state.withLock { state in
            state.foundAt.map { ContinuousClock.now - $0 < .seconds(1) } == true ? state.findings : nil
        }
        if let known { return known }
        let (checks, now) = (checks, service.clock.wall())
        let before = Dictionary(state.withLock { $0.findings }.map { ($0.name, $0) }) { first, _ in first }
        let findings = try await service.blocking { () throws(Problem) in
            checks.map { check in
                let start = ContinuousClock.now
                let problem = check.problem()
                let took = Int64((ContinuousClock.now - start) / .milliseconds(1))
                let old = before[check.name].flatMap { ($0.problem == nil) == (problem == nil) ? $0.since : nil }
                return Finding(name: check.name, problem: problem, since: old ?? now, milliseconds: took)
            }
        }
        state.withLock { ($0.findings, $0.foundAt) = (findings, .now) }
        return findings
    }
}
