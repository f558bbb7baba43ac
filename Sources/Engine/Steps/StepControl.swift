// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model
internal import Store

/// Steps, as executors use them.
extension ExecutionControl {
    /// Writes steps down, all of them in one commit; when it returns they are durable. The ends come first, whatever the
    /// order.
    ///
    /// - Throws: `leaseLost` when the attempt is not the current one any more: nothing may be called then. `invalid` for
    ///   the end of a step that is not under way, or a ticket that is too long; `draining`, `storageFull`, `unavailable`.
    @discardableResult
    public func record(_ changes: [StepChange]) async throws(EngineError) -> StepReceipt {
        var prepared: [PreparedStep] = []
        for change in changes {
            switch change {
            case .begin(let kind, let name, let request, let cost, let consent):
                let kept = try await keep(request)
                prepared.append(.begin(kind, name: name, request: kept, cost: cost, consent: consent))
            case .end(let number, let result, let usage):
                prepared.append(.end(number, result: try await keep(result), usage: usage))
            case .handOver(let number, let ticket): prepared.append(.handOver(number, ticket: ticket))
            }
        }
        return try await recordSteps(prepared)
    }

    /// Reads a value of a step.
    public func value(of value: StepValue) async throws(EngineError) -> JSONValue {
        switch value {
        case .inline(let value): return value
        case .blob(let blob):
            let bytes = try await readBlob(blob)
            guard let value = try? JSONValue(parsing: bytes) else {
                throw EngineError(.corrupted, "the blob \(blob.hash) holds no JSON")
            }
            return value
        }
    }

    private func keep(_ value: JSONValue) async throws(EngineError) -> StepValue {
        guard let bytes = Payload.of(value).bytes else { return .inline(value) }
        return .blob(try await putBlob(bytes))
    }
}
