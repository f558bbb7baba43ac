// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import ProviderCalls
import Providers

/// The task pays for the calls of its session, and each is a step of it.
extension GatewaySession: GatewayPayer {
    /// What a client calls a model is a wish within that of the task; other names stand for the task's own.
    func wish(for name: String) -> ModelRouter.Wish {
        candidates.first { $0.model == name || $0.description == name }.map { .model($0) } ?? wish
    }

    /// Others of the session may hold what is left of a budget until they have ended; only without them it is used up.
    func hold(
        _ call: GatewayRequest,
        _ model: ModelReference,
        _ cost: CallCost
    ) async throws(GatewayRefusal) -> GatewayHold<Int> {
        var record = call.record.objectValue ?? [:]
        for member in prompts.record(of: call.served.request).members { record[member.key] = member.value }
        let begin = StepChange.begin(.model, name: model.description, request: .object(record), cost: cost)
        while !Task.isCancelled {
            let releases = ask()
            let receipt: StepReceipt
            do throws(TaskError) {
                receipt = try await self.record([begin], isEnd: false)
            } catch {
                asked(holds: false)
                fail(error)
                throw .over
            }
            guard receipt.shortage == nil, let step = receipt.begun.first else {
                asked(holds: false)
                guard await waitForRelease(since: releases) else {
                    starve(cost)
                    throw .budget("the call does not fit the budget of this task")
                }
                continue
            }
            asked(holds: true)
            prompts.keep(call.served.request, as: step.number)
            return GatewayHold(
                record: step.number,
                allowance: receipt.allowances.first ?? nil,
                origin: ModelCallOrigin(agent: agent, node: node, call: step.number),
                responseID: "\(run)_\(step.number)"
            )
        }
        throw .over
    }

    func settle(
        _ hold: GatewayHold<Int>,
        _ model: ModelReference,
        _ result: Result<ModelReply, ModelError>,
        _ usage: CallUsage?
    ) async -> Bool {
        defer { release() }
        let said =
            switch result {
            case .success(let reply): AgentStep.answered(reply)
            case .failure(let error): AgentStep.failed(error.taskError)
            }
        do throws(TaskError) {
            _ = try await record([.end(hold.record, result: said, usage: usage)], isEnd: true)
        } catch {
            fail(error)
            return false
        }
        tell(result, of: model, hold.record)
        return true
    }

    private func tell(_ result: Result<ModelReply, ModelError>, of model: ModelReference, _ step: Int) {
        switch result {
        case .success(let reply):
            succeeded(reply)
            let usage = "\(reply.usage.totalInput) LLM tokens in, \(reply.usage.output) out"
            note("step \(step): \(model)\(reply.isSimulated ? " (simulated)" : ""), \(usage)")
        case .failure(let error):
            failed(error)
            note("\(model): \(error)")
        }
    }

    var over: GatewayRefusal { .over }

    func refuse(unpriced model: ModelReference) -> GatewayRefusal {
        let error = TaskError.unpriced(model)
        fail(error)
        return .budget(error.message)
    }
}
