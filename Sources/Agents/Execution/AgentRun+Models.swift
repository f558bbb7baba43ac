// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import ProviderCalls
import Providers
import Threads

/// Calls of models.
extension AgentRun {
    mutating func carryOut(_ ask: AgentAsk) async throws(Ending) {
        let model = try await choose()
        guard let provider = setup.providers[model.provider] else {
            return try await fail(.noModel("there is no provider `\(model.provider)`"))
        }
        guard let rate = setup.price(of: model) else { return try await fail(.unpriced(model)) }
        var ask = ask
        ask.request.model = model.model
        if let limit = rate.entry.facts.outputLimit {
            ask.request.maxOutputTokens = min(ask.request.maxOutputTokens, limit)
        }
        let batch = task.isBatch ? (provider as? any BatchProvider).flatMap { $0.offersBatches ? $0 : nil } : nil
        let price = AskPrice(ask.request, rate, of: model, isBatch: batch != nil)
        let record = ask.record(after: steps)
        let receipt = try await self.record(
            [.begin(.model, name: model.description, request: record, cost: price.cost)]
        )
        guard receipt.shortage == nil, let step = receipt.begun.first else {
            throw Ending(outcome: .starved(price.cost))
        }
        steps.append(AgentStep(step, request: record))
        ask.request.maxOutputTokens = price.outputLimit(within: receipt.allowances.first ?? nil)
        if let batch { return try await submit(ask.request, to: batch, step.number, model) }
        CrashPoint.beforeEffect.reach()
        let answer = await reply(of: provider, to: ask.request)
        CrashPoint.afterEffect.reach()
        switch answer {
        case .success(let reply): await take(reply, of: model, step.number, price)
        case .failure(let error): try await take(error, of: model, step.number)
        }
    }

    mutating func take(_ reply: ModelReply, of model: ModelReference, _ step: Int, _ price: AskPrice) async {
        end(step, AgentStep.answered(reply), price.usage(of: reply))
        (failed, lastError) = ([], nil)
        await models.succeed(model)
        note(reply, of: model, step)
    }

    /// A call came to nothing.
    mutating func take(_ error: ModelError, of model: ModelReference, _ step: Int) async throws(Ending) {
        end(step, AgentStep.failed(error.taskError), error.mayBeCharged ? nil : CallUsage.none)
        try await look(at: error, of: model)
    }

    /// The model to ask.
    private mutating func choose() async throws(Ending) -> ModelReference {
        switch await models.choose(wish, excluding: failed) {
        case .ask(let model, let isFallback):
            if isFallback { log.append("\(model) is asked in place of the preferred model") }
            return model
        case .wait(let time):
            try await fail(lastError ?? busy(until: time))
        case .unavailable:
            try await fail(lastError ?? .noModel("no model serves the tier \(task.tier.rawValue); see `tiers`"))
        }
        throw .cancelled
    }

    private func busy(until time: Timestamp) -> TaskError {
        TaskError(
            code: "provider.unavailable",
            errorClass: .upstream,
            message: "all models that could answer failed too often and are left alone for a while",
            retryAfter: max(.zero, time - models.now())
        )
    }

    /// Another model may answer what this one did not, unless the request itself is refused.
    private mutating func look(at error: ModelError, of model: ModelReference) async throws(Ending) {
        if cancellation.isCancelled || error.code == "cancelled" {
            _ = try? await record([])
            throw .cancelled
        }
        await models.fail(model, error.errorClass)
        log.append("\(model): \(error)")
        if error.errorClass == .permanent { return try await fail(error.taskError) }
        failed.insert(model)
        lastError = error.taskError
    }

    func reply(of provider: any ModelProvider, to request: ModelRequest) async -> Result<ModelReply, ModelError> {
        await call { () throws(ModelError) in try await provider.reply(to: request) }
    }

    /// Makes a call that ends with the attempt.
    func call<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(ModelError) -> Value
    ) async -> Result<Value, ModelError> {
        let work = Task { () async -> Result<Value, ModelError> in
            do throws(ModelError) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        let registration = cancellation.onCancel { work.cancel() }
        defer { registration.remove() }
        return await work.value
    }

    private mutating func note(_ reply: ModelReply, of model: ModelReference, _ step: Int) {
        let tools = reply.toolCalls.map(\.name).joined(separator: ", ")
        var line =
            "step \(step): \(model)\(reply.isSimulated ? " (simulated)" : ""), \(reply.usage.totalInput) LLM tokens in, "
        line += "\(reply.usage.output) out, \(tools.isEmpty ? reply.stopReason.rawValue : "calls \(tools)")"
        log.append(line)
        log += reply.notes.map { "  \($0)" }
    }
}
