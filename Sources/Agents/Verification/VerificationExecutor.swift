// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Engine
internal import JSON
internal import Model
public import Threads
public import Tools

/// Makes the checks of outputs: those without a model first, the judge last (spec 9.7).
public struct VerificationExecutor: NodeExecutor {
    private let settings: ExecutionSettings
    private let models: AgentModels

    /// An executor whose programs run where tools do, and whose judges are these models.
    public init(settings: ExecutionSettings, models: AgentModels) {
        (self.settings, self.models) = (settings, models)
    }

    /// Makes the checks that are left. What each found is durable before the next begins.
    public func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        guard let order = assignment.checks, let control = assignment.control else {
            return .failed(TaskError(code: "internal", errorClass: .permanent, message: "there is nothing to check"))
        }
        let maker = CheckMaker(settings: settings, assignment: assignment, cancellation: cancellation)
        let record = CheckRecord(control: control, cancellation: cancellation)
        let plain = order.open.filter { $0.check.kind != .judge }
        let judged = order.open.filter { $0.check.kind == .judge }
        var hasGaps = order.hasGaps
        var last: [CheckEvidence] = []
        do throws(TaskError) {
            for item in plain {
                if !last.isEmpty { try await record.write(last.map { .end($0) }) }
                let found = try await maker.evidence(for: item)
                hasGaps = hasGaps || found.verdict == .gapsFound
                last = [found]
            }
            for item in judged where !hasGaps {
                if !last.isEmpty { try await record.write(last.map { .end($0) }) }
                last = []
                let judge = Judge(assignment: assignment, item: item, models: models, record: record)
                hasGaps = try await judge.judge() == .gapsFound || hasGaps
            }
            return .checked(last)
        } catch {
            return .failed(error)
        }
    }
}

/// Writes down what checks found.
struct CheckRecord: Sendable {
    let control: ExecutionControl
    let cancellation: CancellationSignal

    /// Suspends until it is durable; a disk that is full is waited for.
    @discardableResult
    func write(_ changes: [CheckChange]) async throws(TaskError) -> CheckReceipt {
        while true {
            do throws(EngineError) {
                return try await control.record(changes)
            } catch {
                guard error.code == .storageFull || error.code == .draining else { throw TaskError(error) }
                if cancellation.isCancelled { throw .cancelled }
                // Nothing tells when a disk has room again.
                guard (try? await Task.sleep(for: .milliseconds(200))) != nil else { throw .cancelled }
            }
        }
    }
}
