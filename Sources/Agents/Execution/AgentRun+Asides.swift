// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import ProviderCalls
import Providers
import Threads

/// Calls of models that are no part of the conversation.
extension AgentRun {
    /// So many models are asked before the agent goes on without.
    private static let asideTries = 2

    /// Makes a call that the agent can do without. It is written down whatever comes of it, so that it is made once.
    mutating func carryOut(_ aside: AgentAside) async throws(Ending) {
        var left: Set<ModelReference> = []
        var reason = TaskError.noModel("no model serves the tier small")
        while left.count < Self.asideTries {
            guard case .ask(let model, _) = await models.choose(asideWish, excluding: left) else { break }
            guard let provider = setup.providers[model.provider], let rate = setup.price(of: model) else {
                (reason, _) = (.unpriced(model), left.insert(model))
                continue
            }
            var aside = aside
            aside.request.model = model.model
            let price = AskPrice(aside.request, rate, of: model)
            var cost = price.cost
            cost.purpose = aside.purpose
            let record = aside.record(after: steps)
            let receipt = try await self.record([
                .begin(.model, name: model.description, request: record, cost: cost)
            ])
            guard receipt.shortage == nil, let step = receipt.begun.first else {
                reason = TaskError(
                    code: "budget.exhausted",
                    errorClass: .permanent,
                    message: "there is not enough money left for it"
                )
                break
            }
            steps.append(AgentStep(step, request: record))
            aside.request.maxOutputTokens = price.outputLimit(within: receipt.allowances.first ?? nil)
            switch await reply(of: provider, to: aside.request) {
            case .success(let reply):
                end(step.number, AgentStep.answered(reply), price.usage(of: reply))
                await models.succeed(model)
                log.append("step \(step.number): \(model)\(reply.isSimulated ? " (simulated)" : "") \(aside.words)")
                try await keepSummary()
                return
            case .failure(let error):
                end(step.number, AgentStep.failed(error.taskError), error.mayBeCharged ? nil : CallUsage.none)
                if cancellation.isCancelled || error.code == "cancelled" {
                    _ = try? await self.record([])
                    throw .cancelled
                }
                await models.fail(model, error.errorClass)
                log.append("\(model): \(error)")
                return
            }
        }
        try await skip(aside, reason)
    }

    /// What was paid for is there for later tasks of the thread, whatever becomes of this one.
    private mutating func keepSummary() async throws(Ending) {
        guard let thread = task.thread, let summary = AgentThread.Summary.read(steps), summary.text != nil else {
            return
        }
        _ = try await record([])
        do throws(TaskError) {
            try await settings.keep(thread, summary)
        } catch {
            log.append("the summary of the thread could not be kept: \(error.message)")
        }
    }

    /// What costs little, but for agents whose model is named: their own model, so that nothing is told to another one.
    private var asideWish: ModelRouter.Wish { task.model == nil ? .tier(.small) : wish }

    private mutating func skip(_ aside: AgentAside, _ reason: TaskError) async throws(Ending) {
        let record = aside.record(after: steps)
        let receipt = try await self.record([.begin(.model, name: "none", request: record)])
        guard let step = receipt.begun.first else { return }
        steps.append(AgentStep(step, request: record))
        end(step.number, AgentStep.failed(reason), nil)
        log.append("step \(step.number): \(aside.words) was left out: \(reason.message)")
    }
}
